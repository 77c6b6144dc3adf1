// SPDX-License-Identifier: MIT
#include "workers/runtime/reporter.h"

#include <zmq.h>

void reporter_init(struct reporter *reporter, const struct settings *settings, void *socket)
{
    *reporter = (struct reporter){.settings = settings, .socket = socket};
}

void reporter_release(struct reporter *reporter)
{
    wire_output_release(&reporter->output);
    wire_output_release(&reporter->items);
}

bool reporter_send(struct reporter *reporter, const void *report, size_t report_bytes)
{
    return zmq_send(reporter->socket, report, report_bytes, ZMQ_DONTWAIT) >= 0;
}

static bool send_output(struct reporter *reporter)
{
    bool is_sent = !reporter->output.error &&
                   reporter_send(reporter, reporter->output.data, reporter->output.size_bytes);

    wire_output_clear(&reporter->output);
    return is_sent;
}

bool reporter_started(struct reporter *reporter, const struct job *job)
{
    const struct started_report report = {
        .worker = text_of(reporter->settings->name),
        .instance = reporter->settings->instance,
        .operation_id = job->operation_id,
        .fence = job->fence,
    };

    started_report_encode(&report, &reporter->output);
    return send_output(reporter);
}

bool reporter_declined(struct reporter *reporter, const struct job *job)
{
    const struct declined_report report = {
        .worker = text_of(reporter->settings->name),
        .instance = reporter->settings->instance,
        .operation_id = job->operation_id,
        .fence = job->fence,
    };

    declined_report_encode(&report, &reporter->output);
    return send_output(reporter);
}

bool reporter_progress(struct reporter *reporter, const struct job *job, double progress,
                       int64_t rows, int64_t bytes)
{
    const struct progress_report report = {
        .worker = text_of(reporter->settings->name),
        .instance = reporter->settings->instance,
        .operation_id = job->operation_id,
        .fence = job->fence,
        .progress = progress,
        .rows = rows,
        .bytes = bytes,
    };

    progress_report_encode(&report, &reporter->output);
    return send_output(reporter);
}

bool reporter_found(struct reporter *reporter, const struct bundle_identity *bundle)
{
    const struct found_report report = {
        .worker = text_of(reporter->settings->name),
        .instance = reporter->settings->instance,
        .operation_id = bundle->operation,
        .fence = bundle->fence,
    };

    found_report_encode(&report, &reporter->output);
    return send_output(reporter);
}

bool reporter_heartbeat(struct reporter *reporter, int slots, const int64_t *fences,
                        uint32_t fence_count)
{
    struct heartbeat_report report = {
        .worker = text_of(reporter->settings->name),
        .instance = reporter->settings->instance,
        .slots = slots,
    };

    wire_output_clear(&reporter->items);
    for (uint32_t i = 0; i < fence_count; i++)
        wire_integer(&reporter->items, fences[i]);
    report.running.encoded = reporter->items.data;
    report.running.encoded_bytes = reporter->items.size_bytes;
    report.running.count = fence_count;
    heartbeat_report_encode(&report, &reporter->output);
    return !reporter->items.error && send_output(reporter);
}
