// SPDX-License-Identifier: MIT
#include "tests/simulation/log_reader.h"

#include <assert.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/chain_row.h"
#include "schemas/codec/codec.h"
#include "tests/simulation/disk.h"

#define COLUMNS                                                                                    \
    "id,tenant_id,user_id,requested_by,sequence,revision,status,stage,attempt,fence,failure,"      \
    "key_digest,result"

static struct store *store;
static sqlite3_stmt *of_log;
static sqlite3_stmt *of_view;
static sqlite3_stmt *of_chain;
static struct chain chain;
static uint8_t head[CHAIN_HASH_BYTES]; /* of the row read last */
static struct wire_input input;
static int64_t durable;

void log_reader_attach(struct store *opened)
{
    int rc;

    disk_look(true);
    store = opened;
    durable = store_sequence(opened);
    rc = sqlite3_prepare_v2(store->database,
                            "SELECT " COLUMNS
                            ",kind FROM events WHERE sequence >= ?1 AND sequence <= ?2"
                            " ORDER BY sequence",
                            -1, &of_log, NULL);
    assert(rc == SQLITE_OK);
    rc = sqlite3_prepare_v2(store->database, "SELECT " COLUMNS ",'snapshot' FROM operations", -1,
                            &of_view, NULL);
    assert(rc == SQLITE_OK && wire_input_init(&input) == 0);
    rc = sqlite3_prepare_v2(store->database,
                            "SELECT " CHAIN_ROW_COLUMNS " FROM events WHERE sequence = ?1", -1,
                            &of_chain, NULL);
    assert(rc == SQLITE_OK && chain_init(&chain) == 0);
    disk_look(false);
}

void log_reader_detach(void)
{
    sqlite3_finalize(of_log);
    sqlite3_finalize(of_view);
    sqlite3_finalize(of_chain);
    wire_input_release(&input);
    chain_release(&chain);
    of_log = of_view = of_chain = NULL;
    store = NULL;
}

static bool read_blob(sqlite3_stmt *statement, int column, void *bytes, int size)
{
    const void *blob = sqlite3_column_blob(statement, column);

    if (!blob || sqlite3_column_bytes(statement, column) != size) {
        return false;
    }
    memcpy(bytes, blob, (size_t)size);
    return true;
}

static struct text read_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text_of(text ? text : "");
}

static bool read_result(sqlite3_stmt *statement, int column, struct model_event *event)
{
    int size = sqlite3_column_bytes(statement, column);
    struct wire_error error;
    struct operation_result result;

    if (size == 0) {
        return true;
    }
    if (wire_parse(&input, sqlite3_column_blob(statement, column), (size_t)size, &error) ||
        operation_result_decode(&input.root, &result, &error)) {
        return false;
    }
    event->has_location = result.has_storage_location;
    return !result.has_storage_location ||
           text_copy(result.storage_location, event->location, sizeof event->location) == 0;
}

static bool read_row(sqlite3_stmt *statement, struct model_event *event)
{
    memset(event, 0, sizeof *event);
    event->sequence = sqlite3_column_int64(statement, 4);
    event->revision = sqlite3_column_int64(statement, 5);
    event->attempt = sqlite3_column_int64(statement, 8);
    event->fence = sqlite3_column_int64(statement, 9);
    event->has_failure = sqlite3_column_type(statement, 10) != SQLITE_NULL;
    event->has_key = sqlite3_column_type(statement, 11) != SQLITE_NULL;
    return read_blob(statement, 0, event->operation_id.bytes, UUID_BYTES) &&
           read_blob(statement, 1, event->tenant_id.bytes, UUID_BYTES) &&
           read_blob(statement, 2, event->user_id.bytes, UUID_BYTES) &&
           read_blob(statement, 3, event->requested_by.bytes, UUID_BYTES) &&
           operation_status_of(read_text(statement, 6), &event->status) &&
           operation_stage_of(read_text(statement, 7), &event->stage) &&
           (!event->has_failure || failure_code_of(read_text(statement, 10), &event->failure)) &&
           (!event->has_key || read_blob(statement, 11, event->key_digest, MODEL_DIGEST_BYTES)) &&
           read_result(statement, 12, event) &&
           event_kind_of(read_text(statement, 13), &event->kind);
}

/* The hash of a row of the log, and whether it follows from that of the row before. */
static void read_hash(struct model_event *event)
{
    sqlite3_bind_int64(of_chain, 1, event->sequence);
    event->is_chained =
        sqlite3_step(of_chain) == SQLITE_ROW && chain_row_follows(&chain, of_chain, head) == 0;
    memcpy(event->hash, head, sizeof head);
    sqlite3_reset(of_chain);
}

static bool each(sqlite3_stmt *statement, bool (*see)(const struct model_event *event))
{
    struct model_event event;
    bool is_read = true;
    int step = SQLITE_DONE;

    disk_look(true);
    while (is_read && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        is_read = read_row(statement, &event);
        if (is_read && statement == of_log) {
            read_hash(&event);
        }
        if (is_read && !see(&event)) {
            break;
        }
    }
    sqlite3_reset(statement);
    disk_look(false);
    return is_read && (step == SQLITE_ROW || step == SQLITE_DONE);
}

bool log_reader_each(int64_t from, bool (*see)(const struct model_event *event))
{
    const struct model_event *before = model_event(from - 1);

    memset(head, 0, sizeof head);
    if (before) {
        memcpy(head, before->hash, sizeof head);
    }
    sqlite3_bind_int64(of_log, 1, from);
    sqlite3_bind_int64(of_log, 2, durable);
    return each(of_log, see);
}

bool log_reader_view(bool (*see)(const struct model_event *event))
{
    return each(of_view, see);
}

bool log_reader_is_in_transaction(void)
{
    return sqlite3_get_autocommit(store->database) == 0;
}

void log_reader_synchronized(int64_t sequence)
{
    durable = sequence;
}

size_t log_reader_overlay(void)
{
    return store->overlay.count;
}
