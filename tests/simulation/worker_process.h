// SPDX-License-Identifier: MIT
/* A simulated worker process; for worker_actor.c and worker_parts.c. */
#ifndef TESTS_SIMULATION_WORKER_PROCESS_H
#define TESTS_SIMULATION_WORKER_PROCESS_H

#include "tests/simulation/network.h"
#include "tests/simulation/worker_actor.h"
#include "workers/runtime/verdicts.h"

#define PROCESS_SLOTS    8
#define PROCESS_MESSAGES 4096
#define PROCESS_FOUND    256

struct process;

/* What a slot does. Tasks are owned by it, for slots are gone with their process. */
struct gathering {
    struct process *process;
    int slot;
    int64_t number; /* another one for each attempt and for each order to stop */
    int64_t began_ms;
    int64_t ends_ms;
};

/* What came in and was not looked at yet. */
struct process_message {
    bool is_notice;
    uint32_t size_bytes;
    char *bytes;
};

struct ended {
    struct slot_end end;
    char *report;
    size_t report_bytes;
};

struct process {
    char name[16];
    unsigned number;
    bool is_running;
    int64_t began_ms;
    int64_t life; /* another number for each process of the name */
    int64_t stalled_until_ms;
    int64_t wake_at_ms;
    int64_t wake_number;
    struct settings settings;
    struct worker worker;
    struct link *jobs;
    struct link *reports;
    struct link *status;
    struct gathering gatherings[PROCESS_SLOTS];
    size_t message_count;
    struct process_message messages[PROCESS_MESSAGES];
    size_t ended_count;
    struct ended ended[PROCESS_SLOTS];
    size_t found_count;
    struct bundle_identity found[PROCESS_FOUND]; /* by the sweeper, and not asked about yet */
};

extern struct workers_options process_options;

/* The process looks at what there is, after so long at the latest. */
void process_wake(struct process *process, int64_t delay_ms);
void process_kill(struct process *process);

#endif
