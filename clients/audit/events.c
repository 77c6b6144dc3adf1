// SPDX-License-Identifier: MIT
/* The log against itself. */
#include <string.h>

#include "clients/audit/internal.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

#define SEQUENCE_COLUMN (CHAIN_sequence - 1)

static bool has_hash(sqlite3_stmt *statement, const uint8_t hash[CHAIN_HASH_BYTES])
{
    const void *stored = sqlite3_column_blob(statement, CHAIN_ROW_HASH_COLUMN);

    return stored && sqlite3_column_bytes(statement, CHAIN_ROW_HASH_COLUMN) == CHAIN_HASH_BYTES &&
           memcmp(stored, hash, CHAIN_HASH_BYTES) == 0;
}

static int check_event(struct audit *audit, sqlite3_stmt *statement, struct audit_summary *summary,
                       struct audit_view *view)
{
    struct chain_value values[CHAIN_COLUMN_COUNT];
    int64_t expected = summary->events + 1;
    int64_t sequence = sqlite3_column_int64(statement, SEQUENCE_COLUMN);
    int rc;

    if (sequence < expected) {
        return audit_break(audit, sequence, "an event with a number below 1 was inserted");
    }
    if (sequence > expected) {
        return audit_break(audit, expected, "the event is missing; the next one is %lld",
                           (long long)sequence);
    }
    if (!chain_row_values(statement, values)) {
        return audit_break(audit, sequence, "a column has a value of a wrong type");
    }
    rc = chain_next(&audit->chain, values, summary->head);
    if (rc && rc != -ERROR_TOO_LONG) {
        return audit_not_hashed(audit, sequence, rc);
    }
    if (rc || !has_hash(statement, summary->head)) {
        return audit_break(audit, sequence,
                           "the event, its hash or its place in the log was changed");
    }
    summary->events = sequence;
    return audit_view_check(audit, view, values);
}

int audit_events(struct audit *audit, struct audit_summary *summary)
{
    sqlite3_stmt *statement =
        audit_prepare(audit, "SELECT " CHAIN_ROW_COLUMNS " FROM events ORDER BY sequence");
    struct audit_view view = {0};
    int step = SQLITE_ERROR;
    int rc = statement ? audit_view_open(audit, &view) : audit_failure(audit, 0);

    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = check_event(audit, statement, summary, &view);
    }
    if (!rc && step != SQLITE_DONE) {
        rc = audit_failure(audit, summary->events + 1);
    }
    if (!rc) {
        rc = audit_view_end(audit, &view, summary->events);
    }
    audit_view_close(&view);
    sqlite3_finalize(statement);
    return rc;
}
