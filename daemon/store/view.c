// SPDX-License-Identifier: MIT
/* How the view follows the log. */
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "daemon/store/row.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

int store_bind_uuid(sqlite3_stmt *statement, int index, const struct uuid *uuid)
{
    return sqlite3_bind_blob(statement, index, uuid->bytes, UUID_BYTES, SQLITE_STATIC);
}

/* The row of the overdue; no stage has this name. */
#define OVERDUE_NAME "overdue"

static int put_count(struct store *store, const struct uuid *tenant_id, const char *name,
                     int64_t was, int64_t is)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_COUNT];

    if (was == is) {
        return 0;
    }
    store_bind_uuid(statement, 1, tenant_id);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, is);
    return store_run(store, STATEMENT_PUT_COUNT, "counting operations");
}

int store_put_counts(struct store *store)
{
    struct counts_tenant *tenant;
    int rc = 0;

    while (!rc && (tenant = counts_take_changed(&store->counts))) {
        for (int i = 0; !rc && i < OPERATION_STAGE_COUNT; i++) {
            rc = put_count(store, &tenant->tenant_id, operation_stage_name((enum operation_stage)i),
                           tenant->written.of[i], tenant->in_view.of[i]);
        }
        rc = rc ? rc
                : put_count(store, &tenant->tenant_id, OVERDUE_NAME, tenant->written.overdue,
                            tenant->in_view.overdue);
        tenant->written = tenant->in_view;
    }
    return rc;
}

/* The newest state is copied from the log by SQLite itself. */
static int put_operation(struct store *store, const struct overlay_entry *entry)
{
    enum statement which = entry->is_in_view ? STATEMENT_PUT_OPERATION : STATEMENT_ADD_OPERATION;
    int rc;

    sqlite3_bind_int64(store->statements[which], 1, entry->sequence);
    if (entry->is_in_view) {
        store_bind_uuid(store->statements[which], 2, &entry->id);
    }
    rc = store_run(store, which, "writing an operation to the view");
    if (!rc && sqlite3_changes(store->database) != 1) {
        store->is_doubtful = true;
        rc = store_damaged_event(store, entry->sequence);
    }
    if (!rc) {
        counts_move_in_view(&store->counts, entry->tenant,
                            entry->is_in_view ? &entry->in_view : NULL, entry->is);
    }
    return rc;
}

int store_catch_up(struct store *store, size_t operations)
{
    int rc = 0;

    if (!store->overlay.oldest || operations == 0) {
        return 0;
    }
    rc = store_begin(store);
    while (!rc && operations-- > 0 && store->overlay.oldest) {
        rc = put_operation(store, store->overlay.oldest);
        if (!rc) {
            overlay_pop(&store->overlay);
            store->is_view_changed = true;
        }
    }
    return rc;
}

/* As what the view counts an operation, if it has it. */
static int counted_in_view(struct store *store, const struct uuid *id, bool *is_in_view,
                           struct counted *counted)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_GET];
    struct record record;
    int rc = 0;
    int step;

    store_bind_uuid(statement, 1, id);
    step = sqlite3_step(statement);
    *is_in_view = step == SQLITE_ROW;
    if (step == SQLITE_ROW) {
        rc = row_read(statement, &record, NULL) ? store_damaged_operation(store, statement) : 0;
        if (!rc) {
            *counted = counted_as(&record);
        }
    } else if (step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the view");
    }
    return store_finish(store, statement, rc);
}

int store_overlay(struct store *store, const struct record *record)
{
    struct overlay_entry *entry = overlay_find(&store->overlay, &record->id);
    struct counts_tenant *tenant = counts_tenant(&store->counts, &record->tenant_id);
    bool is_new = !entry;
    bool is_counted = !is_new;
    struct counted was = {0};
    bool is_in_view = false;
    int rc = 0;

    if (entry) {
        was = entry->is;
    } else if (record->revision > 1) {
        rc = counted_in_view(store, &record->id, &is_in_view, &was);
        is_counted = is_in_view;
    }
    if (rc) {
        return rc;
    }
    entry = tenant ? overlay_put(&store->overlay, entry, record, tenant) : NULL;
    if (!entry) {
        return -ERROR_MEMORY;
    }
    if (is_new) {
        entry->is_in_view = is_in_view;
        entry->in_view = was;
    }
    counts_move(&tenant->now, is_counted ? &was : NULL, counted_as(record));
    return 0;
}

