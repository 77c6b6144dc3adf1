// SPDX-License-Identifier: MIT
/* What the store knows of times and of turns: retries, due times, places in the queue, pauses. */
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"

/* Reads the one number of a bound statement; otherwise when it is NULL. */
static int read_number(struct store *store, sqlite3_stmt *statement, int64_t otherwise,
                       int64_t *number)
{
    int step = sqlite3_step(statement);
    int rc = 0;

    if (step != SQLITE_ROW) {
        rc = store_sqlite_error(store, "reading the schedule");
    } else {
        *number = sqlite3_column_type(statement, 0) == SQLITE_NULL
                      ? otherwise
                      : sqlite3_column_int64(statement, 0);
    }
    return store_finish(store, statement, rc);
}

struct retries {
    struct wall until;
    struct wall beyond;
    size_t left;
    store_visitor visit;
    void *argument;
    struct wall *earliest;
};

static int count_retry(void *argument, enum event_kind kind, const struct record *record,
                       struct text result)
{
    struct retries *retries = argument;

    retries->left--;
    return retries->visit(retries->argument, kind, record, result);
}

/* Those of the overlay; few are, and each is read. */
static int retries_of_overlay(struct store *store, struct retries *retries)
{
    const struct overlay_entry *entry = store->overlay.oldest;
    size_t waiting = store->overlay.in_stage[OPERATION_STAGE_RETRY_WAIT];
    struct record record;
    struct text result;
    int rc = 0;

    for (; !rc && entry && waiting > 0 && retries->left > 0; entry = entry->next) {
        if (entry->is.stage != OPERATION_STAGE_RETRY_WAIT) {
            continue;
        }
        waiting--;
        rc = store_read_newest(store, entry, &record, &result);
        if (!rc && (record.ready.ms <= retries->until.ms || record.ready.ms > retries->beyond.ms)) {
            rc = count_retry(retries, EVENT_KIND_SNAPSHOT, &record, result);
        } else if (!rc && record.ready.ms < retries->earliest->ms) {
            *retries->earliest = record.ready;
        }
    }
    return rc > 0 ? 0 : rc;
}

int store_retries(struct store *store, struct wall until, struct wall beyond, size_t maximum,
                  store_visitor visit, void *argument, struct wall *earliest)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_RETRIES];
    sqlite3_stmt *next = store->statements[STATEMENT_NEXT_RETRY];
    struct retries retries = {until, beyond, maximum, visit, argument, earliest};
    int rc;

    sqlite3_bind_int64(next, 1, until.ms);
    sqlite3_bind_int64(next, 2, beyond.ms);
    rc = read_number(store, next, INT64_MAX, &earliest->ms);
    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(statement, 1, until.ms);
    sqlite3_bind_int64(statement, 2, beyond.ms);
    rc = store_visit_current(store, statement, maximum, count_retry, &retries);
    return rc ? rc : retries_of_overlay(store, &retries);
}

int store_due(struct store *store, bool is_overdue, struct wall until, size_t maximum,
              store_visitor visit, void *argument, struct wall *earliest)
{
    sqlite3_stmt *statement = store->statements[is_overdue ? STATEMENT_OVERDUE : STATEMENT_DUE];
    sqlite3_stmt *next =
        store->statements[is_overdue ? STATEMENT_NEXT_OVERDUE : STATEMENT_NEXT_DUE];
    const struct overlay *overlay = &store->overlay;
    bool is_in_overlay = is_overdue ? overlay->overdue > 0 : overlay->earliest_due.ms <= until.ms;
    int rc = is_in_overlay ? store_catch_up(store, SIZE_MAX) : 0;

    if (!rc) {
        sqlite3_bind_int64(next, 1, until.ms);
        rc = read_number(store, next, INT64_MAX, &earliest->ms);
    }
    if (rc) {
        return rc;
    }
    if (!is_overdue && overlay->earliest_due.ms < earliest->ms) {
        *earliest = overlay->earliest_due;
    }
    sqlite3_bind_int64(statement, 1, until.ms);
    return store_visit_current(store, statement, maximum, visit, argument);
}

int store_pause(struct store *store, const struct store_pause *pause)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PAUSE];
    int rc = store_begin(store);

    if (rc) {
        return rc;
    }
    store_bind_uuid(statement, 1, &pause->tenant_id);
    store_bind_uuid(statement, 2, &pause->paused_by);
    sqlite3_bind_int64(statement, 3, pause->since.ms);
    return store_run(store, STATEMENT_PAUSE, "noting a pause");
}

int store_resume(struct store *store, const struct uuid *tenant_id)
{
    int rc = store_begin(store);

    if (rc) {
        return rc;
    }
    store_bind_uuid(store->statements[STATEMENT_RESUME], 1, tenant_id);
    return store_run(store, STATEMENT_RESUME, "ending a pause");
}

static int visit_pause(struct store *store, sqlite3_stmt *statement, store_pause_visitor visit,
                       void *argument)
{
    struct store_pause pause = {.since = {sqlite3_column_int64(statement, 2)}};
    const void *tenant_id = sqlite3_column_blob(statement, 0);
    const void *paused_by = sqlite3_column_blob(statement, 1);

    if (!tenant_id || sqlite3_column_bytes(statement, 0) != UUID_BYTES || !paused_by ||
        sqlite3_column_bytes(statement, 1) != UUID_BYTES) {
        return store_damaged(store, "a pause");
    }
    memcpy(pause.tenant_id.bytes, tenant_id, UUID_BYTES);
    memcpy(pause.paused_by.bytes, paused_by, UUID_BYTES);
    return visit(argument, &pause);
}

int store_pauses(struct store *store, store_pause_visitor visit, void *argument)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PAUSES];
    int step = SQLITE_DONE;
    int rc = 0;

    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = visit_pause(store, statement, visit, argument);
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the pauses");
    }
    return store_finish(store, statement, rc > 0 ? 0 : rc);
}
