// SPDX-License-Identifier: MIT
/* Jobs of mixed lengths, the best that a list scheduler can do with them, and what plain PUSH
 * does. */
#ifndef TESTS_BENCH_SCHEDULE_H
#define TESTS_BENCH_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_LONG_PERCENT 5
#define SCHEDULE_LONG_TIMES   100 /* as long as a short one */

struct schedule {
    size_t count;
    uint64_t short_ns;
    bool *is_long; /* in the order of submission */
};

/* Exactly one in twenty is long, shuffled; the same again for the same seed. */
void schedule_make(struct schedule *schedule, size_t count, uint64_t short_ns, uint64_t seed);
void schedule_release(struct schedule *schedule);

uint64_t schedule_length_ns(const struct schedule *schedule, size_t job);

/* Makespan when every job in its turn goes to the worker that is free first, at no cost. */
uint64_t schedule_ideal_ns(const struct schedule *schedule, unsigned workers);

/* Makespan that one PUSH socket reaches which deals all jobs out to so many PULL sockets, with
 * high-water marks of 1000, whose owners do one job after the other. */
uint64_t schedule_plain_push_ns(const struct schedule *schedule, unsigned workers);

#endif
