// SPDX-License-Identifier: MIT
#include "daemon/show.h"

#include "schemas/base/errors.h"

static const char *const failure_messages[FAILURE_CODE_COUNT] = {
    [FAILURE_CODE_SOURCE_FAILED] = "A required source could not be gathered.",
    [FAILURE_CODE_SOURCE_UNAVAILABLE] = "A required source could not be reached.",
    [FAILURE_CODE_PROFILE_NOT_FOUND] = "The profile was not in the worker's registry any more.",
    [FAILURE_CODE_REGISTRY_UNAVAILABLE] = "The worker could not read its registry of profiles.",
    [FAILURE_CODE_BUNDLE_NOT_WRITTEN] = "The bundle could not be written.",
    [FAILURE_CODE_BUNDLE_TOO_LARGE] = "The bundle is larger than the worker's limit.",
    [FAILURE_CODE_BUNDLE_DISK_FULL] = "The bundle store is full.",
    [FAILURE_CODE_WORKER_LOST] = "The worker fell silent while it was gathering.",
    [FAILURE_CODE_WORKER_STOPPED] = "The worker was stopped while it was gathering.",
    [FAILURE_CODE_TIME_LIMIT] = "The attempt took longer than the worker's limit.",
    [FAILURE_CODE_CANCELLED] = "Somebody who may do so cancelled it.",
    [FAILURE_CODE_DENIED] = "An approver of its tenant denied it.",
    [FAILURE_CODE_REQUESTER_REVOKED] =
        "Access was taken back from who requested it, or acted for him, before it was complete.",
    [FAILURE_CODE_OVERDUE] = "It was overdue for longer than the service goes on with it.",
    [FAILURE_CODE_INTERNAL_ERROR] = "The worker met an error of its own; its log says which.",
};

const char *show_failure(enum failure_code code)
{
    return failure_messages[code];
}

static bool is_progressing(const struct record *record, const struct attempt *attempt)
{
    return attempt && attempt->is_running && record->stage == OPERATION_STAGE_GATHERING;
}

enum operation_stage show_stage(const struct record *record, const struct attempt *attempt)
{
    return attempt && !attempt->is_running && record->stage == OPERATION_STAGE_QUEUED
               ? OPERATION_STAGE_OFFERED
               : record->stage;
}

static double progress_of(const struct record *record, const struct attempt *attempt)
{
    if (record->stage == OPERATION_STAGE_DONE) {
        return 100;
    }
    return is_progressing(record, attempt) ? attempt->progress : 0;
}

static int show_result(struct text result, struct wire_input *input, struct operation *operation)
{
    struct operation_result decoded;
    struct wire_error error;

    if (result.size_bytes == 0) {
        return 0;
    }
    if (wire_parse(input, result.data, result.size_bytes, &error) ||
        operation_result_decode(&input->root, &decoded, &error)) {
        return -ERROR_DAMAGED;
    }
    operation->sources = decoded.sources;
    operation->has_storage_location = decoded.has_storage_location;
    operation->storage_location = decoded.storage_location;
    operation->has_bundle = decoded.has_bundle;
    operation->bundle = decoded.bundle;
    return 0;
}

int show_operation(const struct record *record, struct text result, const struct attempt *attempt,
                   struct wire_input *input, struct operation *operation)
{
    *operation = (struct operation){
        .id = record->id,
        .user_id = record->user_id,
        .status = record->status,
        .progress = progress_of(record, attempt),
        .submitted_date_time = record->submitted,
        .has_completed_date_time = record->completed.ms != 0,
        .completed_date_time = record->completed,
        .stage = show_stage(record, attempt),
        .attempt = record->attempt,
        .lost_attempts = record->lost_attempts,
        .has_failure = record->has_failure,
        .approval = record->approval,
        .requested_by = record->requested_by,
        .due_date_time = record->due,
        .overdue = record->overdue.ms != 0,
        .has_expiration_date_time = record->expiration.ms != 0,
        .expiration_date_time = record->expiration,
        .sequence = record->sequence,
        .revision = record->revision,
        .has_retry_of = record->has_retry_of,
        .retry_of = record->retry_of,
        .has_cancelled_by = record->has_cancelled_by,
        .cancelled_by = record->cancelled_by,
        .has_decided_by = record->has_decided_by,
        .decided_by = record->decided_by,
        .has_decided_date_time = record->has_decided_by,
        .decided_date_time = record->decided,
    };
    if (record->has_failure) {
        operation->failure.code = record->failure;
        operation->failure.message = text_of(show_failure(record->failure));
        operation->failure.retryable = record->failure_is_retryable;
    }
    return show_result(result, input, operation);
}

struct event show_event(enum event_kind kind, const struct record *record,
                        const struct attempt *attempt, struct wall now)
{
    return (struct event){
        .sequence = record->sequence,
        .operation_id = record->id,
        .tenant_id = record->tenant_id,
        .revision = record->revision,
        .kind = kind,
        .status = record->status,
        .stage = show_stage(record, attempt),
        .progress = progress_of(record, attempt),
        .attempt = record->attempt,
        .date_time = now,
        .has_failure_code = record->has_failure,
        .failure_code = record->failure,
        .has_rows = is_progressing(record, attempt),
        .rows = is_progressing(record, attempt) ? attempt->rows : 0,
        .has_bytes = is_progressing(record, attempt),
        .bytes = is_progressing(record, attempt) ? attempt->bytes : 0,
    };
}
