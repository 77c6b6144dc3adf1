// SPDX-License-Identifier: MIT
/* Many SUB connections to one publisher, read by one thread with raw sockets (zmtp.h), which only
 * counts what comes. */
#ifndef TESTS_BENCH_SUBSCRIBERS_H
#define TESTS_BENCH_SUBSCRIBERS_H

#include <stdint.h>

struct subscribers;

struct subscribers_counts {
    uint64_t messages; /* of all of them together */
    uint64_t topic_bytes;
    uint64_t event_bytes;
    uint64_t least; /* messages of the one that got fewest */
};

/* Connects so many to tcp://127.0.0.1:PORT and subscribes each to everything. */
struct subscribers *subscribers_open(const char *endpoint, unsigned count);

/* Since the last call, or since they were opened. */
struct subscribers_counts subscribers_take(struct subscribers *subscribers);

void subscribers_close(struct subscribers **subscribers);

#endif
