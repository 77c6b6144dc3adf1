// SPDX-License-Identifier: MIT
#include "daemon/store/row.h"

#include <string.h>

#include "schemas/base/errors.h"

static struct chain_value number(int64_t integer)
{
    return (struct chain_value){.integer = integer};
}

static struct chain_value bytes(const void *data, size_t size_bytes)
{
    return (struct chain_value){.data = data, .size_bytes = (uint32_t)size_bytes};
}

static struct chain_value name(const char *text)
{
    return bytes(text, strlen(text));
}

static struct chain_value optional(bool is_there, const void *data, size_t size_bytes)
{
    return is_there ? bytes(data, size_bytes) : (struct chain_value){0};
}

void row_values(enum event_kind kind, const struct record *record, struct text result,
                struct chain_value values[CHAIN_COLUMN_COUNT])
{
    values[CHAIN_kind] = name(event_kind_name(kind));
    values[CHAIN_id] = bytes(record->id.bytes, UUID_BYTES);
    values[CHAIN_tenant_id] = bytes(record->tenant_id.bytes, UUID_BYTES);
    values[CHAIN_user_id] = bytes(record->user_id.bytes, UUID_BYTES);
    values[CHAIN_requested_by] = bytes(record->requested_by.bytes, UUID_BYTES);
    values[CHAIN_sequence] = number(record->sequence);
    values[CHAIN_revision] = number(record->revision);
    values[CHAIN_status] = name(operation_status_name(record->status));
    values[CHAIN_stage] = name(operation_stage_name(record->stage));
    values[CHAIN_attempt] = number(record->attempt);
    values[CHAIN_fence] = number(record->fence);
    values[CHAIN_failure] =
        record->has_failure ? name(failure_code_name(record->failure)) : (struct chain_value){0};
    values[CHAIN_failure_is_retryable] = number(record->failure_is_retryable);
    values[CHAIN_submitted_ms] = number(record->submitted.ms);
    values[CHAIN_completed_ms] = number(record->completed.ms);
    values[CHAIN_due_ms] = number(record->due.ms);
    values[CHAIN_expiration_ms] = number(record->expiration.ms);
    values[CHAIN_ready_ms] = number(record->ready.ms);
    values[CHAIN_changed_ms] = number(record->changed.ms);
    values[CHAIN_key_digest] =
        optional(record->has_key, record->key_digest, sizeof record->key_digest);
    values[CHAIN_result] = optional(result.size_bytes > 0, result.data, result.size_bytes);
    values[CHAIN_failed_attempts] = number(record->failed_attempts);
    values[CHAIN_lost_attempts] = number(record->lost_attempts);
    values[CHAIN_overdue_ms] = number(record->overdue.ms);
    values[CHAIN_retry_of] = optional(record->has_retry_of, record->retry_of.bytes, UUID_BYTES);
    values[CHAIN_cancelled_by] =
        optional(record->has_cancelled_by, record->cancelled_by.bytes, UUID_BYTES);
    values[CHAIN_accepted_sequence] = number(record->accepted_sequence);
    values[CHAIN_approval] = record->approval == OPERATION_APPROVAL_AUTOMATIC
                                 ? (struct chain_value){0}
                                 : name(operation_approval_name(record->approval));
    values[CHAIN_decided_by] =
        optional(record->has_decided_by, record->decided_by.bytes, UUID_BYTES);
    values[CHAIN_decided_ms] = number(record->decided.ms);
    values[CHAIN_worker] =
        optional(record->worker[0] != '\0', record->worker, strlen(record->worker));
    values[CHAIN_acted_by] = optional(record->has_acted_by, record->acted_by.bytes, UUID_BYTES);
}

int row_bind(sqlite3_stmt *statement, const struct chain_value values[CHAIN_COLUMN_COUNT])
{
    int rc = 0;

    for (int i = CHAIN_kind + 1; i < CHAIN_COLUMN_COUNT; i++) {
        const struct chain_value *value = &values[i];

        switch (chain_columns[i].type) {
        case CHAIN_INTEGER:
            rc |= sqlite3_bind_int64(statement, i, value->integer);
            break;
        case CHAIN_TEXT:
            rc |=
                sqlite3_bind_text(statement, i, value->data, (int)value->size_bytes, SQLITE_STATIC);
            break;
        case CHAIN_BLOB:
            rc |=
                sqlite3_bind_blob(statement, i, value->data, (int)value->size_bytes, SQLITE_STATIC);
            break;
        }
    }
    return rc == 0 ? SQLITE_OK : SQLITE_ERROR;
}

