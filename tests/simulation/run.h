// SPDX-License-Identifier: MIT
/* One seed from its beginning to its end. */
#ifndef TESTS_SIMULATION_RUN_H
#define TESTS_SIMULATION_RUN_H

#include <stdint.h>

#include "tests/simulation/checks.h"

struct run_result {
    int64_t steps; /* tasks of the agenda */
    int64_t virtual_ms;
    uint64_t operations; /* accepted */
    uint64_t complete;   /* of them, in the end */
    struct violation violation;
    bool is_violated;
};

/* Makes the store that most seeds start with; once, after site_make. */
void run_prepare(void);

/* steps: with faults; then as many as are needed until everything has settled. */
struct run_result run_seed(uint64_t seed, int64_t steps);

#endif
