// SPDX-License-Identifier: MIT
/* What the reports of workers mean, and what their silence means. */
#include "daemon/core/engine_inside.h"

#include "schemas/base/errors.h"

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

/* Whether another attempt would be one too many. */
static bool is_used_up(const struct engine *engine, const struct record *record,
                       enum failure_code code)
{
    switch (code) {
    case FAILURE_CODE_WORKER_LOST:
        return record->lost_attempts >= engine->options.maximum_lost_attempts;
    case FAILURE_CODE_WORKER_STOPPED:
        return false;
    default:
        return record->failed_attempts >= engine->options.maximum_attempts;
    }
}

/* How long the next attempt waits; 0 when the work is not to blame for the end of this one. A
 * second loss may be the work's doing, and the wait keeps it from taking the same others along. A
 * worker that hands back what it has only just taken would do so again at once. */
static int64_t wait_ms(struct engine *engine, const struct record *record, enum failure_code code,
                       int64_t ran_ms)
{
    switch (code) {
    case FAILURE_CODE_WORKER_LOST:
        return record->lost_attempts < 2 ? 0 : retry_delay_ms(engine, record->lost_attempts);
    case FAILURE_CODE_WORKER_STOPPED:
        return ran_ms >= engine->options.retry_base_ms ? 0 : retry_delay_ms(engine, 1);
    default:
        return retry_delay_ms(engine, record->failed_attempts);
    }
}

static void count(struct record *record, enum failure_code code, bool is_retryable)
{
    record->has_failure = true;
    record->failure = code;
    record->failure_is_retryable = is_retryable;
    record->lost_attempts += code == FAILURE_CODE_WORKER_LOST;
    record->failed_attempts +=
        code != FAILURE_CODE_WORKER_LOST && code != FAILURE_CODE_WORKER_STOPPED;
}

/* Ends a running attempt with a failure: another attempt now, later, or none. */
static void attempt_failed(struct engine *engine, struct attempt *attempt, enum failure_code code,
                           bool is_retryable, const struct operation_result *result, struct now now,
                           struct outcome *outcome)
{
    struct record record = attempt->record;
    int64_t ran_ms = now.mono.ms - attempt->started.ms;
    struct queue_entry entry;

    engine_leave(engine, attempt);
    count(&record, code, is_retryable);
    if (!is_retryable || is_used_up(engine, &record, code)) {
        engine_change(engine, &record, EVENT_KIND_FAILED, result, now, outcome);
        return;
    }
    record.ready.ms = wait_ms(engine, &record, code, ran_ms);
    if (record.ready.ms == 0) {
        engine_change(engine, &record, EVENT_KIND_REQUEUED, NULL, now, outcome);
        entry = engine_entry(&record);
        engine_requeue(engine, &entry);
        return;
    }
    record.ready.ms += now.wall.ms;
    if (record.ready.ms < engine->next_retry.ms) {
        engine->next_retry = record.ready;
    }
    engine_change(engine, &record, EVENT_KIND_RETRY_WAIT, result, now, outcome);
}

/* What the reports about one attempt have in common. */
struct sender {
    struct text worker;
    const struct uuid *instance;
    const struct uuid *operation_id;
    int64_t fence;
};

#define SENDER_OF(report)                                                                          \
    (&(struct sender){(report)->worker, &(report)->instance, &(report)->operation_id,              \
                      (report)->fence})

/* Who reports an offer by its operation and fence holds the attempt. */
static int start(struct engine *engine, struct attempt *attempt, const struct sender *sender,
                 const struct record *stored, struct now now, struct outcome *outcome)
{
    struct worker *worker = pool_find(&engine->pool, sender->instance);
    struct record record;

    if (!stored || !operation_may_move(stored, EVENT_KIND_STARTED)) {
        return -ERROR_SUPERSEDED;
    }
    record = *stored;
    if (text_copy(sender->worker, record.worker, sizeof record.worker)) {
        return -ERROR_NOT_HOLDER;
    }
    record.fence = sender->fence;
    engine_change(engine, &record, EVENT_KIND_STARTED, NULL, now, outcome);
    attempts_run(&engine->attempts, attempt, &record, now.mono);
    attempt->instance = *sender->instance;
    engine_lease(engine, attempt, now);
    if (worker) {
        worker->running++;
    }
    return 0;
}

/* What a report is worth whose attempt is not in flight. */
static int judge_ended(const struct engine *engine, const struct sender *sender,
                       const struct record *stored)
{
    bool is_strangers = stored && stored->fence == sender->fence && stored->worker[0] != '\0' &&
                        !text_equal(sender->worker, text_of(stored->worker));

    return !stored || is_strangers || !engine_gave_out(engine, sender->fence) ? -ERROR_NOT_HOLDER
                                                                              : -ERROR_SUPERSEDED;
}

/* The running attempt that a report is about. An offer whose report of the start was lost is
 * started. An error of engine.h: the report changes nothing. */
static int attempt_of(struct engine *engine, const struct sender *sender,
                      const struct record *stored, struct now now, struct outcome *outcome,
                      struct attempt **found)
{
    struct attempt *attempt = attempts_find(&engine->attempts, sender->fence);
    int rc = 0;

    if (!attempt) {
        return judge_ended(engine, sender, stored);
    }
    if (!uuid_equal(&attempt->entry.id, sender->operation_id)) {
        return -ERROR_NOT_HOLDER;
    }
    if (!attempt->is_running) {
        rc = start(engine, attempt, sender, stored, now, outcome);
    } else if (!engine_is_held(attempt, sender->worker, sender->instance)) {
        rc = -ERROR_NOT_HOLDER;
    }
    if (!rc) {
        *found = attempt;
    }
    return rc;
}

