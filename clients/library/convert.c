// SPDX-License-Identifier: MIT
#include "clients/library/convert.h"

#include <string.h>

#include "clients/library/failure.h"

/* The public statuses are one more, because of ANY. */
static enum exportd_status status_of(enum operation_status status)
{
    return (enum exportd_status)((int)status + 1);
}

_Static_assert((int)EXPORTD_STATUS_NOT_STARTED == (int)OPERATION_STATUS_NOT_STARTED + 1 &&
                   (int)EXPORTD_STATUS_RUNNING == (int)OPERATION_STATUS_RUNNING + 1 &&
                   (int)EXPORTD_STATUS_COMPLETE == (int)OPERATION_STATUS_COMPLETE + 1 &&
                   (int)EXPORTD_STATUS_FAILED == (int)OPERATION_STATUS_FAILED + 1,
               "the public statuses follow operationStatus.yaml");

const char *exportd_status_name(enum exportd_status status)
{
    if (status < EXPORTD_STATUS_NOT_STARTED || status > EXPORTD_STATUS_FAILED) {
        return "";
    }
    return operation_status_names[(int)status - 1];
}

enum exportd_status exportd_status_of(const char *name)
{
    int found = name ? codec_enum_of(operation_status_names, text_of(name)) : -1;

    return found < 0 ? EXPORTD_STATUS_ANY : status_of((enum operation_status)found);
}

bool exportd_status_is_final(enum exportd_status status)
{
    return status == EXPORTD_STATUS_COMPLETE || status == EXPORTD_STATUS_FAILED;
}

static void convert_word(char array[EXPORTD_WORD_BYTES], const char *const *names, int value)
{
    failure_copy(array, EXPORTD_WORD_BYTES, text_of(names[value]));
}

static void convert_source(const struct source_result *from, struct exportd_source *to)
{
    CONVERT_TEXT(to->name, from->name);
    convert_word(to->state, source_state_names, (int)from->state);
    convert_word(to->reason, source_reason_names, (int)from->reason);
    to->rows = from->rows;
    to->files = from->files;
    to->bytes = from->bytes;
}

static void convert_sources(const struct wire_list *from, struct exportd_operation *to)
{
    for (uint32_t i = 0; i < from->count && i < EXPORTD_SOURCES; i++) {
        struct source_result source;

        codec_item(from, i, &source);
        convert_source(&source, &to->sources[i]);
        to->source_count++;
    }
}

static void convert_times(const struct operation *from, struct exportd_operation *to)
{
    date_time_format(from->submitted_date_time, to->submitted_date_time);
    date_time_format(from->due_date_time, to->due_date_time);
    if (from->has_completed_date_time) {
        date_time_format(from->completed_date_time, to->completed_date_time);
    }
    if (from->has_expiration_date_time) {
        date_time_format(from->expiration_date_time, to->expiration_date_time);
    }
}

/* What an operation has only when it ended, well or not. */
static void convert_end(const struct operation *from, struct exportd_operation *to)
{
    if (from->has_storage_location) {
        CONVERT_TEXT(to->storage_location, from->storage_location);
    }
    if (from->has_failure) {
        convert_word(to->failure_code, failure_code_names, (int)from->failure.code);
        CONVERT_TEXT(to->failure_message, from->failure.message);
        to->failure_is_retryable = from->failure.retryable;
    }
    if (from->has_bundle) {
        CONVERT_TEXT(to->bundle_sha256, from->bundle.sha256);
        to->bundle_bytes = from->bundle.bytes;
    }
}

static void convert_decision(const struct operation *from, struct exportd_operation *to)
{
    if (from->has_decided_by) {
        uuid_format(&from->decided_by, to->decided_by);
    }
    if (from->has_decided_date_time) {
        date_time_format(from->decided_date_time, to->decided_date_time);
    }
    if (from->has_decision_reason) {
        CONVERT_TEXT(to->decision_reason, from->decision_reason);
    }
}

/* Whom and what else an operation names. */
static void convert_relations(const struct operation *from, struct exportd_operation *to)
{
    uuid_format(&from->requested_by, to->requested_by);
    if (from->has_retry_of) {
        uuid_format(&from->retry_of, to->retry_of);
    }
    if (from->has_cancelled_by) {
        uuid_format(&from->cancelled_by, to->cancelled_by);
    }
}

