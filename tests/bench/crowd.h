// SPDX-License-Identifier: MIT
/* Many played workers of one slot each, in one thread. Each has a PULL, a PUSH and a SUB connection
 * of its own and does what workers/runtime/worker.c does, in that order: it reads its PULL always,
 * declines while it is busy, reports the start, the end and, with each, a heartbeat, and repeats a
 * result until it is recorded. Only the gathering is played: it waits until a deadline. */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include <stdbool.h>

#include "tests/bench/measure.h"

#define CROWD_MOST 1024

struct crowd_options {
    const char *jobs; /* tcp://127.0.0.1:PORT, each */
    const char *reports;
    const char *status;
    unsigned workers;

    /* How long somebody's gathering takes. In the crowd's thread. */
    uint64_t (*length_ns)(void *context, const char *user);

    /* A gathering has begun; may be NULL. In the crowd's thread. */
    void (*started)(void *context, const char *operation, const char *user, uint64_t now_ns);

    void *context;
};

struct crowd_counts {
    uint64_t started;
    uint64_t ended;
    uint64_t recorded;
    uint64_t declined;
    uint64_t repeated;   /* offers of a fence that was known already */
    uint64_t superseded; /* gatherings or results that did not count in the end */
    uint64_t begun_ns;   /* when the first heartbeats were sent */
    uint64_t last_end_ns;
};

struct crowd;

/* Connects; nobody is heard of yet. */
struct crowd *crowd_open(const struct crowd_options *options);

/* They begin to report and to take jobs. */
void crowd_begin(struct crowd *crowd);

/* Waits until so many results are recorded in all; false when that takes longer. */
bool crowd_wait(struct crowd *crowd, uint64_t recorded, double seconds);

/* Stops them where they are. *gaps, if not NULL, gets the time from each end to the same worker's
 * next start; the caller releases it. */
struct crowd_counts crowd_close(struct crowd **crowd, struct samples *gaps);

#endif
