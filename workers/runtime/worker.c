// SPDX-License-Identifier: MIT
#include "workers/runtime/worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define RETRY_MS 50 /* for what could not be sent */

int worker_open(struct worker *worker, void *context, const struct settings *settings,
                void *reports)
{
    *worker = (struct worker){.settings = settings, .slots_changed = true};
    reporter_init(&worker->reporter, settings, reports);
    int rc = wire_input_init(&worker->input);
    if (rc)
        return rc;
    worker->slots = calloc((size_t)settings->slots, sizeof(*worker->slots));
    if (!worker->slots)
        return -ERROR_MEMORY;
    rc = sweeper_start(&worker->sweeper, context, settings->bundle_directory,
                       settings->sweep_interval_ms);
    for (int i = 0; !rc && i < settings->slots; i++)
        rc = slot_start(&worker->slots[i], context, settings, i);
    return rc;
}

void worker_close(struct worker *worker)
{
    if (!worker->settings)
        return;
    for (int i = 0; worker->slots && i < worker->settings->slots; i++) {
        if (worker->slots[i].is_running)
            slot_stop(&worker->slots[i], STOP_WORKER);
    }
    for (int i = 0; worker->slots && i < worker->settings->slots; i++)
        slot_join(&worker->slots[i]);
    sweeper_join(&worker->sweeper);
    free(worker->slots);
    results_release(&worker->results);
    reporter_release(&worker->reporter);
    wire_input_release(&worker->input);
    *worker = (struct worker){0};
}

struct slot *worker_slot_of(struct worker *worker, int64_t fence)
{
    for (int i = 0; i < worker->settings->slots; i++) {
        if (worker->slots[i].is_busy && worker->slots[i].job.fence == fence)
            return &worker->slots[i];
    }
    return NULL;
}

static struct slot *idle_slot(struct worker *worker)
{
    for (int i = 0; i < worker->settings->slots; i++) {
        if (!worker->slots[i].is_busy)
            return &worker->slots[i];
    }
    return NULL;
}

static bool has_busy_slot(const struct worker *worker)
{
    for (int i = 0; i < worker->settings->slots; i++) {
        if (worker->slots[i].is_busy)
            return true;
    }
    return false;
}

static void log_job(enum log_level level, const char *event, const struct job *job,
                    const char *detail)
{
    char operation[UUID_TEXT_BUFFER];

    log_line(level, event, "operation=%s fence=%" PRId64 " attempt=%" PRId64 " %s",
             uuid_format(&job->operation_id, operation), job->fence, job->attempt, detail);
}

static void decline(struct worker *worker, const struct job *job, const char *reason)
{
    log_job(LOG_INFO, "declined", job, reason);
    reporter_declined(&worker->reporter, job);
}

/* Whether the fence is known already; then it is not run again, but told of again. */
static bool is_repeated(struct worker *worker, const struct job *job, struct mono now)
{
    struct slot *slot = worker_slot_of(worker, job->fence);
    struct result *result = results_find(&worker->results, job->fence);

    if (slot)
        slot->is_told = false;
    else if (result)
        result->repeat = now;
    else if (!results_have_ended(&worker->results, job->fence))
        return false;
    log_job(LOG_INFO, "repeated_offer", job, "");
    return true;
}

static void start(struct worker *worker, struct slot *slot, const struct job *job, struct mono now,
                  struct wall wall)
{
    const struct attempt_order order = {.job = *job, .now = wall};

    if (slot_give(slot, &order)) {
        decline(worker, job, "reason=internal");
        return;
    }
    slot->deadline.ms = now.ms + worker->settings->attempt_ms;
    slot->is_told = reporter_started(&worker->reporter, job);
    worker->slots_changed = true;
    log_job(LOG_INFO, "accepted", job, "");
}

void worker_log_dropped(const char *message, int rc, const struct wire_error *error)
{
    char field[WIRE_FIELD_BYTES * 4];

    log_line(LOG_WARNING, "dropped", "message=%s code=%s field=%s", message,
             error_row(rc)->inner_code,
             log_value(text_of(wire_field_for_log(rc, error->field)), field, sizeof(field)));
}

void worker_on_offer(struct worker *worker, const void *bytes, size_t size_bytes, struct mono now,
                     struct wall wall)
{
    struct wire_error error = {0};
    struct job job;

