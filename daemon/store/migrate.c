// SPDX-License-Identifier: MIT
/* What an older store needs before this program can go on with it. Each step is one transaction
 * that ends with the number of its format. */
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

#define TO_FORMAT_2(table)                                                                         \
    "ALTER TABLE " table " ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;"                 \
    "ALTER TABLE " table " ADD COLUMN lost_attempts INTEGER NOT NULL DEFAULT 0;"                   \
    "ALTER TABLE " table " ADD COLUMN overdue_ms INTEGER NOT NULL DEFAULT 0;"                      \
    "ALTER TABLE " table " ADD COLUMN retry_of BLOB;"                                              \
    "ALTER TABLE " table " ADD COLUMN cancelled_by BLOB;"

static const char to_format_2[] = "BEGIN IMMEDIATE;" TO_FORMAT_2("events")
    TO_FORMAT_2("operations") "PRAGMA user_version = 2; COMMIT;";

#define TO_FORMAT_3(table)                                                                         \
    "ALTER TABLE " table " ADD COLUMN accepted_sequence INTEGER NOT NULL DEFAULT 0;"               \
    "UPDATE " table " SET accepted_sequence ="                                                     \
    " coalesce((SELECT sequence FROM accepted WHERE accepted.id = " table ".id), 0);"

/* The events that are there are chained too: their hashes cannot tell what happened to them before,
 * but what happens from now on. */
static const char to_format_3[] =
    "PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE;"
    "CREATE TEMP TABLE accepted(id BLOB PRIMARY KEY, sequence INTEGER) WITHOUT ROWID;"
    "INSERT INTO accepted SELECT id, sequence FROM events WHERE revision = 1;" TO_FORMAT_3("events")
        TO_FORMAT_3("operations") "DROP TABLE accepted;"
                                  "ALTER TABLE events ADD COLUMN hash BLOB;"
                                  "INSERT INTO meta(name, value)"
                                  " VALUES('chained_from', (SELECT coalesce(max(sequence), 0) + 1 "
                                  "FROM events));";

#define TO_FORMAT_4(table)                                                                         \
    "ALTER TABLE " table " ADD COLUMN approval TEXT;"                                              \
    "ALTER TABLE " table " ADD COLUMN decided_by BLOB;"                                            \
    "ALTER TABLE " table " ADD COLUMN decided_ms INTEGER NOT NULL DEFAULT 0;"

static const char to_format_4[] = TO_FORMAT_4("events") TO_FORMAT_4("operations");

static const char to_format_5[] = "ALTER TABLE events ADD COLUMN worker TEXT;"
                                  "ALTER TABLE operations ADD COLUMN worker TEXT;";

static const char to_format_6[] = "ALTER TABLE events ADD COLUMN acted_by BLOB;"
                                  "ALTER TABLE operations ADD COLUMN acted_by BLOB;";

static int execute(struct store *store, const char *sql)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return store_sqlite_error(store, "bringing the store to this format");
    }
    return 0;
}

static int chain_event(struct store *store, sqlite3_stmt *event, sqlite3_stmt *change,
                       int64_t sequence)
{
    struct chain_value values[CHAIN_COLUMN_COUNT];

    int rc;

    if (!chain_row_values(event, values) || values[CHAIN_sequence].integer != sequence) {
        return store_damaged_event(store, sequence);
    }
    rc = chain_next(&store->chain, values, store->head);
    if (rc) {
        snprintf(store->message, sizeof store->message, "event %lld cannot be hashed",
                 (long long)sequence);
        return rc;
    }
    sqlite3_bind_int64(change, 1, sequence);
    sqlite3_bind_blob(change, 2, store->head, CHAIN_HASH_BYTES, SQLITE_STATIC);
    if (sqlite3_step(change) != SQLITE_DONE || sqlite3_reset(change) != SQLITE_OK) {
        return store_sqlite_error(store, "chaining an event");
    }
    return 0;
}

/* A row keeps its place when its hash is set, so one walk does. */
static int chain_all(struct store *store)
{
    sqlite3_stmt *events = NULL;
    sqlite3_stmt *change = NULL;
    int64_t sequence = 0;
    int step = SQLITE_ERROR;
    int rc = 0;

    memset(store->head, 0, sizeof store->head);
    if (sqlite3_prepare_v2(store->database,
                           "SELECT " CHAIN_ROW_COLUMNS " FROM events ORDER BY sequence", -1,
                           &events, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(store->database, "UPDATE events SET hash = ?2 WHERE sequence = ?1", -1,
                           &change, NULL) == SQLITE_OK) {
        while (!rc && (step = sqlite3_step(events)) == SQLITE_ROW) {
            rc = chain_event(store, events, change, ++sequence);
        }
    }
    if (!rc && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "chaining the events");
    }
    sqlite3_finalize(events);
    sqlite3_finalize(change);
    return rc;
}

/* The chain is made of the columns of this format, so they come before it. */
static int migrate_from_2(struct store *store)
{
    int rc = execute(store, to_format_3);

    if (!rc) {
        rc = execute(store, to_format_4);
    }
    if (!rc) {
        rc = execute(store, to_format_5);
    }
    if (!rc) {
        rc = execute(store, to_format_6);
    }
    if (!rc) {
        rc = chain_all(store);
    }
    return rc ? rc : execute(store, "PRAGMA user_version = 6; COMMIT;");
}

/* From a format whose events are chained; columns that are NULL or 0 change no hash. */
static int migrate_from_3(struct store *store, int version)
{
    int rc = execute(store, "BEGIN IMMEDIATE;");

    if (!rc && version == 3) {
        rc = execute(store, to_format_4);
    }
    if (!rc && version <= 4) {
        rc = execute(store, to_format_5);
    }
    if (!rc) {
        rc = execute(store, to_format_6);
    }
    return rc ? rc : execute(store, "PRAGMA user_version = 6; COMMIT;");
}

int store_migrate(struct store *store, int version)
{
    int rc = version == 1 ? execute(store, to_format_2) : 0;

    if (!rc && (version == 1 || version == 2)) {
        rc = migrate_from_2(store);
    }
    if (!rc && version >= 3 && version <= 5) {
        rc = migrate_from_3(store, version);
    }
    return rc;
}
