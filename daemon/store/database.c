// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "daemon/store/row.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

/* Blobs hold ids; the view named operation shows them as text to people with the sqlite3 shell. */
static const char tables[] =
    "CREATE TABLE IF NOT EXISTS events(" ROW_DEFINITIONS
    "kind TEXT NOT NULL, hash BLOB, PRIMARY KEY(sequence)) STRICT;"
    "CREATE TABLE IF NOT EXISTS operations(" ROW_DEFINITIONS
    "PRIMARY KEY(id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS operations_of_tenant ON operations(tenant_id, id);"
    "CREATE INDEX IF NOT EXISTS operations_of_user ON operations(tenant_id, user_id, id);"
    "CREATE INDEX IF NOT EXISTS operations_awaiting ON operations(tenant_id, id)"
    " WHERE stage = 'awaitingApproval';"
    "CREATE INDEX IF NOT EXISTS operations_queued ON operations(tenant_id, id)"
    " WHERE stage = 'queued';"
    "CREATE INDEX IF NOT EXISTS operations_gathering ON operations(id)"
    " WHERE stage = 'gathering';"
    "CREATE INDEX IF NOT EXISTS operations_waiting ON operations(ready_ms)"
    " WHERE stage = 'retryWait';"
    "CREATE INDEX IF NOT EXISTS operations_due ON operations(due_ms)"
    " WHERE completed_ms = 0 AND overdue_ms = 0;"
    "CREATE INDEX IF NOT EXISTS operations_overdue ON operations(overdue_ms)"
    " WHERE completed_ms = 0 AND overdue_ms > 0;"
    "CREATE UNIQUE INDEX IF NOT EXISTS operations_by_key ON operations(tenant_id, key_digest)"
    " WHERE key_digest IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS counts(tenant_id BLOB NOT NULL, stage TEXT NOT NULL,"
    " number INTEGER NOT NULL, PRIMARY KEY(tenant_id, stage)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS pauses(tenant_id BLOB PRIMARY KEY, paused_by BLOB NOT NULL,"
    " since_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS request_counts(tenant_id BLOB PRIMARY KEY,"
    " changed_ms INTEGER NOT NULL, counts BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS reasons(id BLOB PRIMARY KEY, reason TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE VIEW IF NOT EXISTS operation AS SELECT"
    " lower(hex(id)) AS id, lower(hex(tenant_id)) AS tenant, lower(hex(user_id)) AS user,"
    " status, stage, attempt, failure, sequence,"
    " datetime(submitted_ms / 1000, 'unixepoch') AS submitted,"
    " datetime(changed_ms / 1000, 'unixepoch') AS changed FROM operations;";

/* What may change in the life of an operation: to set a column again makes its indexes be written
 * again. */
#define CHANGING_COLUMNS                                                                           \
    "sequence,revision,status,stage,attempt,fence,failure,failure_is_retryable,completed_ms,"      \
    "expiration_ms,ready_ms,changed_ms,result,failed_attempts,lost_attempts,overdue_ms,"           \
    "cancelled_by,decided_by,decided_ms,worker"

#define SELECT_OPERATION "SELECT " ROW_COLUMNS " FROM operations "

