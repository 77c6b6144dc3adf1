// SPDX-License-Identifier: MIT
#include "tests/simulation/random.h"

static uint64_t state;
static uint64_t byte_state;

static uint64_t mix(uint64_t *at)
{
    uint64_t z = (*at += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void random_seed(uint64_t seed)
{
    state = seed * 0x2545f4914f6cdd1dU + 1;
    byte_state = ~state;
}

uint64_t random_next(void)
{
    return mix(&state);
}

uint64_t random_below(uint64_t limit)
{
    return limit ? random_next() % limit : 0;
}

int64_t random_between(int64_t low, int64_t high)
{
    return low + (int64_t)random_below((uint64_t)(high - low) + 1);
}

bool random_chance(unsigned per_mille)
{
    return random_below(1000) < per_mille;
}

void random_bytes(void *bytes, size_t size_bytes)
{
    unsigned char *at = bytes;

    for (size_t i = 0; i < size_bytes; i++) {
        at[i] = (unsigned char)(mix(&byte_state) >> 32);
    }
}
