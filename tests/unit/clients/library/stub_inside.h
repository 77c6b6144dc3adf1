// SPDX-License-Identifier: MIT
/* The stub's inside: its thread serves (stub.c), the test's thread tells it what to do
 * (stub_control.c). */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_STUB_INSIDE_H
#define TESTS_UNIT_CLIENTS_LIBRARY_STUB_INSIDE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/clients/library/stub_state.h"

enum { STUB_OUTBOX = 1024, STUB_TOPICS = 512, STUB_SEEN = 1024 };

struct stub_publication_frames {
    char topic[STUB_TEXT_BYTES];
    struct wire_output payload;
};

struct stub {
    char requests_endpoint[STUB_ENDPOINT_BYTES];
    char status_endpoint[STUB_ENDPOINT_BYTES];
    pthread_t thread;
    pthread_mutex_t lock; /* of everything below */
    bool is_stopping;
    bool should_be_away;
    bool is_away;
    void *context; /* the sockets are the thread's own */
    void *router;
    void *publisher;
    struct stub_faults faults;
    struct stub_state state;
    struct stub_publication_frames outbox[STUB_OUTBOX];
    int outbox_count;
    struct event held[STUB_OUTBOX];
    int held_count;
    char topics[STUB_TOPICS][UUID_TEXT_BUFFER]; /* subscribed to */
    int topic_count;
    char *seen[STUB_SEEN];
    size_t seen_bytes[STUB_SEEN];
    int seen_count;
};

/* Ends the test program when the stub itself is at fault. */
static inline void stub_check(bool is_right, const char *what)
{
    if (!is_right) {
        fprintf(stderr, "stub: %s\n", what);
        abort();
    }
}

#endif
