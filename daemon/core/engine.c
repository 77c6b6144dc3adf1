// SPDX-License-Identifier: MIT
#include "daemon/core/engine_inside.h"

#include "schemas/base/errors.h"

/* How long no offer is made after one that no worker took. */
#define UNSENT_PAUSE_MS 50
/* Fences that one start has: the lower half of the number. */
#define FENCES_OF_A_START 0xffffffffLL

int engine_init(struct engine *engine, const struct engine_options *options)
{
    *engine = (struct engine){.options = *options,
                              .sequence = options->last_sequence,
                              .random = options->seed,
                              .next_retry = {INT64_MAX},
                              .next_due = {INT64_MAX},
                              .offer_after = {INT64_MIN}};
    if (queue_init(&engine->queue) || attempts_init(&engine->attempts) ||
        pool_init(&engine->pool)) {
        engine_release(engine);
        return -ERROR_MEMORY;
    }
    engine->queue.maximum_running = options->maximum_running;
    return 0;
}

void engine_release(struct engine *engine)
{
    queue_release(&engine->queue);
    attempts_release(&engine->attempts);
    pool_release(&engine->pool);
}

static struct mono after(struct mono time, int64_t ms)
{
    return (struct mono){time.ms + ms};
}

struct queue_entry engine_entry(const struct record *record)
{
    return (struct queue_entry){.id = record->id,
                                .tenant_id = record->tenant_id,
                                .user_id = record->user_id,
                                .requested_by = record->requested_by,
                                .has_acted_by = record->has_acted_by,
                                .acted_by = record->acted_by,
                                .attempt = record->attempt,
                                .submitted = record->submitted,
                                .sequence = record->sequence};
}

