// SPDX-License-Identifier: MIT
#include "workers/runtime/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "workers/runtime/registry.h"
#include "workers/runtime/stop.h"

#define PROGRESS_AT_MOST 9900 /* the last percent is the published bundle */
#define LOCATION_BYTES   513

struct attempt {
    const struct settings *settings;
    const struct attempt_order *order;
    const atomic_int *stop;
    struct attempt_progress *progress;
    struct attempt_end *end;
    struct bundle_writer *bundle;
    struct source_outcome outcomes[LIMIT_SOURCES];
    size_t source; /* the one being gathered */
    int64_t rows;  /* of the sources before it */
    int64_t bytes;
    struct registry_profile profile;
    int permit_error; /* why the profile may not be exported any more; 0 or negative */
};

struct failure_row {
    int error;
    enum failure_code code;
    bool is_retryable;
};

static const struct failure_row registry_failures[] = {
    {ERROR_NOT_FOUND, FAILURE_CODE_PROFILE_NOT_FOUND, false},
    {ERROR_REGISTRY, FAILURE_CODE_REGISTRY_UNAVAILABLE, true},
    {ERROR_DAMAGED, FAILURE_CODE_REGISTRY_UNAVAILABLE, false},
    {0, FAILURE_CODE_INTERNAL_ERROR, true},
};

static const struct failure_row bundle_failures[] = {
    {ERROR_DISK_FULL, FAILURE_CODE_BUNDLE_DISK_FULL, true},
    {ERROR_BUNDLE_TOO_LARGE, FAILURE_CODE_BUNDLE_TOO_LARGE, false},
    {ERROR_MEMORY, FAILURE_CODE_INTERNAL_ERROR, true},
    {ERROR_INTERNAL, FAILURE_CODE_INTERNAL_ERROR, false},
    {0, FAILURE_CODE_BUNDLE_NOT_WRITTEN, true},
};

static void fail(struct attempt *attempt, enum failure_code code, bool is_retryable)
{
    attempt->end->code = code;
    attempt->end->is_retryable = is_retryable;
}

/* The row of an error; the last row, whose error is 0, stands for the rest. */
static void fail_by(struct attempt *attempt, const struct failure_row *rows, int rc)
{
    while (rows->error != 0 && rows->error != -rc)
        rows++;
    fail(attempt, rows->code, rows->is_retryable);
}

static void fail_stopped(struct attempt *attempt)
{
    bool is_late = atomic_load(attempt->stop) == STOP_TIME_LIMIT;

    fail(attempt, is_late ? FAILURE_CODE_TIME_LIMIT : FAILURE_CODE_WORKER_STOPPED, true);
}

/* The daemon is told a code; only the log says what the system said. */
static void fail_bundle(struct attempt *attempt, int rc)
{
    int number = rc == -ERROR_IO ? errno : 0;
    char operation[UUID_TEXT_BUFFER];

    if (rc == -ERROR_CANCELLED) {
        fail_stopped(attempt);
        return;
    }
    fail_by(attempt, bundle_failures, rc);
    log_line(LOG_WARNING, "bundle_failed", "operation=%s fence=%lld code=%s errno=%d",
             uuid_format(&attempt->order->job.operation_id, operation),
             (long long)attempt->order->job.fence, error_row(rc)->inner_code, number);
}

static void fail_registry(struct attempt *attempt, int rc)
{
    if (rc == -ERROR_CANCELLED)
        fail_stopped(attempt);
    else
        fail_by(attempt, registry_failures, rc);
}

static const char *source_of(const struct attempt *attempt)
{
    return source_name(attempt->settings->sources[attempt->source]);
}

static int on_entry_begin(void *context, const char *name)
{
    const struct attempt *attempt = context;

    return bundle_entry_begin(attempt->bundle, source_of(attempt), name);
}

static int on_write(void *context, const void *bytes, size_t size_bytes)
{
    const struct attempt *attempt = context;

    return bundle_entry_write(attempt->bundle, bytes, size_bytes);
}

static int on_entry_end(void *context)
{
    const struct attempt *attempt = context;

    return bundle_entry_end(attempt->bundle);
}

/* Every source has an equal share: their sizes are not known before they are read. */
static void on_progress(void *context, const struct source_counts *counts, double share)
{
    struct attempt *attempt = context;
    double done = ((double)attempt->source + share) / (double)attempt->settings->source_count;

    atomic_store_explicit(&attempt->progress->rows, attempt->rows + counts->rows,
                          memory_order_relaxed);
    atomic_store_explicit(&attempt->progress->bytes, attempt->bytes + counts->bytes,
                          memory_order_relaxed);
    atomic_store_explicit(&attempt->progress->hundredths, (int)(done * PROGRESS_AT_MOST),
                          memory_order_relaxed);
}

static const struct sink_functions sink_functions = {
    .entry_begin = on_entry_begin,
    .write = on_write,
    .entry_end = on_entry_end,
    .progress = on_progress,
};