    int rc = wire_parse(&worker->input, bytes, size_bytes, &error);
    if (!rc)
        rc = job_decode(&worker->input.root, &job, &error);
    if (rc) {
        worker_log_dropped("job", rc, &error);
        return;
    }
    worker->quiet_end.ms = now.ms + WORKER_QUIET_MS;
    if (is_repeated(worker, &job, now))
        return;
    struct slot *slot = idle_slot(worker);
    if (worker->phase != WORKER_SERVING)
        decline(worker, &job, "reason=stopping");
    else if (results_are_full(&worker->results))
        decline(worker, &job, "reason=unrecorded");
    else if (!slot)
        decline(worker, &job, "reason=busy");
    else
        start(worker, slot, &job, now, wall);
}

static void log_end(const struct slot *slot, const struct attempt_end *end, int stop)
{
    const struct job *job = &slot->job;
    char operation[UUID_TEXT_BUFFER];

    uuid_format(&job->operation_id, operation);
    if (stop_leaves_nothing(stop))
        log_line(LOG_INFO, "stopped", "operation=%s fence=%" PRId64 " reason=%s", operation,
                 job->fence, stop == STOP_CANCELLED ? "cancelled" : "superseded");
    else if (end->is_done)
        log_line(LOG_INFO, "done", "operation=%s fence=%" PRId64 " bytes=%" PRId64, operation,
                 job->fence, end->bytes);
    else
        log_line(LOG_WARNING, "failed", "operation=%s fence=%" PRId64 " code=%s retryable=%d",
                 operation, job->fence, failure_code_name(end->code), end->is_retryable);
}

void worker_on_end(struct worker *worker, const struct slot_end *end, const void *report,
                   size_t report_bytes, struct mono now)
{
    struct slot *slot = &worker->slots[end->number];
    const struct job *job = &slot->job;
    const struct bundle_identity bundle = {job->tenant_id, job->operation_id, job->fence};
    int stop = atomic_load(&slot->stop);
    bool is_wanted = !stop_leaves_nothing(stop);
    int rc = is_wanted && report_bytes == 0 ? -ERROR_MEMORY : 0; /* the report was not encoded */

    log_end(slot, &end->end, stop);
    if (is_wanted && !slot->is_told)
        reporter_started(&worker->reporter, job);
    if (is_wanted && !rc)
        rc = results_add(&worker->results, job->fence, report, report_bytes,
                         end->end.is_done ? &bundle : NULL, now);
    /* No heartbeat lists the fence, so that its lease ends and the daemon tries again. */
    if (rc)
        log_line(LOG_ERROR, "result_lost", "fence=%" PRId64 " code=%s", job->fence,
                 error_row(rc)->inner_code);
    /* A bundle that is not reported will never be published. */
    if ((!is_wanted || rc) && end->end.is_done)
        sweeper_remove(&worker->sweeper, &bundle);
    results_add_ended(&worker->results, job->fence);
    slot->is_busy = false;
    worker->slots_changed = true;
}

static void stop_slots(struct worker *worker)
{
    worker->phase = WORKER_STOPPING;
    for (int i = 0; i < worker->settings->slots; i++) {
        if (worker->slots[i].is_busy)
            slot_stop(&worker->slots[i], STOP_WORKER);
    }
}

void worker_on_signal(struct worker *worker, struct mono now)
{
    if (worker->phase == WORKER_SERVING) {
        worker->phase = WORKER_DRAINING;
        worker->quiet_end.ms = now.ms + WORKER_QUIET_MS;
        worker->grace_end.ms = now.ms + worker->settings->drain_ms;
    } else {
        stop_slots(worker);
        worker->is_flushing = true;
        worker->flush_end = now;
    }
    worker->slots_changed = true;
    log_line(LOG_INFO, "stopping", "is_graceful=%d unrecorded=%zu",
             worker->phase == WORKER_DRAINING, worker->results.count);
}

static void tell_heartbeat(struct worker *worker, struct mono now)
{
    int64_t fences[LIMIT_WORKER_SLOTS];
    uint32_t count = 0;
    int slots = worker->phase == WORKER_SERVING ? worker->settings->slots : 0;

    if (!worker->slots_changed && now.ms < worker->heartbeat_due.ms)
        return;
    for (int i = 0; i < worker->settings->slots; i++) {
        if (worker->slots[i].is_busy)
            fences[count++] = worker->slots[i].job.fence;
    }
    bool is_sent = reporter_heartbeat(&worker->reporter, slots, fences, count);
    worker->heartbeat_due.ms =
        now.ms + (is_sent ? worker->settings->heartbeat_interval_ms : RETRY_MS);
    worker->slots_changed = false;
}

