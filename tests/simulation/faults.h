// SPDX-License-Identifier: MIT
/* What goes wrong. Each kind of fault comes at random times until all are stopped. One thread. */
#ifndef TESTS_SIMULATION_FAULTS_H
#define TESTS_SIMULATION_FAULTS_H

#include <stdint.h>

enum fault {
    FAULT_DAEMON_KILLED,
    FAULT_DAEMON_DIES_AT_DISK,
    FAULT_DAEMON_DIES_SPEAKING,
    FAULT_DAEMON_STOPPED,
    FAULT_DAEMON_STALLED,
    FAULT_POWER_CUT,
    FAULT_DISK_ERROR,
    FAULT_DISK_FULL,
    FAULT_DISK_LOW,
    FAULT_CLOCK_JUMPS,
    FAULT_WORKER_KILLED,
    FAULT_WORKER_STALLED,
    FAULT_WORKER_TERMINATED,
    FAULT_LINK_BROKEN,
    FAULT_LINK_CUT,
    FAULT_FRAMES_DROPPED,
    FAULT_CLIENT_RESTARTED,
    FAULT_COUNT
};

/* The mean time between two faults of each kind; 0: none of it. */
void faults_start(const int64_t mean_ms[FAULT_COUNT]);

/* No more of them, and what lasts ends; the wall clock stays wrong now and then. */
void faults_stop(void);

#endif
