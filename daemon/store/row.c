// SPDX-License-Identifier: MIT
#include "daemon/store/row.h"

#include <string.h>

#include "schemas/base/errors.h"

static int bind_uuid(sqlite3_stmt *statement, int index, const struct uuid *uuid)
{
    return sqlite3_bind_blob(statement, index, uuid->bytes, UUID_BYTES, SQLITE_STATIC);
}

static int bind_name(sqlite3_stmt *statement, int index, const char *name)
{
    return sqlite3_bind_text(statement, index, name, -1, SQLITE_STATIC);
}

static int bind_blob(sqlite3_stmt *statement, int index, const void *data, size_t size_bytes)
{
    if (size_bytes == 0) {
        return sqlite3_bind_null(statement, index);
    }
    return sqlite3_bind_blob(statement, index, data, (int)size_bytes, SQLITE_STATIC);
}

int row_bind(sqlite3_stmt *statement, const struct record *record, struct text result)
{
    const int64_t integers[] = {
        record->submitted.ms,  record->completed.ms, record->due.ms,
        record->expiration.ms, record->ready.ms,     record->changed.ms,
    };
    int rc = bind_uuid(statement, 1, &record->id);

    rc |= bind_uuid(statement, 2, &record->tenant_id);
    rc |= bind_uuid(statement, 3, &record->user_id);
    rc |= bind_uuid(statement, 4, &record->requested_by);
    rc |= sqlite3_bind_int64(statement, 5, record->sequence);
    rc |= sqlite3_bind_int64(statement, 6, record->revision);
    rc |= bind_name(statement, 7, operation_status_name(record->status));
    rc |= bind_name(statement, 8, operation_stage_name(record->stage));
    rc |= sqlite3_bind_int64(statement, 9, record->attempt);
    rc |= sqlite3_bind_int64(statement, 10, record->fence);
    rc |= record->has_failure ? bind_name(statement, 11, failure_code_name(record->failure))
                              : sqlite3_bind_null(statement, 11);
    rc |= sqlite3_bind_int(statement, 12, record->failure_is_retryable);
    for (int i = 0; i < 6; i++) {
        rc |= sqlite3_bind_int64(statement, 13 + i, integers[i]);
    }
    rc |= bind_blob(statement, 19, record->key_digest,
                    record->has_key ? sizeof record->key_digest : 0);
    rc |= bind_blob(statement, 20, result.data, result.size_bytes);
    rc |= sqlite3_bind_int64(statement, 21, record->failed_attempts);
    rc |= sqlite3_bind_int64(statement, 22, record->lost_attempts);
    rc |= sqlite3_bind_int64(statement, 23, record->overdue.ms);
    rc |= bind_blob(statement, 24, record->retry_of.bytes, record->has_retry_of ? UUID_BYTES : 0);
    rc |= bind_blob(statement, 25, record->cancelled_by.bytes,
                    record->has_cancelled_by ? UUID_BYTES : 0);
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

static bool read_states(sqlite3_stmt *statement, struct record *record)
{
    record->has_failure = sqlite3_column_type(statement, 10) != SQLITE_NULL;
    return operation_status_of(read_text(statement, 6), &record->status) &&
           operation_stage_of(read_text(statement, 7), &record->stage) &&
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
    };

    if (!read_blob(statement, 0, read.id.bytes, UUID_BYTES) ||
        !read_blob(statement, 1, read.tenant_id.bytes, UUID_BYTES) ||
        !read_blob(statement, 2, read.user_id.bytes, UUID_BYTES) ||
        !read_blob(statement, 3, read.requested_by.bytes, UUID_BYTES) ||
        !read_states(statement, &read) || read.sequence < 1 || read.revision < 1 ||
        !read_optional(statement, 18, read.key_digest, RECORD_KEY_DIGEST_BYTES, &read.has_key) ||
        !read_optional(statement, 23, read.retry_of.bytes, UUID_BYTES, &read.has_retry_of) ||
        !read_optional(statement, 24, read.cancelled_by.bytes, UUID_BYTES,
                       &read.has_cancelled_by)) {
        return -ERROR_DAMAGED;
    }
    *record = read;
    if (result) {
        result->data = sqlite3_column_blob(statement, 19);
        result->size_bytes = (uint32_t)sqlite3_column_bytes(statement, 19);
    }
    return 0;
}
