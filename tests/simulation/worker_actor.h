// SPDX-License-Identifier: MIT
/* Workers: the real decisions of workers/runtime/worker.c, results.c and reporter.c; gathering, the
 * removal of files and sockets are simulated (worker_parts.c). A process can be killed, stalled,
 * told to stop and started anew at any time. One thread. */
#ifndef TESTS_SIMULATION_WORKER_ACTOR_H
#define TESTS_SIMULATION_WORKER_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/uuid.h"

struct workers_options {
    unsigned count;
    unsigned slots;
    int64_t gathering_ms;    /* the longest */
    unsigned failing;        /* attempts of a thousand that fail so that a retry may help */
    unsigned hopeless;       /* and so that none can */
    unsigned poisonous_user; /* of the first tenant: kills who gathers him; SITE_USERS for none */
};

void workers_reset(const struct workers_options *options);
void workers_release(void);
void workers_start(void);

/* Something happens to one of them, by chance. Those that end begin again by themselves. */
void workers_kill_any(void);
void workers_stall_any(int64_t for_ms);
void workers_terminate_any(void);

/* Results that are not recorded yet. */
size_t workers_unrecorded(void);
bool workers_are_gathering(void);

#endif
