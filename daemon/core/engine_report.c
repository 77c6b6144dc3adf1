// SPDX-License-Identifier: MIT
/* What the reports of workers mean, and what their silence means. */
#include "daemon/core/engine.h"

/* A worker is forgotten after this many leases without a word. */
#define SILENT_LEASES 2

/* xorshift64*: enough for jitter, and the same again for the same seed. */
static uint64_t random_next(struct engine *engine)
{
    uint64_t x = engine->random ? engine->random : 1;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    engine->random = x;
    return x * 0x2545f4914f6cdd1dU;
}

/* Full jitter: anything from nothing to the ceiling that doubles with each attempt. */
static int64_t retry_delay_ms(struct engine *engine, int64_t attempt)
{
    int64_t ceiling = engine->options.retry_base_ms;

    for (int64_t i = 1; i < attempt && ceiling < engine->options.retry_ceiling_ms; i++) {
        ceiling *= 2;
    }
    if (ceiling > engine->options.retry_ceiling_ms) {
        ceiling = engine->options.retry_ceiling_ms;
    }
    return (int64_t)(random_next(engine) % (uint64_t)(ceiling + 1));
}

/* Moves, counts the sequence and records the change. The moves made here are legal from the stage
 * gathering, in which every running attempt's record is. */
static void change(struct engine *engine, struct record *record, enum event_kind kind,
                   const struct operation_result *result, struct now now, struct outcome *outcome)
{
    if (operation_move(record, kind, engine->sequence + 1, now.wall)) {
        return;
    }
    engine->sequence++;
    if (record_is_terminal(record)) {
        record->expiration.ms = now.wall.ms + engine->options.retention_ms;
    }
    outcome_change(outcome, kind, record, result);
}

static void slot_leave(struct engine *engine, const struct attempt *attempt)
{
    struct worker *worker = pool_find(&engine->pool, &attempt->instance);

    if (worker && worker->running > 0) {
        worker->running--;
    }
}

/* Ends a running attempt with a failure: another attempt later, now, or none. */
static void attempt_failed(struct engine *engine, struct attempt *attempt, enum failure_code code,
                           bool is_retryable, const struct operation_result *result, struct now now,
                           struct outcome *outcome)
{
    struct record record = attempt->record;

    slot_leave(engine, attempt);
    attempts_end(&engine->attempts, attempt);
    record.has_failure = true;
    record.failure = code;
    record.failure_is_retryable = is_retryable;
    if (!is_retryable || record.attempt >= engine->options.maximum_attempts) {
        change(engine, &record, EVENT_KIND_FAILED, result, now, outcome);
        return;
    }
    if (code == FAILURE_CODE_WORKER_LOST || code == FAILURE_CODE_WORKER_STOPPED) {
        /* The work is not to blame, so it does not wait. */
        change(engine, &record, EVENT_KIND_REQUEUED, NULL, now, outcome);
        if (queue_push_front(&engine->queue,
                             &(struct queue_entry){.id = record.id,
                                                   .tenant_id = record.tenant_id,
                                                   .user_id = record.user_id,
                                                   .attempt = record.attempt,
                                                   .submitted = record.submitted})) {
            (void)queue_expect(&engine->queue, &record.tenant_id);
        }
        return;
    }
    record.ready.ms = now.wall.ms + retry_delay_ms(engine, record.attempt);
    if (record.ready.ms < engine->next_retry.ms) {
        engine->next_retry = record.ready;
    }
    change(engine, &record, EVENT_KIND_RETRY_WAIT, result, now, outcome);
}

/* The running attempt that a report is about, or NULL. An offer whose report of the start was lost
 * is started. */
static struct attempt *attempt_of(struct engine *engine, const struct uuid *operation_id,
                                  int64_t fence, const struct uuid *instance,
                                  const struct record *stored, struct now now,
                                  struct outcome *outcome)
{
    struct attempt *attempt = attempts_find(&engine->attempts, fence);
    struct worker *worker;
    struct record record;