static bool read_blob(sqlite3_stmt *statement, int column, void *bytes, int size_bytes)
{
    const void *blob = sqlite3_column_blob(statement, column);

    if (!blob || sqlite3_column_bytes(statement, column) != size_bytes) {
        return false;
    }
    memcpy(bytes, blob, (size_t)size_bytes);
    return true;
}

/* A blob that may be absent. */
static bool read_optional(sqlite3_stmt *statement, int column, void *bytes, int size_bytes,
                          bool *is_there)
{
    *is_there = sqlite3_column_type(statement, column) != SQLITE_NULL;
    return !*is_there || read_blob(statement, column, bytes, size_bytes);
}

static struct text read_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return (struct text){text, text ? (uint32_t)sqlite3_column_bytes(statement, column) : 0};
}

/* Nothing before the first attempt. */
static bool read_worker(sqlite3_stmt *statement, struct record *record)
{
    return sqlite3_column_type(statement, 29) == SQLITE_NULL ||
           text_copy(read_text(statement, 29), record->worker, sizeof record->worker) == 0;
}

/* Automatic is stored as nothing: so it was before there was another. */
static bool read_approval(sqlite3_stmt *statement, enum operation_approval *approval)
{
    *approval = OPERATION_APPROVAL_AUTOMATIC;
    return sqlite3_column_type(statement, 26) == SQLITE_NULL ||
           operation_approval_of(read_text(statement, 26), approval);
}

static bool read_states(sqlite3_stmt *statement, struct record *record)
{
    record->has_failure = sqlite3_column_type(statement, 10) != SQLITE_NULL;
    return operation_status_of(read_text(statement, 6), &record->status) &&
           operation_stage_of(read_text(statement, 7), &record->stage) &&
           read_approval(statement, &record->approval) &&
           (!record->has_failure || failure_code_of(read_text(statement, 10), &record->failure));
}

int row_read(sqlite3_stmt *statement, struct record *record, struct text *result)
{
    struct record read = {
        .sequence = sqlite3_column_int64(statement, 4),
        .revision = sqlite3_column_int64(statement, 5),
        .attempt = sqlite3_column_int64(statement, 8),
        .fence = sqlite3_column_int64(statement, 9),
        .failure_is_retryable = sqlite3_column_int(statement, 11) != 0,
        .submitted = {sqlite3_column_int64(statement, 12)},
        .completed = {sqlite3_column_int64(statement, 13)},
        .due = {sqlite3_column_int64(statement, 14)},
        .expiration = {sqlite3_column_int64(statement, 15)},
        .ready = {sqlite3_column_int64(statement, 16)},
        .changed = {sqlite3_column_int64(statement, 17)},
        .failed_attempts = sqlite3_column_int64(statement, 20),
        .lost_attempts = sqlite3_column_int64(statement, 21),
        .overdue = {sqlite3_column_int64(statement, 22)},
        .accepted_sequence = sqlite3_column_int64(statement, 25),
        .decided = {sqlite3_column_int64(statement, 28)},
    };

    if (!read_blob(statement, 0, read.id.bytes, UUID_BYTES) ||
        !read_blob(statement, 1, read.tenant_id.bytes, UUID_BYTES) ||
        !read_blob(statement, 2, read.user_id.bytes, UUID_BYTES) ||
        !read_blob(statement, 3, read.requested_by.bytes, UUID_BYTES) ||
        !read_states(statement, &read) || !read_worker(statement, &read) || read.sequence < 1 ||
        read.revision < 1 ||
        !read_optional(statement, 18, read.key_digest, RECORD_KEY_DIGEST_BYTES, &read.has_key) ||
        !read_optional(statement, 23, read.retry_of.bytes, UUID_BYTES, &read.has_retry_of) ||
        !read_optional(statement, 24, read.cancelled_by.bytes, UUID_BYTES,
                       &read.has_cancelled_by) ||
        !read_optional(statement, 27, read.decided_by.bytes, UUID_BYTES, &read.has_decided_by) ||
        !read_optional(statement, 30, read.acted_by.bytes, UUID_BYTES, &read.has_acted_by)) {
        return -ERROR_DAMAGED;
    }
    if (result) {
        bool is_there = sqlite3_column_type(statement, 19) != SQLITE_NULL;

        result->data = is_there ? sqlite3_column_blob(statement, 19) : NULL;
        result->size_bytes = result->data ? (uint32_t)sqlite3_column_bytes(statement, 19) : 0;
        if (is_there && !result->data) {
            return -ERROR_DAMAGED; /* an empty one is stored as NULL */
        }
    }
    *record = read;
    return 0;
}