static const char *const texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_PUT_EVENT] =
        "INSERT INTO events(" ROW_COLUMNS ",kind,hash) VALUES(" ROW_VALUES ",?,?)",
    [STATEMENT_ADD_OPERATION] = "INSERT OR FAIL INTO operations(" ROW_COLUMNS
                                ") SELECT " ROW_COLUMNS " FROM events WHERE sequence = ?1",
    [STATEMENT_PUT_OPERATION] =
        "UPDATE OR FAIL operations SET (" CHANGING_COLUMNS ") = (SELECT " CHANGING_COLUMNS
        " FROM events WHERE sequence = ?1) WHERE id = ?2",
    [STATEMENT_PUT_COUNT] =
        "INSERT OR REPLACE INTO counts(tenant_id, stage, number) VALUES(?1, ?2, ?3)",
    [STATEMENT_PUT_META] = "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)",
    [STATEMENT_GET] = SELECT_OPERATION "WHERE id = ?1",
    [STATEMENT_GET_OF] =
        SELECT_OPERATION "INDEXED BY operations_of_tenant WHERE id = ?1 AND tenant_id = ?2",
    [STATEMENT_FIND_KEY] = SELECT_OPERATION "WHERE tenant_id = ?1 AND key_digest = ?2",
    [STATEMENT_LIST] = SELECT_OPERATION "WHERE tenant_id = ?1 AND id < ?2 ORDER BY id DESC",
    [STATEMENT_LIST_USER] =
        SELECT_OPERATION "WHERE tenant_id = ?1 AND id < ?2 AND user_id = ?3 ORDER BY id DESC",
    [STATEMENT_LIST_AWAITING] = SELECT_OPERATION "WHERE tenant_id = ?1 AND id < ?2"
                                                 " AND stage = 'awaitingApproval' ORDER BY id DESC",
    [STATEMENT_EVENT] = "SELECT " ROW_COLUMNS " FROM events WHERE sequence = ?1",
    [STATEMENT_EVENTS] =
        "SELECT " CHAIN_ROW_COLUMNS " FROM events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    [STATEMENT_HASH] = "SELECT hash FROM events WHERE sequence = ?1",
    [STATEMENT_QUEUED] = SELECT_OPERATION "WHERE tenant_id = ?1 AND stage = 'queued' ORDER BY id",
    [STATEMENT_GATHERING] = SELECT_OPERATION "WHERE stage = 'gathering' ORDER BY id",
    [STATEMENT_RETRIES] =
        SELECT_OPERATION "WHERE stage = 'retryWait' AND (ready_ms <= ?1 OR ready_ms > ?2)"
                         " ORDER BY ready_ms",
    [STATEMENT_NEXT_RETRY] = "SELECT min(ready_ms) FROM operations"
                             " WHERE stage = 'retryWait' AND ready_ms > ?1 AND ready_ms <= ?2",
    [STATEMENT_DUE] = SELECT_OPERATION "WHERE completed_ms = 0 AND overdue_ms = 0 AND due_ms <= ?1"
                                       " ORDER BY due_ms",
    [STATEMENT_NEXT_DUE] = "SELECT min(due_ms) FROM operations"
                           " WHERE completed_ms = 0 AND overdue_ms = 0 AND due_ms > ?1",
    [STATEMENT_OVERDUE] = SELECT_OPERATION "WHERE completed_ms = 0 AND overdue_ms > 0"
                                           " AND overdue_ms <= ?1 ORDER BY overdue_ms",
    [STATEMENT_NEXT_OVERDUE] = "SELECT min(overdue_ms) FROM operations"
                               " WHERE completed_ms = 0 AND overdue_ms > 0 AND overdue_ms > ?1",
    [STATEMENT_AHEAD] = "SELECT id FROM operations WHERE tenant_id = ?1 AND stage = 'queued'"
                        " AND id < ?2",
    [STATEMENT_SUBMITTED] =
        "SELECT id, tenant_id, user_id, submitted_ms FROM operations WHERE id >= ?1 ORDER BY id",
    [STATEMENT_PUT_REQUEST_COUNTS] = "INSERT OR REPLACE INTO request_counts(tenant_id, changed_ms,"
                                     " counts) VALUES(?1, ?2, ?3)",
    [STATEMENT_FORGET_REQUEST_COUNTS] = "DELETE FROM request_counts WHERE changed_ms < ?1",
    [STATEMENT_REQUEST_COUNTS] = "SELECT tenant_id, counts FROM request_counts",
    [STATEMENT_PUT_REASON] = "INSERT OR REPLACE INTO reasons(id, reason) VALUES(?1, ?2)",
    [STATEMENT_REASON] = "SELECT reason FROM reasons WHERE id = ?1",
    [STATEMENT_PAUSE] = "INSERT OR IGNORE INTO pauses(tenant_id, paused_by, since_ms)"
                        " VALUES(?1, ?2, ?3)",
    [STATEMENT_RESUME] = "DELETE FROM pauses WHERE tenant_id = ?1",
    [STATEMENT_PAUSES] = "SELECT tenant_id, paused_by, since_ms FROM pauses ORDER BY tenant_id",
};

static int execute(struct store *store, const char *sql, const char *doing)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return store_sqlite_error(store, doing);
    }
    return 0;
}

/* SQLite would count every allocation under a lock (sqlite.org/malloc.html, section 3.3). */
void store_set_up(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int check_version(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(store->database, "PRAGMA user_version", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        version = sqlite3_column_int(statement, 0);
    }
    sqlite3_finalize(statement);
    if (version < 0) {
        return store_sqlite_error(store, "reading the store's version");
    }
    if (version > CHAIN_STORE_FORMAT) {
        snprintf(store->message, sizeof store->message,
                 "the store has format %d and this program knows formats up to %d", version,
                 CHAIN_STORE_FORMAT);
        return -ERROR_DAMAGED;
    }
    return store_migrate(store, version);
}

static int prepare(struct store *store)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(store->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK) {
            return store_sqlite_error(store, "preparing a statement");
        }
    }
    return 0;
}

static int note_log_pages(void *argument, sqlite3 *database, const char *schema, int pages)
{
    (void)database;
    (void)schema;
    ((struct store *)argument)->log_pages = pages;
    return SQLITE_OK;
}

int store_database_open(struct store *store, const char *path)
{
    int keep_log = 1;
    int rc = sqlite3_open_v2(path, &store->database,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
                                 SQLITE_OPEN_NOMUTEX,
                             NULL);

    if (rc != SQLITE_OK) {
        return store_sqlite_error(store, "opening the store");
    }
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, 5000);
    rc = check_version(store);
    if (rc) {
        return rc;
    }
    /* The log is checkpointed when the daemon rests, and kept afterwards: written space syncs
     * faster than new space. NORMAL synchronizes where checkpoints need it; what a transaction
     * wrote, store_synchronize does. */
    rc = execute(
        store,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF;"
        "PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384;"
        "PRAGMA temp_store = MEMORY; PRAGMA user_version = " TEXT_OF(CHAIN_STORE_FORMAT) ";",
        "setting up the store");
    if (!rc) {
        rc = execute(store, tables, "making the tables");
    }
    if (!rc) {
        rc = prepare(store);
    }
    sqlite3_wal_hook(store->database, note_log_pages, store);
    sqlite3_file_control(store->database, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    return rc;
}

void store_database_close(struct store *store)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_close(store->database);
    store->database = NULL;
}