    if (!attempt || !uuid_equal(&attempt->entry.id, operation_id)) {
        return NULL;
    }
    if (attempt->is_running) {
        return attempt;
    }
    if (!stored || !operation_may_move(stored, EVENT_KIND_STARTED)) {
        return NULL;
    }
    record = *stored;
    record.fence = fence;
    change(engine, &record, EVENT_KIND_STARTED, NULL, now, outcome);
    attempts_run(&engine->attempts, attempt, &record);
    attempt->instance = *instance;
    attempts_extend(&engine->attempts, attempt,
                    (struct mono){now.mono.ms + engine->options.lease_ms});
    worker = pool_find(&engine->pool, instance);
    if (worker) {
        worker->running++;
    }
    return attempt;
}

/* Whether the operation is complete by what was gathered under this fence. An attempt whose lease
 * ran out leaves its fence behind as well, but nothing of it is recorded. */
static bool is_completed_by(const struct record *stored, int64_t fence)
{
    return stored && stored->fence == fence && stored->stage == OPERATION_STAGE_DONE;
}

/* Whether this is the failure that the attempt ended with. */
static bool is_failed_by(const struct record *stored, const struct failed_report *report)
{
    return stored && stored->fence == report->fence && stored->stage != OPERATION_STAGE_GATHERING &&
           stored->has_failure && stored->failure == report->code;
}

void engine_started(struct engine *engine, const struct started_report *report,
                    const struct record *stored, struct now now, struct outcome *outcome)
{
    if (!attempt_of(engine, &report->operation_id, report->fence, &report->instance, stored, now,
                    outcome)) {
        outcome_notice(outcome, report->worker, report->fence,
                       is_completed_by(stored, report->fence));
    }
}

void engine_done(struct engine *engine, const struct done_report *report,
                 const struct operation_result *result, const struct record *stored, struct now now,
                 struct outcome *outcome)
{
    struct attempt *attempt = attempt_of(engine, &report->operation_id, report->fence,
                                         &report->instance, stored, now, outcome);
    struct record record;

    if (!attempt) {
        outcome_notice(outcome, report->worker, report->fence,
                       is_completed_by(stored, report->fence));
        return;
    }
    record = attempt->record;
    slot_leave(engine, attempt);
    attempts_end(&engine->attempts, attempt);
    change(engine, &record, EVENT_KIND_COMPLETED, result, now, outcome);
    outcome_notice(outcome, report->worker, report->fence, true);
}

void engine_failed(struct engine *engine, const struct failed_report *report,
                   const struct operation_result *result, const struct record *stored,
                   struct now now, struct outcome *outcome)
{
    struct attempt *attempt = attempt_of(engine, &report->operation_id, report->fence,
                                         &report->instance, stored, now, outcome);

    if (!attempt) {
        outcome_notice(outcome, report->worker, report->fence, is_failed_by(stored, report));
        return;
    }
    attempt_failed(engine, attempt, report->code, report->retryable, result, now, outcome);
    outcome_notice(outcome, report->worker, report->fence, true);
}

void engine_progress(struct engine *engine, const struct progress_report *report, struct now now,
                     struct outcome *outcome)
{
    struct attempt *attempt = attempts_find(&engine->attempts, report->fence);

    if (!attempt || !attempt->is_running ||
        !uuid_equal(&attempt->entry.id, &report->operation_id)) {
        return; /* the next heartbeat that lists the fence settles it */
    }
    attempts_extend(&engine->attempts, attempt,
                    (struct mono){now.mono.ms + engine->options.lease_ms});
    if (report->progress < attempt->progress) {
        return; /* progress does not go back within an attempt */
    }
    attempt->progress = report->progress;
    attempt->rows = report->rows;
    attempt->bytes = report->bytes;
    outcome_tick(outcome, &attempt->entry.id, attempt->fence);
}

void engine_tick(struct engine *engine, struct now now, struct outcome *outcome)
{
    struct attempt *attempt;

    while (!outcome->error && (attempt = attempts_overdue(&engine->attempts, now.mono))) {
        if (attempt->is_running) {
            attempt_failed(engine, attempt, FAILURE_CODE_WORKER_LOST, true, NULL, now, outcome);
        } else {
            struct queue_entry entry = attempt->entry;
            attempts_end(&engine->attempts, attempt);
            if (queue_push_front(&engine->queue, &entry)) {
                (void)queue_expect(&engine->queue, &entry.tenant_id);
            }
        }
    }
    pool_expire(&engine->pool,
                (struct mono){now.mono.ms - SILENT_LEASES * engine->options.lease_ms});
}