void convert_receipt(const struct receipt *from, bool is_there, struct exportd_accepted *to)
{
    to->receipt_sequence = is_there ? from->sequence : 0;
    to->receipt_head[0] = '\0';
    if (is_there) {
        CONVERT_TEXT(to->receipt_head, from->head);
    }
}

void convert_operation(const struct operation *from, struct exportd_operation *to)
{
    *to = (struct exportd_operation){0};
    uuid_format(&from->id, to->id);
    uuid_format(&from->user_id, to->user_id);
    to->status = status_of(from->status);
    to->progress = from->progress;
    convert_word(to->stage, operation_stage_names, (int)from->stage);
    to->attempt = from->attempt;
    to->lost_attempts = from->lost_attempts;
    to->overdue = from->overdue;
    convert_word(to->approval, operation_approval_names, (int)from->approval);
    to->sequence = from->sequence;
    to->revision = from->revision;
    convert_times(from, to);
    convert_end(from, to);
    convert_relations(from, to);
    convert_decision(from, to);
    convert_sources(&from->sources, to);
}

void convert_profile(const struct profile *from, struct exportd_profile *to)
{
    *to = (struct exportd_profile){0};
    uuid_format(&from->user_id, to->user_id);
    uuid_format(&from->home_tenant_id, to->home_tenant_id);
    CONVERT_TEXT(to->user_principal_name, from->user_principal_name);
    CONVERT_TEXT(to->display_name, from->display_name);
}

void convert_event(const struct event *from, struct exportd_event *to)
{
    *to = (struct exportd_event){.sequence = from->sequence,
                                 .revision = from->revision,
                                 .status = status_of(from->status),
                                 .progress = from->progress,
                                 .attempt = from->attempt,
                                 .rows = from->has_rows ? from->rows : -1,
                                 .bytes = from->has_bytes ? from->bytes : -1};
    uuid_format(&from->operation_id, to->operation_id);
    uuid_format(&from->tenant_id, to->tenant_id);
    convert_word(to->kind, event_kind_names, (int)from->kind);
    convert_word(to->stage, operation_stage_names, (int)from->stage);
    date_time_format(from->date_time, to->date_time);
    if (from->has_failure_code) {
        convert_word(to->failure_code, failure_code_names, (int)from->failure_code);
    }
}

void convert_snapshot(const struct exportd_operation *from, struct exportd_event *to)
{
    *to = (struct exportd_event){.sequence = from->sequence,
                                 .revision = from->revision,
                                 .status = from->status,
                                 .progress = from->progress,
                                 .attempt = from->attempt,
                                 .rows = -1,
                                 .bytes = -1};
    memcpy(to->operation_id, from->id, sizeof(to->operation_id));
    convert_word(to->kind, event_kind_names, EVENT_KIND_SNAPSHOT);
    memcpy(to->stage, from->stage, sizeof(to->stage));
    memcpy(to->failure_code, from->failure_code, sizeof(to->failure_code));
    memcpy(to->date_time,
           from->completed_date_time[0] ? from->completed_date_time : from->submitted_date_time,
           sizeof(to->date_time));
}

void convert_statistics(const struct statistics *from, struct exportd_statistics *to)
{
    *to = (struct exportd_statistics){.awaiting_approval = from->awaiting_approval,
                                      .queued = from->queued,
                                      .gathering = from->gathering,
                                      .retry_wait = from->retry_wait,
                                      .complete = from->complete,
                                      .failed = from->failed,
                                      .overdue = from->overdue,
                                      .paused = from->paused,
                                      .workers = from->workers,
                                      .slots = from->slots,
                                      .sequence = from->sequence,
                                      .uptime_seconds = from->uptime_seconds};
    CONVERT_TEXT(to->version, from->version);
}

void convert_pauses(const struct pauses *from, struct exportd_pauses *to)
{
    *to = (struct exportd_pauses){.everything = from->everything};
    for (; to->tenant_count < from->tenants.count && to->tenant_count < EXPORTD_PAUSED_TENANTS;
         to->tenant_count++) {
        struct uuid tenant;

        codec_item(&from->tenants, (uint32_t)to->tenant_count, &tenant);
        uuid_format(&tenant, to->tenants[to->tenant_count]);
    }
}

bool convert_is_change(const struct exportd_event *event)
{
    return strcmp(event->kind, event_kind_names[EVENT_KIND_PROGRESS]) != 0 &&
           strcmp(event->kind, event_kind_names[EVENT_KIND_SNAPSHOT]) != 0;
}
