// SPDX-License-Identifier: MIT
/* What the stub knows (stub_state.c), and its answers (stub_answer.c). No sockets; the caller holds
 * the lock. */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_STUB_STATE_H
#define TESTS_UNIT_CLIENTS_LIBRARY_STUB_STATE_H

#include "tests/unit/clients/library/stub.h"

#define STUB_OPERATIONS 256
#define STUB_EVENTS     4096

/* When everything happens, and in which tenant. */
#define STUB_NOW_MS 1795000000000
extern const struct uuid stub_tenant;

struct stub_state {
    struct operation operations[STUB_OPERATIONS];
    char keys[STUB_OPERATIONS][STUB_TEXT_BYTES];
    int operation_count;
    struct event events[STUB_EVENTS];
    int event_count;
    bool is_waiting; /* the next export is told to wait a second */
    char last_token[STUB_TEXT_BYTES];
    char last_key[STUB_TEXT_BYTES];
    struct stub_counts counts;
};

/* Appends the answer to a request. error: 0, or an ERROR_x to refuse it with. */
void stub_answer(struct stub_state *state, const void *bytes, size_t size_bytes, int error,
                 struct wire_output *answer);

struct operation *stub_find(struct stub_state *state, const struct uuid *id);
struct operation *stub_make(struct stub_state *state, const struct uuid *user_id);

/* The operation's newest event, made from its state. */
struct event stub_event(const struct operation *operation, enum event_kind kind);

/* Changes the stage and stores the event, which is returned. */
struct event stub_change(struct stub_state *state, struct operation *operation,
                         enum operation_stage stage);

#endif