/* What a fence that is not in flight is worth: recorded when the operation is complete by what was
 * gathered under it. An attempt whose lease ran out leaves its fence behind as well, but nothing of
 * it is recorded. */
static enum verdict verdict_of(const struct record *stored, int64_t fence)
{
    if (stored && stored->fence == fence && stored->stage == OPERATION_STAGE_DONE) {
        return VERDICT_RECORDED;
    }
    return stored && stored->has_cancelled_by ? VERDICT_CANCELLED : VERDICT_SUPERSEDED;
}

/* Whether this is the failure that the attempt ended with. */
static bool is_failed_by(const struct record *stored, const struct failed_report *report)
{
    return stored && stored->fence == report->fence && stored->stage != OPERATION_STAGE_GATHERING &&
           stored->has_failure && stored->failure == report->code;
}

/* Answers a report that changes nothing. To its own worker a result that is recorded is confirmed;
 * whoever else reports it is told to stop. */
static int answer(const struct sender *sender, int rc, enum verdict verdict,
                  struct outcome *outcome)
{
    if (rc == -ERROR_NOT_HOLDER) {
        verdict = VERDICT_SUPERSEDED;
    }
    outcome_notice(outcome, sender->worker, sender->fence, verdict);
    return verdict == VERDICT_RECORDED ? 0 : rc;
}

int engine_started(struct engine *engine, const struct started_report *report,
                   const struct record *stored, struct now now, struct outcome *outcome)
{
    const struct sender *sender = SENDER_OF(report);
    struct attempt *attempt;
    int rc = attempt_of(engine, sender, stored, now, outcome, &attempt);

    return rc ? answer(sender, rc, verdict_of(stored, report->fence), outcome) : 0;
}

int engine_done(struct engine *engine, const struct done_report *report,
                const struct operation_result *result, const struct record *stored, struct now now,
                struct outcome *outcome)
{
    const struct sender *sender = SENDER_OF(report);
    struct attempt *attempt;
    int rc = attempt_of(engine, sender, stored, now, outcome, &attempt);
    struct record record;

    if (rc) {
        return answer(sender, rc, verdict_of(stored, report->fence), outcome);
    }
    record = attempt->record;
    engine_leave(engine, attempt);
    engine_change(engine, &record, EVENT_KIND_COMPLETED, result, now, outcome);
    engine->completed[engine->completed_count++ % ENGINE_COMPLETED] = report->fence;
    outcome_notice(outcome, report->worker, report->fence, VERDICT_RECORDED);
    return 0;
}

int engine_failed(struct engine *engine, const struct failed_report *report,
                  const struct operation_result *result, const struct record *stored,
                  struct now now, struct outcome *outcome)
{
    const struct sender *sender = SENDER_OF(report);
    struct attempt *attempt;
    int rc = attempt_of(engine, sender, stored, now, outcome, &attempt);

    if (rc) {
        return answer(sender, rc,
                      is_failed_by(stored, report) ? VERDICT_RECORDED
                                                   : verdict_of(stored, report->fence),
                      outcome);
    }
    attempt_failed(engine, attempt, report->code, report->retryable, result, now, outcome);
    outcome_notice(outcome, report->worker, report->fence, VERDICT_RECORDED);
    return 0;
}

void engine_found(struct engine *engine, const struct found_report *report,
                  const struct record *stored, struct outcome *outcome)
{
    /* Nothing is said of what may still be reported, nor of an operation that another daemon, with
     * which the bundle store is shared, may know. */
    if (stored && !attempts_find(&engine->attempts, report->fence)) {
        outcome_notice(outcome, report->worker, report->fence, verdict_of(stored, report->fence));
    }
}

int engine_progress(struct engine *engine, const struct progress_report *report, struct now now,
                    struct outcome *outcome)
{
    struct attempt *attempt = attempts_find(&engine->attempts, report->fence);

    if (!attempt) {
        return engine_gave_out(engine, report->fence) ? -ERROR_SUPERSEDED : -ERROR_NOT_HOLDER;
    }
    if (!uuid_equal(&attempt->entry.id, &report->operation_id) ||
        (attempt->is_running && !engine_is_held(attempt, report->worker, &report->instance))) {
        return -ERROR_NOT_HOLDER;
    }
    if (!attempt->is_running) {
        return 0;
    }
    engine_lease(engine, attempt, now);
    if (report->progress < attempt->progress) {
        return 0; /* progress does not go back within an attempt */
    }
    attempt->progress = report->progress;
    attempt->rows = report->rows;
    attempt->bytes = report->bytes;
    outcome_tick(outcome, &attempt->entry.id, attempt->fence);
    return 0;
}

/* An attempt whose deadline has passed. */
static void run_out(struct engine *engine, struct attempt *attempt, struct now now,
                    struct outcome *outcome)
{
    if (!attempt->is_running) {
        engine_return(engine, attempt);
    } else if (now.mono.ms - attempt->started.ms >= engine->options.attempt_timeout_ms) {
        engine_tell(engine, attempt, VERDICT_SUPERSEDED, outcome);
        attempt_failed(engine, attempt, FAILURE_CODE_TIME_LIMIT, true, NULL, now, outcome);
    } else {
        attempt_failed(engine, attempt, FAILURE_CODE_WORKER_LOST, true, NULL, now, outcome);
    }
}

void engine_tick(struct engine *engine, struct now now, struct outcome *outcome)
{
    struct attempt *attempt;

    while (!outcome->error && (attempt = attempts_overdue(&engine->attempts, now.mono))) {
        run_out(engine, attempt, now, outcome);
    }
    pool_expire(&engine->pool,
                (struct mono){now.mono.ms - SILENT_LEASES * engine->options.lease_ms});
}
