// SPDX-License-Identifier: MIT
#include "daemon/core/engine.h"

#include "schemas/base/errors.h"

/* How long no offer is made after one that no worker took. */
#define UNSENT_PAUSE_MS 50

int engine_init(struct engine *engine, const struct engine_options *options)
{
    *engine = (struct engine){.options = *options,
                              .sequence = options->last_sequence,
                              .random = options->seed,
                              .next_retry = {INT64_MAX},
                              .offer_after = {INT64_MIN}};
    if (queue_init(&engine->queue) || attempts_init(&engine->attempts) ||
        pool_init(&engine->pool)) {
        engine_release(engine);
        return -ERROR_MEMORY;
    }
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

static struct queue_entry entry_of(const struct record *record)
{
    return (struct queue_entry){.id = record->id,
                                .tenant_id = record->tenant_id,
                                .user_id = record->user_id,
                                .attempt = record->attempt,
                                .submitted = record->submitted};
}

int engine_restore(struct engine *engine, const struct record *record, struct now now)
{
    struct queue_entry entry = entry_of(record);
    struct attempt *attempt = attempts_offer(&engine->attempts, &entry, record->fence,
                                             after(now.mono, engine->options.lease_ms));

    if (!attempt) {
        return -ERROR_MEMORY;
    }
    attempts_run(&engine->attempts, attempt, record);
    return 0;
}

/* An operation that could not be put into memory waits in the store, where the next page finds it.
 */
static void enqueue(struct engine *engine, const struct record *record, struct outcome *outcome)
{
    struct queue_entry entry = entry_of(record);

    if (queue_push(&engine->queue, &entry) && !outcome->error) {
        outcome->error = -ERROR_MEMORY;
    }
}

void engine_accept(struct engine *engine, const struct operation_request *request,
                   struct outcome *outcome)
{
    struct record record = operation_create(request, ++engine->sequence);

    outcome_change(outcome, EVENT_KIND_ACCEPTED, &record, NULL);
    enqueue(engine, &record, outcome);
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

bool engine_renew(struct engine *engine, const struct heartbeat_report *report, int64_t fence,
                  struct now now, struct uuid *id, struct outcome *outcome)
{
    struct attempt *attempt = attempts_find(&engine->attempts, fence);
    struct worker *worker = pool_find(&engine->pool, &report->instance);

    if (!attempt) {
        /* What is being gathered under a fence that is not in flight can never be recorded. */
        outcome_notice(outcome, report->worker, fence, false);
        return false;
    }
    if (!attempt->is_running) {
        *id = attempt->entry.id;
        return true;
    }
    attempt->instance = report->instance;
    if (worker) {
        worker->running++;
    }
    attempts_extend(&engine->attempts, attempt, after(now.mono, engine->options.lease_ms));
    return false;
}

void engine_declined(struct engine *engine, const struct declined_report *report)
{
    struct attempt *attempt = attempts_find(&engine->attempts, report->fence);
    struct worker *worker = pool_find(&engine->pool, &report->instance);

    if (worker) {
        worker->is_full = true;
    }
    if (attempt && !attempt->is_running) {
        engine_unsent(engine, report->fence, (struct now){.mono = {INT64_MIN / 2}});
    }
}

/* Puts an operation that is in the stage queued, as far as the store knows, back to the front. */
static void requeue(struct engine *engine, const struct queue_entry *entry)
{
    if (queue_push_front(&engine->queue, entry)) {
        (void)queue_expect(&engine->queue, &entry->tenant_id);
    }
}

void engine_unsent(struct engine *engine, int64_t fence, struct now now)
{
    struct attempt *attempt = attempts_find(&engine->attempts, fence);
    struct queue_entry entry;

    if (!attempt || attempt->is_running) {
        return;
    }
    entry = attempt->entry;
    attempts_end(&engine->attempts, attempt);
    requeue(engine, &entry);
    if (after(now.mono, UNSENT_PAUSE_MS).ms > engine->offer_after.ms) {
        engine->offer_after = after(now.mono, UNSENT_PAUSE_MS);
    }
}

bool engine_retry_is_due(const struct engine *engine, struct now now)
{
    return engine->next_retry.ms <= now.wall.ms;
}

void engine_retry_next(struct engine *engine, struct wall earliest)
{
    engine->next_retry = earliest;
}

void engine_retry(struct engine *engine, const struct record *record, struct now now,
                  struct outcome *outcome)
{
    struct record moved = *record;

    if (operation_move(&moved, EVENT_KIND_REQUEUED, engine->sequence + 1, now.wall)) {
        return;
    }
    engine->sequence++;
    outcome_change(outcome, EVENT_KIND_REQUEUED, &moved, NULL);
    enqueue(engine, &moved, outcome);
}

bool engine_needs_page(const struct engine *engine, struct now now, struct uuid *tenant_id)
{
    int64_t free_slots = pool_free(&engine->pool) - (int64_t)engine->attempts.offered;

    return now.mono.ms >= engine->offer_after.ms && free_slots > 0 &&
           queue_needs_page(&engine->queue, (size_t)free_slots, tenant_id);
}

int engine_fill(struct engine *engine, const struct uuid *tenant_id, const struct record *records,
                size_t count, bool has_more)
{
    struct queue_entry entries[QUEUE_PAGE];
    size_t kept = 0;
    size_t i = 0;

    for (; i < count && kept < QUEUE_PAGE; i++) {
        if (!attempts_find_operation(&engine->attempts, &records[i].id)) {
            entries[kept++] = entry_of(&records[i]);
        }
    }
    /* What did not fit on the page is as much in the store only as what was not read. */
    return queue_fill(&engine->queue, tenant_id, entries, kept, has_more || i < count);
}

static int64_t fence_next(struct engine *engine)
{
    return (engine->options.start_count << 32) | ++engine->fence_counter;
}

void engine_dispatch(struct engine *engine, struct now now, size_t limit, struct outcome *outcome)
{
    int64_t free_slots = pool_free(&engine->pool) - (int64_t)engine->attempts.offered;
    struct queue_entry entry;
    struct attempt *attempt;

    if (now.mono.ms < engine->offer_after.ms) {
        return;
    }
    for (; free_slots > 0 && limit > 0 && queue_pop(&engine->queue, &entry);
         free_slots--, limit--) {
        attempt = attempts_offer(&engine->attempts, &entry, fence_next(engine),
                                 after(now.mono, engine->options.offer_timeout_ms));
        if (!attempt) {
            requeue(engine, &entry);
            return;
        }
        outcome_offer(outcome, &(struct job){.operation_id = entry.id,
                                             .tenant_id = entry.tenant_id,
                                             .user_id = entry.user_id,
                                             .attempt = entry.attempt + 1,
                                             .fence = attempt->fence,
                                             .submitted_date_time = entry.submitted});
    }
}

struct mono engine_deadline(const struct engine *engine, struct now now)
{
    struct mono deadline = engine->attempts.next_deadline;
    int64_t retry_ms = engine->next_retry.ms;

    if (retry_ms != INT64_MAX && retry_ms - now.wall.ms < deadline.ms - now.mono.ms) {
        deadline = after(now.mono, retry_ms > now.wall.ms ? retry_ms - now.wall.ms : 0);
    }
    if (engine->queue.turn && engine->offer_after.ms < deadline.ms &&
        pool_free(&engine->pool) > (int64_t)engine->attempts.offered) {
        deadline = engine->offer_after.ms > now.mono.ms ? engine->offer_after : now.mono;
    }
    return deadline;
}

const struct attempt *engine_attempt(const struct engine *engine, const struct uuid *id)
{
    return attempts_find_operation(&engine->attempts, id);
}
