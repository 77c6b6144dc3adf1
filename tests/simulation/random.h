// SPDX-License-Identifier: MIT
/* The one source of chance of a seed: splitmix64. Whoever asks in the same order gets the same
 * numbers. One thread. */
#ifndef TESTS_SIMULATION_RANDOM_H
#define TESTS_SIMULATION_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void random_seed(uint64_t seed);
uint64_t random_next(void);

/* From 0 to limit - 1; 0 when limit is 0. */
uint64_t random_below(uint64_t limit);

/* From low to high, both possible. */
int64_t random_between(int64_t low, int64_t high);

/* True so often in a thousand. */
bool random_chance(unsigned per_mille);

/* Bytes that nothing else depends on: a stream of their own, seeded with the first. */
void random_bytes(void *bytes, size_t size_bytes);

#endif
