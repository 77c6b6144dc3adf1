// SPDX-License-Identifier: MIT
/* The daemon's decisions: which operation is offered next, which report counts, what a lost worker
 * means. Pure: no socket, file, clock, log or random number; everything comes in as an argument,
 * everything goes out in an outcome.
 *
 * The caller stores the changes of an outcome in the turn that made them, before the next call that
 * reads the operation concerned, and lets effects out after the commit. */
#ifndef DAEMON_CORE_ENGINE_H
#define DAEMON_CORE_ENGINE_H

#include "daemon/core/attempt.h"
#include "daemon/core/operation.h"
#include "daemon/core/outcome.h"
#include "daemon/core/pool.h"
#include "daemon/core/queue.h"

struct engine_options {
    int64_t offer_timeout_ms;
    int64_t lease_ms;
    int64_t attempt_timeout_ms;
    int64_t maximum_attempts;
    int64_t maximum_lost_attempts;
    int64_t maximum_running; /* of one tenant, 0: any number */
    int64_t retry_base_ms;
    int64_t retry_ceiling_ms;
    int64_t overdue_ms; /* from being reported overdue to failing */
    int64_t retention_ms;
    int64_t start_count;   /* of the daemon: the high half of every fence */
    int64_t last_sequence; /* of the stored events */
    uint64_t seed;         /* of the retry jitter */
};

/* Fences that completed an operation and are remembered: a heartbeat that was sent before its
 * attempt ended can come after the result, over a connection that broke meanwhile. */
#define ENGINE_COMPLETED 1024

struct engine {
    struct engine_options options;
    int64_t sequence; /* of the last event made */
    int64_t fence_counter;
    uint64_t random;
    struct queue queue;
    struct attempts attempts;
    struct pool pool;
    struct wall next_retry;              /* no retryWait ends earlier than this */
    struct wall next_due;                /* nothing becomes or stays too long overdue before this */
    struct mono offer_after;             /* nobody took the last offer: none before this */
    int64_t completed[ENGINE_COMPLETED]; /* the fences that completed last; a ring */
    size_t completed_count;              /* ever, in this life of the daemon */
};

/* The time of a step, in both clocks. */
struct now {
    struct mono mono;
    struct wall wall;
};

int engine_init(struct engine *engine, const struct engine_options *options); /* -ERROR_MEMORY */
void engine_release(struct engine *engine);

/* At start: an operation that was being gathered gets a fresh lease; its worker may still be at it.
 */
int engine_restore(struct engine *engine, const struct record *record, struct now now);

/* A new operation, permitted and not a repetition. */
void engine_accept(struct engine *engine, const struct operation_request *request,
                   struct outcome *outcome);

/* A worker is alive, with these slots. Leases are renewed by engine_renew, one call a fence that it
 * lists. */
void engine_hear(struct engine *engine, const struct heartbeat_report *report, struct now now);

/* Who is the first to report an offer by its operation and fence holds the attempt: nobody knows to
 * whom PUSH has dealt it, but only that worker was told both. From then on the attempt is that
 * worker's, by its name and in one life of the daemon by its instance, and a report of anybody else
 * changes nothing. The reports below are answered with 0 or
 *
 * -ERROR_NOT_HOLDER   the attempt is another worker's, the fence is of another operation, or was
 *                     never given out: the sender is confused or lies
 * -ERROR_SUPERSEDED   the attempt has ended otherwise: the sender is late
 *
 * and the outcome then tells the sender to stop. */

/* A heartbeat lists this fence. That of an offer changes nothing, for fences can be guessed. */
int engine_renew(struct engine *engine, const struct heartbeat_report *report, int64_t fence,
                 struct now now, struct outcome *outcome);

int engine_declined(struct engine *engine, const struct declined_report *report);

/* For these three the caller reads the operation of the report first: stored is its newest record,
 * or NULL when there is none. A result that is recorded already is confirmed to who reported it. */
int engine_started(struct engine *engine, const struct started_report *report,
                   const struct record *stored, struct now now, struct outcome *outcome);
