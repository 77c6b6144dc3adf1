// SPDX-License-Identifier: MIT
/* What the control loop knows and decides: which slot runs what, which results wait to be recorded,
 * when something is due. Waits for nothing and touches no disk. One thread, the control loop's; it
 * is told what time it is.
 *
 * Life of an offer: declined, when every slot is busy or the worker is stopping; otherwise started
 * and given to a slot. The slot's result is sent and repeated until a notice says that its fence is
 * recorded. A fence that is superseded or cancelled is stopped and leaves no file, whether it runs
 * or has ended (workers/runtime/verdicts.h).
 *
 * Stopping: the first signal lets running attempts finish for limits.drain_ms; then, or at a second
 * signal, they are stopped and reported failed with workerStopped. What is not recorded yet is
 * repeated for WORKER_FLUSH_MS more. Offers are declined to the end, which waits until none came
 * for WORKER_QUIET_MS: one that was on its way when the worker ended would be offered again only
 * after the daemon's offer_timeout. */
#ifndef WORKERS_RUNTIME_WORKER_H
#define WORKERS_RUNTIME_WORKER_H

#include "workers/runtime/found.h"
#include "workers/runtime/reporter.h"
#include "workers/runtime/results.h"
#include "workers/runtime/slot.h"
#include "workers/runtime/sweeper.h"

#define WORKER_FLUSH_MS    2000
#define WORKER_QUIET_MS    100
#define WORKER_PROGRESS_MS 200 /* at most five reports a second from a slot */

enum worker_phase { WORKER_SERVING, WORKER_DRAINING, WORKER_STOPPING };

struct worker {
    const struct settings *settings; /* borrowed */
    struct reporter reporter;
    struct results results;
    struct found found;
    struct sweeper sweeper;
    struct slot *slots;
    struct wire_input input;
    enum worker_phase phase;
    struct mono grace_end;
    struct mono quiet_end; /* if no more offers come */
    bool is_flushing;
    struct mono flush_end;
    struct mono heartbeat_due;
    struct mono progress_due;
    bool slots_changed; /* the daemon is to be told in this turn */
};

/* Starts the threads. reports is the PUSH socket, borrowed. -ERROR_IO, -ERROR_MEMORY. */
int worker_open(struct worker *worker, void *context, const struct settings *settings,
                void *reports);
void worker_close(struct worker *worker); /* stops what runs; safe twice, or half opened */

void worker_on_offer(struct worker *worker, const void *bytes, size_t size_bytes, struct mono now,
                     struct wall wall);
void worker_on_end(struct worker *worker, const struct slot_end *end, const void *report,
                   size_t report_bytes, struct mono now);
void worker_on_signal(struct worker *worker, struct mono now);

/* The slot that runs a fence, or NULL. */
struct slot *worker_slot_of(struct worker *worker, int64_t fence);

/* Logs a message that cannot be read. */
void worker_log_dropped(const char *message, int rc, const struct wire_error *error);

/* Does what is due; at the end of every turn. */
void worker_on_time(struct worker *worker, struct mono now);

/* How long the next turn may wait for a message. */
int worker_wait_ms(const struct worker *worker, struct mono now);

/* Whether a stopping worker has nothing left to do. */
bool worker_is_finished(const struct worker *worker, struct mono now);

#endif