void engine_change(struct engine *engine, struct record *record, enum event_kind kind,
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

void engine_leave(struct engine *engine, struct attempt *attempt)
{
    struct worker *worker = pool_find(&engine->pool, &attempt->instance);

    if (attempt->is_running && worker && worker->running > 0) {
        worker->running--;
    }
    queue_end(&engine->queue, &attempt->entry.tenant_id);
    attempts_end(&engine->attempts, attempt);
}

void engine_return(struct engine *engine, struct attempt *attempt)
{
    struct queue_entry entry = attempt->entry;

    attempts_end(&engine->attempts, attempt);
    if (queue_return(&engine->queue, &entry)) {
        queue_end(&engine->queue, &entry.tenant_id);
        (void)queue_expect(&engine->queue, &entry.tenant_id);
    }
}

void engine_lease(struct engine *engine, struct attempt *attempt, struct now now)
{
    struct mono lease = after(now.mono, engine->options.lease_ms);
    struct mono limit = after(attempt->started, engine->options.attempt_timeout_ms);

    attempts_extend(&engine->attempts, attempt, lease.ms < limit.ms ? lease : limit);
}

void engine_requeue(struct engine *engine, const struct queue_entry *entry)
{
    if (queue_push_front(&engine->queue, entry)) {
        (void)queue_expect(&engine->queue, &entry->tenant_id);
    }
}

void engine_tell(struct engine *engine, const struct attempt *attempt, enum verdict verdict,
                 struct outcome *outcome)
{
    const struct worker *worker = pool_find(&engine->pool, &attempt->instance);

    if (attempt->is_running && worker) {
        outcome_notice(outcome, text_of(worker->name), attempt->fence, verdict);
    }
}

int engine_restore(struct engine *engine, const struct record *record, struct now now)
{
    struct queue_entry entry = engine_entry(record);
    struct attempt *attempt = attempts_offer(&engine->attempts, &entry, record->fence,
                                             after(now.mono, engine->options.lease_ms));

    if (!attempt || queue_run(&engine->queue, &entry.tenant_id)) {
        return -ERROR_MEMORY;
    }
    attempts_run(&engine->attempts, attempt, record, now.mono);
    return 0;
}

void engine_enqueue(struct engine *engine, const struct record *record, struct outcome *outcome)
{
    struct queue_entry entry = engine_entry(record);

    if (queue_push(&engine->queue, &entry) && !outcome->error) {
        outcome->error = -ERROR_MEMORY;
    }
}

void engine_accept(struct engine *engine, const struct operation_request *request,
                   struct outcome *outcome)
{
    struct record record = operation_create(request, ++engine->sequence);

    outcome_change(outcome, EVENT_KIND_ACCEPTED, &record, NULL);
    if (record.due.ms < engine->next_due.ms) {
        engine->next_due = record.due;
    }
    if (record.stage == OPERATION_STAGE_QUEUED) {
        engine_enqueue(engine, &record, outcome);
    }
}

void engine_hear(struct engine *engine, const struct heartbeat_report *report, struct now now)
{
    struct worker *worker;

    if (pool_hear(&engine->pool, &report->instance, report->worker, report->slots, now.mono)) {
        return;
    }
    worker = pool_find(&engine->pool, &report->instance);
    worker->running = 0; /* counted anew by engine_renew: the list is what runs there */
}

static bool has_completed(const struct engine *engine, int64_t fence)
{
    size_t count =
        engine->completed_count < ENGINE_COMPLETED ? engine->completed_count : ENGINE_COMPLETED;

    for (size_t i = 0; i < count; i++) {
        if (engine->completed[i] == fence) {
            return true;
        }
    }
    return false;
}

/* After a restart the instance is not known, and a name only when this version stored it. */
bool engine_is_held(const struct attempt *attempt, struct text worker, const struct uuid *instance)
{
    static const struct uuid unknown = {0};

    return (attempt->record.worker[0] == '\0' ||
            text_equal(worker, text_of(attempt->record.worker))) &&
           (uuid_equal(&attempt->instance, &unknown) || uuid_equal(&attempt->instance, instance));
}

int engine_renew(struct engine *engine, const struct heartbeat_report *report, int64_t fence,
                 struct now now, struct outcome *outcome)
{
    struct attempt *attempt = attempts_find(&engine->attempts, fence);
    struct worker *worker = pool_find(&engine->pool, &report->instance);

    if (!attempt && has_completed(engine, fence)) {
        /* A late heartbeat; what it lists is complete, and its bundle must stay. */
        outcome_notice(outcome, report->worker, fence, VERDICT_RECORDED);
        return 0;
    }
    if (attempt && !attempt->is_running) {
        return 0;
    }
    if (!attempt || !engine_is_held(attempt, report->worker, &report->instance)) {
        /* What is being gathered there can never be recorded. */
        outcome_notice(outcome, report->worker, fence, VERDICT_SUPERSEDED);
        return attempt || !engine_gave_out(engine, fence) ? -ERROR_NOT_HOLDER : -ERROR_SUPERSEDED;
    }
    attempt->instance = report->instance;
    if (worker) {
        worker->running++;
    }
    engine_lease(engine, attempt, now);
    return 0;
}

int engine_declined(struct engine *engine, const struct declined_report *report)
{
    struct attempt *attempt = attempts_find(&engine->attempts, report->fence);
    struct worker *worker = pool_find(&engine->pool, &report->instance);

    if (worker) {
        worker->is_full = true;
    }
    if (!attempt) {
        return engine_gave_out(engine, report->fence) ? 0 : -ERROR_NOT_HOLDER;
    }
    if (attempt->is_running || !uuid_equal(&attempt->entry.id, &report->operation_id)) {
        return -ERROR_NOT_HOLDER;
    }
    engine_unsent(engine, report->fence, (struct now){.mono = {INT64_MIN / 2}});
    return 0;
}

bool engine_is_offered(const struct engine *engine, int64_t fence)
{
    const struct attempt *attempt = attempts_find(&engine->attempts, fence);

    return attempt && !attempt->is_running;
}

void engine_unsent(struct engine *engine, int64_t fence, struct now now)
{
    struct attempt *attempt = attempts_find(&engine->attempts, fence);

    if (!attempt || attempt->is_running) {
        return;
    }
    engine_return(engine, attempt);
    if (after(now.mono, UNSENT_PAUSE_MS).ms > engine->offer_after.ms) {
        engine->offer_after = after(now.mono, UNSENT_PAUSE_MS);
    }
}

bool engine_retry_is_due(const struct engine *engine, struct now now)
{
    /* A wait that is longer than any was begun before the clock was set back. */
    return engine->next_retry.ms <= now.wall.ms ||
           (engine->next_retry.ms != INT64_MAX &&
            engine->next_retry.ms > now.wall.ms + engine->options.retry_ceiling_ms);
}

void engine_retry_next(struct engine *engine, struct wall earliest)
{
    engine->next_retry = earliest;
}

void engine_retry(struct engine *engine, const struct record *record, struct now now,
                  struct outcome *outcome)
{
    struct record moved = *record;

    if (operation_may_move(record, EVENT_KIND_REQUEUED)) {
        engine_change(engine, &moved, EVENT_KIND_REQUEUED, NULL, now, outcome);
        engine_enqueue(engine, &moved, outcome);
    }
}

bool engine_needs_page(const struct engine *engine, struct now now, struct uuid *tenant_id)
{
    int64_t free_slots = pool_free(&engine->pool) - (int64_t)engine->attempts.offered;

    return now.mono.ms >= engine->offer_after.ms && free_slots > 0 &&
           queue_needs_page(&engine->queue, (size_t)free_slots, tenant_id);
}

size_t engine_page_room(const struct engine *engine, const struct uuid *tenant_id)
{
    return queue_page_room(&engine->queue) +
           (size_t)queue_standing(&engine->queue, tenant_id).running;
}

int engine_fill(struct engine *engine, const struct uuid *tenant_id, const struct record *records,
                size_t count, bool has_more)
{
    struct queue_entry entries[QUEUE_PAGE];
    size_t room = queue_page_room(&engine->queue);
    size_t kept = 0;
    size_t i = 0;

    for (; i < count && kept < room; i++) {
        if (!attempts_find_operation(&engine->attempts, &records[i].id)) {
            entries[kept++] = engine_entry(&records[i]);
        }
    }
    /* What did not fit on the page is as much in the store only as what was not read. */
    return queue_fill(&engine->queue, tenant_id, entries, kept, has_more || i < count);
}

static int64_t fence_next(struct engine *engine)
{
    return (engine->options.start_count << 32) | ++engine->fence_counter;
}

bool engine_gave_out(const struct engine *engine, int64_t fence)
{
    return fence <= ((engine->options.start_count << 32) | engine->fence_counter);
}

void engine_dispatch(struct engine *engine, struct now now, size_t limit, struct outcome *outcome)
{
    int64_t free_slots = pool_free(&engine->pool) - (int64_t)engine->attempts.offered;
    struct queue_entry entry;
    struct attempt *attempt;

    if (now.mono.ms < engine->offer_after.ms) {
        return;
    }
    for (; free_slots > 0 && limit > 0 && engine->fence_counter < FENCES_OF_A_START &&
           queue_pop(&engine->queue, &entry);
         free_slots--, limit--) {
        attempt = attempts_offer(&engine->attempts, &entry, fence_next(engine),
                                 after(now.mono, engine->options.offer_timeout_ms));
        if (!attempt) {
            (void)queue_return(&engine->queue, &entry); /* it is in the store, at any rate */
            return;
        }
        outcome_offer(outcome, &(struct offer){.job = {.operation_id = entry.id,
                                                       .tenant_id = entry.tenant_id,
                                                       .user_id = entry.user_id,
                                                       .attempt = entry.attempt + 1,
                                                       .fence = attempt->fence,
                                                       .submitted_date_time = entry.submitted},
                                               .sequence = entry.sequence});
    }
    if (engine->fence_counter >= FENCES_OF_A_START && !outcome->error) {
        outcome->error = -ERROR_INTERNAL;
    }
}

/* The sooner of a deadline and a wall time. */
static struct mono sooner(struct mono deadline, struct wall time, struct now now)
{
    int64_t wait_ms = time.ms > now.wall.ms ? time.ms - now.wall.ms : 0;

    return time.ms != INT64_MAX && wait_ms < deadline.ms - now.mono.ms ? after(now.mono, wait_ms)
                                                                       : deadline;
}

struct mono engine_deadline(const struct engine *engine, struct now now)
{
    struct wall retry = engine_retry_is_due(engine, now) ? now.wall : engine->next_retry;
    struct mono deadline = sooner(engine->attempts.next_deadline, retry, now);

    deadline = sooner(deadline, engine->next_due, now);
    if (queue_is_waiting(&engine->queue) && engine->offer_after.ms < deadline.ms &&
        pool_free(&engine->pool) > (int64_t)engine->attempts.offered) {
        deadline = engine->offer_after.ms > now.mono.ms ? engine->offer_after : now.mono;
    }
    return deadline;
}

const struct attempt *engine_attempt(const struct engine *engine, const struct uuid *id)
{
    return attempts_find_operation(&engine->attempts, id);
}