static void tell_progress(struct worker *worker, struct slot *slot)
{
    int hundredths = atomic_load_explicit(&slot->progress.hundredths, memory_order_relaxed);
    int64_t rows = atomic_load_explicit(&slot->progress.rows, memory_order_relaxed);
    int64_t bytes = atomic_load_explicit(&slot->progress.bytes, memory_order_relaxed);

    if (hundredths == slot->told_hundredths && bytes == slot->told_bytes)
        return;
    if (!reporter_progress(&worker->reporter, &slot->job, hundredths / 100.0, rows, bytes))
        return;
    slot->told_hundredths = hundredths;
    slot->told_bytes = bytes;
}

static void look_after_slots(struct worker *worker, struct mono now)
{
    bool tells_progress = now.ms >= worker->progress_due.ms;

    for (int i = 0; i < worker->settings->slots; i++) {
        struct slot *slot = &worker->slots[i];

        if (!slot->is_busy)
            continue;
        if (now.ms >= slot->deadline.ms)
            slot_stop(slot, STOP_TIME_LIMIT);
        if (!slot->is_told)
            slot->is_told = reporter_started(&worker->reporter, &slot->job);
        if (slot->is_told && tells_progress)
            tell_progress(worker, slot);
    }
    if (tells_progress)
        worker->progress_due.ms = now.ms + WORKER_PROGRESS_MS;
}

static void repeat_results(struct worker *worker, struct mono now)
{
    for (size_t i = 0; i < worker->results.count; i++) {
        struct result *result = &worker->results.items[i];

        if (now.ms < result->repeat.ms)
            continue;
        bool is_sent = reporter_send(&worker->reporter, result->report, result->report_bytes);
        result->repeat.ms = now.ms + (is_sent ? worker->settings->repeat_interval_ms : RETRY_MS);
    }
}

void worker_on_time(struct worker *worker, struct mono now)
{
    look_after_slots(worker, now);
    repeat_results(worker, now);
    tell_heartbeat(worker,
                   now); /* after the results: a lease must not end before its result is told */
    if (worker->phase == WORKER_DRAINING && now.ms >= worker->grace_end.ms)
        stop_slots(worker);
    if (worker->phase != WORKER_SERVING && !worker->is_flushing && !has_busy_slot(worker)) {
        worker->is_flushing = true;
        worker->flush_end.ms = now.ms + WORKER_FLUSH_MS;
    }
}

static void sooner(int64_t *wait_ms, struct mono due, struct mono now)
{
    int64_t left_ms = due.ms > now.ms ? due.ms - now.ms : 0;

    if (left_ms < *wait_ms)
        *wait_ms = left_ms;
}

int worker_wait_ms(const struct worker *worker, struct mono now)
{
    int64_t wait_ms = worker->settings->heartbeat_interval_ms;

    sooner(&wait_ms, worker->heartbeat_due, now);
    for (size_t i = 0; i < worker->results.count; i++)
        sooner(&wait_ms, worker->results.items[i].repeat, now);
    for (int i = 0; i < worker->settings->slots; i++) {
        const struct slot *slot = &worker->slots[i];

        if (slot->is_busy) {
            sooner(&wait_ms, worker->progress_due, now);
            sooner(&wait_ms, slot->deadline, now);
        }
        if (slot->is_busy && !slot->is_told && wait_ms > RETRY_MS)
            wait_ms = RETRY_MS;
    }
    if (worker->phase == WORKER_DRAINING)
        sooner(&wait_ms, worker->grace_end, now);
    if (worker->is_flushing) {
        sooner(&wait_ms, worker->flush_end, now);
        if (worker->results.count == 0)
            sooner(&wait_ms, worker->quiet_end, now);
    }
    return (int)wait_ms;
}

bool worker_is_finished(const struct worker *worker, struct mono now)
{
    bool is_settled = worker->results.count == 0 && now.ms >= worker->quiet_end.ms;

    return worker->phase != WORKER_SERVING && !has_busy_slot(worker) &&
           (is_settled || (worker->is_flushing && now.ms >= worker->flush_end.ms));
}
