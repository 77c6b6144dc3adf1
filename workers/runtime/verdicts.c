// SPDX-License-Identifier: MIT
#include "workers/runtime/verdicts.h"

#include <inttypes.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"

static void log_found(const struct bundle_identity *bundle, const char *verdict)
{
    char operation[UUID_TEXT_BUFFER];

    log_line(LOG_INFO, "found", "operation=%s fence=%" PRId64 " verdict=%s",
             uuid_format(&bundle->operation, operation), bundle->fence, verdict);
}

static bool is_own(struct worker *worker, int64_t fence)
{
    return worker_slot_of(worker, fence) || results_find(&worker->results, fence) ||
           results_have_ended(&worker->results, fence);
}

static bool take_found(struct worker *worker, int64_t fence, struct bundle_identity *bundle)
{
    return !is_own(worker, fence) && found_take(&worker->found, fence, bundle);
}

static void recorded(struct worker *worker, int64_t fence)
{
    struct result *result = results_find(&worker->results, fence);
    struct bundle_identity bundle;

    if (take_found(worker, fence, &bundle)) {
        log_found(&bundle, "recorded");
        sweeper_keep(&worker->sweeper, &bundle);
    }
    if (!result)
        return;
    if (result->has_bundle)
        sweeper_keep(&worker->sweeper, &result->bundle);
    results_remove(&worker->results, result);
    log_line(LOG_DEBUG, "recorded", "fence=%" PRId64, fence);
}

static void stop(struct worker *worker, int64_t fence, enum stop_reason reason, const char *verdict)
{
    struct slot *slot = worker_slot_of(worker, fence);
    struct result *result = results_find(&worker->results, fence);
    struct bundle_identity bundle;

    if (take_found(worker, fence, &bundle)) {
        log_found(&bundle, verdict);
        sweeper_remove(&worker->sweeper, &bundle);
    }
    if (slot)
        slot_stop(slot, reason);
    if (slot || result)
        log_line(LOG_INFO, verdict, "fence=%" PRId64 " is_running=%d", fence, slot != NULL);
    if (!result)
        return;
    if (result->has_bundle)
        sweeper_remove(&worker->sweeper, &result->bundle);
    results_remove(&worker->results, result);
}

static void superseded(struct worker *worker, int64_t fence)
{
    stop(worker, fence, STOP_SUPERSEDED, "superseded");
}

static void cancelled(struct worker *worker, int64_t fence)
{
    stop(worker, fence, STOP_CANCELLED, "cancelled");
}

static void for_each(struct worker *worker, const struct wire_list *fences,
                     void (*act)(struct worker *worker, int64_t fence))
{
    for (uint32_t i = 0; i < fences->count; i++) {
        int64_t fence;

        codec_item(fences, i, &fence);
        act(worker, fence);
    }
}

void verdicts_receive(struct worker *worker, const void *bytes, size_t size_bytes)
{
    struct wire_error error = {0};
    struct notice notice;

    int rc = wire_parse(&worker->input, bytes, size_bytes, &error);
    if (!rc)
        rc = notice_decode(&worker->input.root, &notice, &error);
    if (rc) {
        worker_log_dropped("notice", rc, &error);
        return;
    }
    for_each(worker, &notice.recorded, recorded);
    for_each(worker, &notice.superseded, superseded);
    for_each(worker, &notice.cancelled, cancelled);
}

void verdicts_ask(struct worker *worker, const struct bundle_identity *bundle)
{
    if (!is_own(worker, bundle->fence) && found_add(&worker->found, bundle))
        reporter_found(&worker->reporter, bundle);
}