static void log_source(const struct attempt *attempt, const struct source_outcome *outcome)
{
    char operation[UUID_TEXT_BUFFER];
    char detail[2 * SOURCE_DETAIL_BYTES];

    if (outcome->state == SOURCE_STATE_COMPLETE || outcome->state == SOURCE_STATE_EMPTY)
        return;
    log_line(
        LOG_WARNING, "source_incomplete",
        "operation=%s fence=%lld source=%s state=%s reason=%s rows=%lld files=%lld bytes=%lld "
        "detail=%s",
        uuid_format(&attempt->order->job.operation_id, operation),
        (long long)attempt->order->job.fence, source_of(attempt), source_state_name(outcome->state),
        source_reason_name(outcome->reason), (long long)outcome->counts.rows,
        (long long)outcome->counts.files, (long long)outcome->counts.bytes,
        log_value(text_of(outcome->detail[0] ? outcome->detail : "-"), detail, sizeof(detail)));
}

/* Why the source that was being read did not end by itself. */
static enum source_reason interruption(const struct attempt *attempt, int rc)
{
    if (rc != -ERROR_CANCELLED)
        return SOURCE_REASON_INTERNAL_ERROR;
    return atomic_load(attempt->stop) == STOP_TIME_LIMIT ? SOURCE_REASON_TIME_LIMIT
                                                         : SOURCE_REASON_STOPPED;
}

/* Returns whether the attempt goes on. */
static bool gather_source(struct attempt *attempt, const struct source_subject *subject)
{
    const struct source *source = attempt->settings->sources[attempt->source];
    struct source_outcome *outcome = &attempt->outcomes[attempt->source];
    const struct sink sink = {&sink_functions, attempt};

    int rc = source_gather(source, subject, &sink, attempt->stop, outcome);
    if (rc)
        outcome->reason = interruption(attempt, rc);
    log_source(attempt, outcome);
    attempt->rows += outcome->counts.rows;
    attempt->bytes += outcome->counts.bytes;
    if (rc) {
        fail_bundle(attempt, rc);
        return false;
    }
    if (outcome->state == SOURCE_STATE_FAILED && source_is_required(source)) {
        fail(attempt,
             outcome->is_retryable ? FAILURE_CODE_SOURCE_UNAVAILABLE : FAILURE_CODE_SOURCE_FAILED,
             outcome->is_retryable);
        return false;
    }
    on_progress(attempt, &(struct source_counts){0}, 1.0);
    return true;
}

static bool gather_sources(struct attempt *attempt)
{
    char ids[3][UUID_TEXT_BUFFER];
    const struct job *job = &attempt->order->job;
    const struct source_subject subject = {
        .tenant_id = {uuid_format(&job->tenant_id, ids[0]), UUID_TEXT_BYTES},
        .user_id = {uuid_format(&job->user_id, ids[1]), UUID_TEXT_BYTES},
        .home_tenant_id = {uuid_format(&attempt->profile.home_tenant_id, ids[2]), UUID_TEXT_BYTES},
        .user_principal_name = text_of(attempt->profile.user_principal_name),
    };

    for (; attempt->source < attempt->settings->source_count; attempt->source++) {
        if (!gather_source(attempt, &subject))
            return false;
    }
    return true;
}

static void put_sources(const struct attempt *attempt, struct wire_output *items,
                        struct wire_list *list, bool *is_complete)
{
    *is_complete = true;
    for (size_t i = 0; i < attempt->settings->source_count; i++) {
        const struct source_outcome *outcome = &attempt->outcomes[i];
        struct source_result result = {
            .name = text_of(source_name(attempt->settings->sources[i])),
            .state = outcome->state,
            .rows = outcome->counts.rows,
            .files = outcome->counts.files,
            .bytes = outcome->counts.bytes,
            .reason = outcome->reason,
        };

        *is_complete &=
            outcome->state == SOURCE_STATE_COMPLETE || outcome->state == SOURCE_STATE_EMPTY;
        source_result_encode(&result, items);
    }
    *list = (struct wire_list){
        .item = &source_result_schema,
        .encoded = items->data,
        .encoded_bytes = items->size_bytes,
        .count = (uint32_t)attempt->settings->source_count,
    };
}

static int finish_bundle(struct attempt *attempt, struct bundle_result *result)
{
    const struct job *job = &attempt->order->job;
    const struct request_info info = {
        .operation_id = job->operation_id,
        .tenant_id = job->tenant_id,
        .profile = {.user_id = job->user_id,
                    .user_principal_name = text_of(attempt->profile.user_principal_name),
                    .display_name = text_of(attempt->profile.display_name),
                    .home_tenant_id = attempt->profile.home_tenant_id},
        .submitted_date_time = job->submitted_date_time,
        .generated_date_time = attempt->order->now,
        .attempt = job->attempt,
        .software = TEXT("export-worker " EXPORTD_VERSION),
    };
    struct completeness completeness = {.operation_id = job->operation_id};
    struct wire_output items = WIRE_OUTPUT_INIT;

    put_sources(attempt, &items, &completeness.sources, &completeness.is_complete);
    int rc = items.error;
    if (!rc)
        rc = bundle_finish(&attempt->bundle, &info, &completeness, result);
    wire_output_release(&items);
    return rc;
}