int engine_done(struct engine *engine, const struct done_report *report,
                const struct operation_result *result, const struct record *stored, struct now now,
                struct outcome *outcome);
int engine_failed(struct engine *engine, const struct failed_report *report,
                  const struct operation_result *result, const struct record *stored,
                  struct now now, struct outcome *outcome);

/* A bundle was found that nobody reports. */
void engine_found(struct engine *engine, const struct found_report *report,
                  const struct record *stored, struct outcome *outcome);

/* Nothing is told to who is late: the next heartbeat that lists the fence settles it. */
int engine_progress(struct engine *engine, const struct progress_report *report, struct now now,
                    struct outcome *outcome);

/* Ends an operation that has not ended, whatever it is doing; stored is its newest record. */
void engine_cancel(struct engine *engine, const struct record *stored, const struct uuid *by,
                   struct now now, struct outcome *outcome);

/* Ends in the same way an operation whose requester may not ask for exports any more. */
void engine_revoke(struct engine *engine, const struct record *stored, struct now now,
                   struct outcome *outcome);

/* Somebody who may decides about an operation that awaits approval: it is queued, or it ends as
 * denied. Any other is left as it is; stored is its newest record. */
void engine_decide(struct engine *engine, const struct record *stored, bool is_approved,
                   const struct uuid *by, struct now now, struct outcome *outcome);

/* Offers that nobody answered, leases and times that ran out, workers that fell silent. */
void engine_tick(struct engine *engine, struct now now, struct outcome *outcome);

/* Whether a retryWait may have ended: then the caller looks for records that are due and calls
 * engine_retry for each, and engine_retry_next with the earliest of the rest (INT64_MAX for none).
 */
bool engine_retry_is_due(const struct engine *engine, struct now now);
void engine_retry(struct engine *engine, const struct record *record, struct now now,
                  struct outcome *outcome);
void engine_retry_next(struct engine *engine, struct wall earliest);

/* Whether an operation may have become overdue, or have been it for too long: then the caller looks
 * for such records and calls engine_overdue for each, which reports or ends it, and engine_due_next
 * with the time at which the next of the others must be looked at (INT64_MAX for none). */
bool engine_due_is_due(const struct engine *engine, struct now now);
void engine_overdue(struct engine *engine, const struct record *stored, struct now now,
                    struct outcome *outcome);
void engine_due_next(struct engine *engine, struct wall earliest);

/* Whether there are free slots and a tenant whose page must be read from the store before they are
 * given out. */
bool engine_needs_page(const struct engine *engine, struct now now, struct uuid *tenant_id);

/* The oldest queued records of that tenant as they are stored, best as many as engine_page_room
 * says; those in flight are passed over.
 * -ERROR_MEMORY: the page is empty as before. */
size_t engine_page_room(const struct engine *engine, const struct uuid *tenant_id);
int engine_fill(struct engine *engine, const struct uuid *tenant_id, const struct record *records,
                size_t count, bool has_more);

/* Offers for the free slots, up to limit. After 2^32 offers the fences of this start are used up:
 * outcome->error is -ERROR_INTERNAL, nothing more is offered, and the next start has new ones. */
void engine_dispatch(struct engine *engine, struct now now, size_t limit, struct outcome *outcome);

/* Whether an offer that has not been sent yet still holds: its operation may have been cancelled,
 * or its time be over. */
bool engine_is_offered(const struct engine *engine, int64_t fence);

/* Nobody took this offer from the socket: it goes back to the queue, and no other is made for a
 * moment. */
void engine_unsent(struct engine *engine, int64_t fence, struct now now);

/* When engine_tick or engine_dispatch has something to do, if nothing comes in before. */
struct mono engine_deadline(const struct engine *engine, struct now now);

/* The attempt in flight of an operation, or NULL: its progress is not stored. Borrowed until the
 * next call. */
const struct attempt *engine_attempt(const struct engine *engine, const struct uuid *id);

#endif