static int load_count(struct store *store, const struct uuid *tenant_id, struct text name,
                      int64_t number)
{
    struct counts_tenant *tenant = counts_tenant(&store->counts, tenant_id);
    enum operation_stage stage;

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    if (text_equal(name, TEXT(OVERDUE_NAME))) {
        tenant->now.overdue = number;
    } else if (operation_stage_of(name, &stage)) {
        tenant->now.of[stage] = number;
    } else {
        return store_damaged(store, "the counts");
    }
    tenant->in_view = tenant->written = tenant->now;
    return 0;
}

static int load_counts(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int rc = 0;
    int step;

    if (sqlite3_prepare_v2(store->database, "SELECT tenant_id, stage, number FROM counts", -1,
                           &statement, NULL) != SQLITE_OK) {
        return store_sqlite_error(store, "reading the counts");
    }
    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct uuid tenant_id;
        const char *name = (const char *)sqlite3_column_text(statement, 1);
        const unsigned char *id = sqlite3_column_blob(statement, 0);

        if (!id || !name || sqlite3_column_bytes(statement, 0) != UUID_BYTES) {
            rc = store_damaged(store, "the counts");
            break;
        }
        for (int i = 0; i < UUID_BYTES; i++) {
            tenant_id.bytes[i] = id[i];
        }
        rc = load_count(store, &tenant_id, text_of(name), sqlite3_column_int64(statement, 2));
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the counts");
    }
    sqlite3_finalize(statement);
    return rc;
}

/* What SQLite has no memory for it gives as NULL, which is no damage. */
static bool is_out_of_memory(const struct store *store)
{
    return sqlite3_errcode(store->database) == SQLITE_NOMEM;
}

int store_damaged_operation(struct store *store, sqlite3_stmt *statement)
{
    if (is_out_of_memory(store)) {
        return store_sqlite_error(store, "reading an operation");
    }
    const void *bytes = sqlite3_column_blob(statement, 0);
    struct uuid id = {0};
    char text[UUID_TEXT_BUFFER];

    if (bytes && sqlite3_column_bytes(statement, 0) == UUID_BYTES) {
        memcpy(id.bytes, bytes, UUID_BYTES);
    }
    snprintf(store->message, sizeof store->message, "operation %s of the store cannot be read",
             uuid_format(&id, text));
    return -ERROR_DAMAGED;
}

int store_damaged(struct store *store, const char *what)
{
    if (is_out_of_memory(store)) {
        return store_sqlite_error(store, what);
    }
    snprintf(store->message, sizeof store->message, "%s cannot be read", what);
    return -ERROR_DAMAGED;
}

int store_damaged_event(struct store *store, int64_t sequence)
{
    if (is_out_of_memory(store)) {
        return store_sqlite_error(store, "reading the log");
    }
    snprintf(store->message, sizeof store->message,
             "event %lld of the store cannot be read, is not where it should be or was changed",
             (long long)sequence);
    return -ERROR_DAMAGED;
}

/* The last event that the view has must still be in the log: what is behind it would otherwise get
 * numbers that were given before. */
static int check_log(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int step = SQLITE_ERROR;
    int64_t last = 0;

    if (sqlite3_prepare_v2(store->database, "SELECT max(sequence) FROM events", -1, &statement,
                           NULL) == SQLITE_OK) {
        step = sqlite3_step(statement);
    }
    if (step == SQLITE_ROW) {
        last = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    if (step != SQLITE_ROW) {
        return store_sqlite_error(store, "reading the log");
    }
    if (last < store->view_sequence) {
        return store_damaged_event(store, store->view_sequence);
    }
    if (last > 0 && store->start_count == 1) {
        snprintf(store->message, sizeof store->message, "the count of starts is gone");
        return -ERROR_DAMAGED;
    }
    return 0;
}

/* Events are without gaps, so a sequence that is not the next one is damage. The event that the
 * view is true at is checked with those behind it, so that the newest one always is. */
int store_replay(struct store *store)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_EVENTS];
    struct record record;
    int rc = check_log(store);
    int step = SQLITE_DONE;

    if (!rc) {
        rc = load_counts(store);
    }
    if (!rc) {
        rc =
            store_hash(store, store->view_sequence > 1 ? store->view_sequence - 1 : 0, store->head);
    }
    store->sequence = store->view_sequence > 1 ? store->view_sequence - 1 : 0;
    sqlite3_bind_int64(statement, 1, store->sequence);
    sqlite3_bind_int64(statement, 2, -1);
    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = row_read(statement, &record, NULL);
        rc = rc || record.sequence != store->sequence + 1
                 ? store_damaged_event(store, store->sequence + 1)
                 : store_check_chain(store, statement, record.sequence, store->head);
        if (rc) {
            break;
        }
        store->sequence = record.sequence;
        if (record.sequence > store->view_sequence) {
            rc = store_overlay(store, &record);
        }
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the log");
    }
    return store_finish(store, statement, rc);
}
