// SPDX-License-Identifier: MIT
/* A store in a directory of its own, and beside it the same events in an array: whatever is asked
 * of the store is compared with what a walk over the array says. */
#ifndef TESTS_UNIT_DAEMON_STORE_SAMPLE_H
#define TESTS_UNIT_DAEMON_STORE_SAMPLE_H

#include "daemon/store/store.h"
#include "tests/support/temporary.h"

#define SAMPLE_OPERATIONS   600
#define SAMPLE_EVENTS       4000
#define SAMPLE_TENANTS      3
#define SAMPLE_RESULT_BYTES 48

struct sample_event {
    enum event_kind kind;
    struct record record;
    char result[SAMPLE_RESULT_BYTES];
};

struct sample {
    char root[TEMPORARY_BUFFER];
    char directory[TEMPORARY_BUFFER + 8];
    char message[STORE_MESSAGE_BYTES];
    struct store *store;
    struct store_options options;
    struct sample_event events[SAMPLE_EVENTS]; /* the log */
    int64_t event_count;
    const struct sample_event *newest[SAMPLE_OPERATIONS]; /* of each operation */
    size_t count;
    uint64_t seed;
    bool is_automatic; /* no operation needs approval, no worker is named and nobody acts for
                          another, as in older formats */
};

/* Set-up and tear-down of cmocka: *state is a struct sample with an open, empty store. */
int sample_set_up(void **state);
int sample_tear_down(void **state);

void sample_open(struct sample *sample);
void sample_close(struct sample *sample);

/* Adds one random legal event to the array only. */
void sample_make(struct sample *sample);

/* Puts the events after this sequence into the store. 0 or the store's error. */
int sample_put_after(struct sample *sample, int64_t sequence);

/* Makes and puts a number of events. */
void sample_put(struct sample *sample, int events);

/* Forgets the events after this sequence. */
void sample_truncate(struct sample *sample, int64_t sequence);

/* Everything that can be asked is what the array says. */
void sample_compare(struct sample *sample);

/* The tenant of an operation. */
struct uuid sample_tenant(size_t index);

/* Runs SQL on the closed store behind its back. */
void sample_sql(struct sample *sample, const char *sql);

#endif
