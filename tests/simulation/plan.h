// SPDX-License-Identifier: MIT
/* What a seed is about: who takes part, what the weather is and which faults come how often. All
 * of it follows from the seed. */
#ifndef TESTS_SIMULATION_PLAN_H
#define TESTS_SIMULATION_PLAN_H

#include "tests/simulation/client_actor.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/worker_actor.h"

#define PLAN_CLIENTS 6

struct plan {
    unsigned configuration;
    unsigned tenants;
    bool is_new_store; /* otherwise one that was opened and closed before */
    bool is_fair;      /* no faults; every tenant floods, shares are looked at */
    struct workers_options workers;
    unsigned client_count;
    struct client_options clients[PLAN_CLIENTS];
    unsigned watchers;
    bool has_operator;
    int64_t delay_ms;
    int64_t mean_ms[FAULT_COUNT]; /* between two faults of a kind; 0: none */
};

struct plan plan_make(void);

#endif
