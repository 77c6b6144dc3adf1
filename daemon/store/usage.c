// SPDX-License-Identifier: MIT
/* What was asked for lately: exports by the operations that they made, other requests by counts
 * that somebody else made and understands. */
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"

static bool read_uuid(sqlite3_stmt *statement, int column, struct uuid *uuid)
{
    const void *bytes = sqlite3_column_blob(statement, column);

    if (!bytes || sqlite3_column_bytes(statement, column) != UUID_BYTES) {
        return false;
    }
    memcpy(uuid->bytes, bytes, UUID_BYTES);
    return true;
}

/* Those that the view does not have at all; of the others it knows all that is asked. */
static int submitted_of_overlay(struct store *store, const struct uuid *first,
                                store_submitted_visitor visit, void *argument)
{
    const struct overlay_entry *entry = store->overlay.oldest;
    struct record record;
    int rc = 0;

    for (; entry && !rc; entry = entry->next) {
        if (!entry->is_in_view && memcmp(entry->id.bytes, first->bytes, UUID_BYTES) >= 0) {
            rc = store_read_newest(store, entry, &record, NULL);
            rc = rc ? rc : visit(argument, &record.tenant_id, &record.user_id, record.submitted);
        }
    }
    return rc;
}

/* The ids of operations begin with the time of their acceptance, so these are a range of the
 * primary key. */
int store_submitted(struct store *store, struct wall since, store_submitted_visitor visit,
                    void *argument)
{
    static const uint8_t zeros[10];
    sqlite3_stmt *statement = store->statements[STATEMENT_SUBMITTED];
    struct uuid first = uuid_v7(since.ms > 0 ? since.ms : 0, zeros);
    struct uuid tenant_id;
    struct uuid user_id;
    int step = SQLITE_DONE;
    int rc = 0;

    store_bind_uuid(statement, 1, &first);
    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = read_uuid(statement, 1, &tenant_id) && read_uuid(statement, 2, &user_id)
                 ? visit(argument, &tenant_id, &user_id,
                         (struct wall){sqlite3_column_int64(statement, 3)})
                 : store_damaged_operation(store, statement);
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading what was submitted");
    }
    rc = store_finish(store, statement, rc);
    return rc ? rc : submitted_of_overlay(store, &first, visit, argument);
}

int store_put_request_counts(struct store *store, const struct uuid *tenant_id, struct wall now,
                             struct text counts)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_REQUEST_COUNTS];
    int rc = store_begin(store);

    if (rc) {
        return rc;
    }
    store_bind_uuid(statement, 1, tenant_id);
    sqlite3_bind_int64(statement, 2, now.ms);
    sqlite3_bind_blob(statement, 3, counts.data, (int)counts.size_bytes, SQLITE_STATIC);
    return store_run(store, STATEMENT_PUT_REQUEST_COUNTS, "counting requests");
}

static int forget_request_counts(struct store *store, struct wall before)
{
    int rc = store_begin(store);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(store->statements[STATEMENT_FORGET_REQUEST_COUNTS], 1, before.ms);
    return store_run(store, STATEMENT_FORGET_REQUEST_COUNTS, "forgetting counts of requests");
}

int store_request_counts(struct store *store, struct wall since, store_counts_visitor visit,
                         void *argument)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REQUEST_COUNTS];
    struct uuid tenant_id;
    struct text counts;
    int step = SQLITE_DONE;
    int rc = forget_request_counts(store, since);

    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        counts = (struct text){sqlite3_column_blob(statement, 1),
                               (uint32_t)sqlite3_column_bytes(statement, 1)};
        rc = counts.data && read_uuid(statement, 0, &tenant_id)
                 ? visit(argument, &tenant_id, counts)
                 : -ERROR_DAMAGED;
        if (rc == -ERROR_DAMAGED) {
            rc = store_damaged(store, "the counts of requests");
        }
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the counts of requests");
    }
    return store_finish(store, statement, rc);
}
