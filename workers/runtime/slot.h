// SPDX-License-Identifier: MIT
/* A slot: one gathering thread, which gets orders over one inproc socket and tells its ends over
 * another. The control loop owns the slots; a thread touches only its slot's stop flag and
 * progress, what it got by message, and its end until it says that it is there. */
#ifndef WORKERS_RUNTIME_SLOT_H
#define WORKERS_RUNTIME_SLOT_H

#include <pthread.h>

#include "workers/runtime/attempt.h"
#include "workers/runtime/stop.h"

/* What a thread says at the end of an attempt. */
struct slot_end {
    int number;
    struct attempt_end end;
};

struct slot {
    const struct settings *settings;
    int number;
    atomic_int stop; /* an enum stop_reason */
    struct attempt_progress progress;
    pthread_t thread;
    bool is_running;     /* the thread */
    void *thread_orders; /* the thread's while it runs */
    void *thread_ends;
    /* The thread's until has_ended, then the control loop's until it takes them. They go by no
     * message, for there may be no memory for one, and the slot would be busy for ever. */
    struct slot_end end;
    struct wire_output report; /* empty when there was no memory for it */
    atomic_bool has_ended;

    /* The control loop's. */
    void *orders; /* PAIR */
    bool is_busy;
    struct job job;
    struct mono deadline;
    bool is_told;        /* the daemon was sent started.report */
    int told_hundredths; /* the progress it was sent last */
    int64_t told_bytes;
};

/* Starts the thread. That an attempt has ended is told the PULL socket that slot_ends made, with an
 * empty message. -ERROR_IO. */
int slot_start(struct slot *slot, void *context, const struct settings *settings, int number);
void *slot_ends(void *context); /* NULL with errno */

/* Hands an order to an idle slot. -ERROR_IO. */
int slot_give(struct slot *slot, const struct attempt_order *order);

/* Whether the attempt has ended; then end and report are there, until slot_take_end. */
bool slot_has_ended(const struct slot *slot);
void slot_take_end(struct slot *slot);

/* Tells an attempt to stop, unless it was told before. */
void slot_stop(struct slot *slot, enum stop_reason reason);

/* Ends the thread, soon: an attempt that runs is stopped. Safe twice, and on a slot that was not
 * started. */
void slot_join(struct slot *slot);

#endif
