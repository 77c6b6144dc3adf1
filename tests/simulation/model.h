// SPDX-License-Identifier: MIT
/* What is known to have happened, from the events of the store's log alone: every row that a commit
 * made durable, and the operations that they describe. Nothing is ever taken back here; what the
 * product says and stores is compared with it. One thread. */
#ifndef TESTS_SIMULATION_MODEL_H
#define TESTS_SIMULATION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/messages.h"

#define MODEL_OPERATIONS   2048
#define MODEL_DIGEST_BYTES 32

/* A row of the log. */
struct model_event {
    int64_t sequence;
    enum event_kind kind;
    struct uuid operation_id;
    struct uuid tenant_id;
    struct uuid user_id;
    struct uuid requested_by;
    int64_t revision;
    enum operation_status status;
    enum operation_stage stage;
    int64_t attempt;
    int64_t fence;
    bool has_failure;
    enum failure_code failure;
    bool has_key;
    uint8_t key_digest[MODEL_DIGEST_BYTES];
    bool has_location;
    char location[192];               /* storageLocation of the result */
    uint8_t hash[MODEL_DIGEST_BYTES]; /* in the chain of events */
    bool is_chained;                  /* it follows from the event before it */
};

struct model_operation {
    struct model_event newest;
    int64_t started_fence; /* of its newest start */
    int64_t offered_fence; /* of its newest offer that was sent */
    int64_t completed_fence;
    bool is_acknowledged; /* a reply named it */
};

void model_reset(void);
void model_release(void);

/* The last event; 0 in the beginning. */
int64_t model_sequence(void);

/* Takes an event over. */
void model_add(const struct model_event *event);

/* The event of a sequence from 1; NULL when there is none. */
const struct model_event *model_event(int64_t sequence);

/* The event that made a revision of an operation; NULL when there is none. */
const struct model_event *model_revision(const struct uuid *operation_id, int64_t revision);

struct model_operation *model_operation(const struct uuid *id); /* or NULL */
struct model_operation *model_number(size_t number); /* in order of acceptance, or NULL */
size_t model_count(void);

/* The operation that a key made; NULL when it made none. */
const struct model_operation *model_key(const struct uuid *tenant_id,
                                        const uint8_t digest[MODEL_DIGEST_BYTES]);

bool model_is_terminal(const struct model_event *event);

#endif