/* The URL of a bundle: the last two components of its path are the tenant and the name. */
static struct text location_of(const struct settings *settings, const char *path,
                               char location[LOCATION_BYTES])
{
    const char *name = strrchr(path, '/');
    const char *tail = name ? memrchr(path, '/', (size_t)(name - path)) : NULL;
    int bytes = snprintf(location, LOCATION_BYTES, "%s%s", settings->base_url, tail ? tail : path);

    return (struct text){location, bytes > 0 && bytes < LOCATION_BYTES ? (uint32_t)bytes : 0};
}

static void encode_done(const struct attempt *attempt, const struct bundle_result *result,
                        struct wire_output *report)
{
    char location[LOCATION_BYTES];
    struct wire_output items = WIRE_OUTPUT_INIT;
    struct done_report done = {
        .worker = text_of(attempt->settings->name),
        .instance = attempt->settings->instance,
        .operation_id = attempt->order->job.operation_id,
        .fence = attempt->order->job.fence,
        .storage_location = location_of(attempt->settings, result->path, location),
        .bundle = {.sha256 = text_of(result->sha256), .bytes = (int64_t)result->size_bytes},
    };
    bool is_complete;

    put_sources(attempt, &items, &done.sources, &is_complete);
    done_report_encode(&done, report);
    if (items.error)
        report->error = items.error;
    wire_output_release(&items);
}

static void encode_failed(const struct attempt *attempt, struct wire_output *report)
{
    struct wire_output items = WIRE_OUTPUT_INIT;
    struct failed_report failed = {
        .worker = text_of(attempt->settings->name),
        .instance = attempt->settings->instance,
        .operation_id = attempt->order->job.operation_id,
        .fence = attempt->order->job.fence,
        .code = attempt->end->code,
        .retryable = attempt->end->is_retryable,
    };
    bool is_complete;

    put_sources(attempt, &items, &failed.sources, &is_complete);
    failed_report_encode(&failed, report);
    if (items.error)
        report->error = items.error;
    wire_output_release(&items);
}

static int find_profile(const struct attempt *attempt, struct registry_profile *profile)
{
    const struct job *job = &attempt->order->job;

    return registry_find(&attempt->settings->registry, &job->tenant_id, &job->user_id,
                         attempt->stop, profile);
}

/* Gathering may take long, and the profile may have ceased to be shared meanwhile. */
static int permit(void *context)
{
    struct attempt *attempt = context;
    struct registry_profile still;

    attempt->permit_error = find_profile(attempt, &still);
    return attempt->permit_error;
}

static bool begin(struct attempt *attempt)
{
    const struct settings *settings = attempt->settings;
    const struct job *job = &attempt->order->job;
    const struct bundle_options options = {
        .directory = settings->bundle_directory,
        .compression_level = settings->compression_level,
        .maximum_bytes = (uint64_t)settings->bundle_bytes,
        .maximum_files = (uint64_t)settings->bundle_files,
        .stop = attempt->stop,
        .permit = permit,
        .permit_context = attempt,
    };

    int rc = find_profile(attempt, &attempt->profile);
    if (rc) {
        fail_registry(attempt, rc);
        return false;
    }
    rc = bundle_begin(&attempt->bundle, &options, &job->tenant_id, &job->operation_id, job->fence,
                      attempt->order->now);
    if (rc)
        fail_bundle(attempt, rc);
    return rc == 0;
}

static bool publish(struct attempt *attempt, struct bundle_result *result)
{
    int rc = finish_bundle(attempt, result);

    if (attempt->permit_error)
        fail_registry(attempt, attempt->permit_error);
    else if (rc)
        fail_bundle(attempt, rc);
    return rc == 0;
}

void attempt_run(const struct settings *settings, const struct attempt_order *order,
                 const atomic_int *stop, struct attempt_progress *progress, struct attempt_end *end,
                 struct wire_output *report)
{
    struct attempt attempt = {
        .settings = settings, .order = order, .stop = stop, .progress = progress, .end = end};
    struct bundle_result result = {0};

    *end = (struct attempt_end){0};
    for (size_t i = 0; i < settings->source_count; i++)
        attempt.outcomes[i] = (struct source_outcome){.state = SOURCE_STATE_SKIPPED,
                                                      .reason = SOURCE_REASON_NOT_ATTEMPTED};
    if (begin(&attempt) && gather_sources(&attempt) && publish(&attempt, &result)) {
        end->is_done = true;
        end->bytes = (int64_t)result.size_bytes;
    }
    bundle_abort(&attempt.bundle);
    if (end->is_done)
        encode_done(&attempt, &result, report);
    else if (!stop_leaves_nothing(atomic_load(stop)))
        encode_failed(&attempt, report);
    if (report->error)
        wire_output_clear(report);
}
