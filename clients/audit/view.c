// SPDX-License-Identifier: MIT
/* The view against the log: what the daemon answers with and decides on. */
#include <string.h>

#include "clients/audit/internal.h"
#include "schemas/chain_row.h"

int audit_view_open(struct audit *audit, struct audit_view *view)
{
    view->of_operation = audit_prepare(audit, "SELECT " CHAIN_NAMES
                                              ",'snapshot',NULL FROM operations WHERE id = ?1");
    return view->of_operation ? 0 : audit_failure(audit, 0);
}

void audit_view_close(struct audit_view *view)
{
    sqlite3_finalize(view->of_operation);
    view->of_operation = NULL;
}

/* The id of an operation, for people; ids that are none are told as zeros. */
static const char *format_id(const struct chain_value *value, char text[UUID_TEXT_BUFFER])
{
    struct uuid id = {0};

    if (value->data && value->size_bytes == UUID_BYTES) {
        memcpy(id.bytes, value->data, UUID_BYTES);
    }
    return uuid_format(&id, text);
}

static bool is_same(const struct chain_value *one, const struct chain_value *other)
{
    return one->integer == other->integer && one->size_bytes == other->size_bytes &&
           !one->data == !other->data &&
           (!one->data || memcmp(one->data, other->data, one->size_bytes) == 0);
}

static int compare(struct audit *audit, struct audit_view *view,
                   const struct chain_value event[CHAIN_COLUMN_COUNT])
{
    struct chain_value values[CHAIN_COLUMN_COUNT];
    int64_t sequence = event[CHAIN_sequence].integer;
    char id[UUID_TEXT_BUFFER];

    format_id(&event[CHAIN_id], id);
    if (!chain_row_values(view->of_operation, values)) {
        return audit_break(audit, sequence, "operation %s has a value of a wrong type in the view",
                           id);
    }
    if (values[CHAIN_sequence].integer < sequence && sequence <= audit->view_sequence) {
        return audit_break(audit, sequence, "operation %s is older in the view", id);
    }
    if (values[CHAIN_sequence].integer != sequence) {
        return 0; /* another event is its newest one */
    }
    view->matched++;
    for (int i = CHAIN_kind + 1; i < CHAIN_COLUMN_COUNT; i++) {
        if (!is_same(&values[i], &event[i])) {
            return audit_break(audit, sequence, "operation %s has another %s in the view", id,
                               chain_columns[i].name);
        }
    }
    return 0;
}

int audit_view_check(struct audit *audit, struct audit_view *view,
                     const struct chain_value values[CHAIN_COLUMN_COUNT])
{
    const struct chain_value *id = &values[CHAIN_id];
    int64_t sequence = values[CHAIN_sequence].integer;
    char text[UUID_TEXT_BUFFER];
    int rc = 0;
    int step;

    sqlite3_bind_blob(view->of_operation, 1, id->data, (int)id->size_bytes, SQLITE_STATIC);
    step = sqlite3_step(view->of_operation);
    if (step == SQLITE_ROW) {
        rc = compare(audit, view, values);
    } else if (step != SQLITE_DONE) {
        rc = audit_failure(audit, sequence);
    } else if (sequence <= audit->view_sequence) {
        rc = audit_break(audit, sequence, "operation %s is missing in the view",
                         format_id(id, text));
    }
    sqlite3_reset(view->of_operation);
    return rc;
}

/* Runs a query for something wrong. True when it found a row, at which the statement then is. */
static bool find(struct audit *audit, const char *sql, sqlite3_stmt **statement, int *rc)
{
    int step = SQLITE_ERROR;

    *statement = audit_prepare(audit, sql);
    if (*statement) {
        step = sqlite3_step(*statement);
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        *rc = audit_failure(audit, 0);
    }
    return step == SQLITE_ROW;
}

static struct chain_value first_column(sqlite3_stmt *statement)
{
    return (struct chain_value){.data = sqlite3_column_blob(statement, 0),
                                .size_bytes = (uint32_t)sqlite3_column_bytes(statement, 0)};
}

/* Every operation of the view must have been met as the newest state of one. */
static int check_strays(struct audit *audit, int64_t matched)
{
    static const char strays[] =
        "SELECT id, sequence FROM operations o WHERE NOT EXISTS (SELECT 1 FROM events e"
        " WHERE e.sequence = o.sequence AND e.id = o.id) ORDER BY sequence LIMIT 1";
    sqlite3_stmt *statement = NULL;
    char id[UUID_TEXT_BUFFER];
    int64_t operations = 0;
    int rc = 0;

    if (find(audit, "SELECT count(*) FROM operations", &statement, &rc)) {
        operations = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    if (rc || operations == matched) {
        return rc;
    }
    if (find(audit, strays, &statement, &rc)) {
        struct chain_value value = first_column(statement);

        rc = audit_break(audit, sqlite3_column_int64(statement, 1),
                         "operation %s of the view is not at an event of its own",
                         format_id(&value, id));
    } else if (!rc) {
        rc = audit_break(audit, 1, "the view has %lld operations and the log %lld",
                         (long long)operations, (long long)matched);
    }
    sqlite3_finalize(statement);
    return rc;
}

static int check_counts(struct audit *audit, int64_t events)
{
    static const char wrong[] =
        "SELECT tenant_id, stage FROM ("
        " SELECT tenant_id, stage, count(*) AS number FROM operations GROUP BY 1, 2"
        " UNION ALL SELECT tenant_id, 'overdue', count(*) FROM operations"
        " WHERE overdue_ms <> 0 AND stage NOT IN ('done', 'failed') GROUP BY 1"
        " UNION ALL SELECT tenant_id, stage, -number FROM counts)"
        " GROUP BY tenant_id, stage HAVING sum(number) <> 0 LIMIT 1";
    sqlite3_stmt *statement = NULL;
    char id[UUID_TEXT_BUFFER];
    int rc = 0;

    if (find(audit, wrong, &statement, &rc)) {
        struct chain_value value = first_column(statement);
        const char *stage = (const char *)sqlite3_column_text(statement, 1);

        rc = audit_break(audit, events, "tenant %s has another number of operations %.32s",
                         format_id(&value, id), stage ? stage : "");
    }
    sqlite3_finalize(statement);
    return rc;
}

/* In the order of what explains most. */
int audit_view_end(struct audit *audit, const struct audit_view *view, int64_t events)
{
    int rc;

    if (audit->view_sequence > events) {
        return audit_break(audit, events + 1, "the log ends before it; the view has event %lld",
                           (long long)audit->view_sequence);
    }
    rc = check_strays(audit, view->matched);
    return rc ? rc : check_counts(audit, events);
}
