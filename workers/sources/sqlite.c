// SPDX-License-Identifier: MIT
/* Sources of kind sqlite: the rows of one statement of the operator, bound to the subject. A
 * database is opened anew for every gathering, so that one that was replaced is noticed and threads
 * share nothing; the count and the rows are read in one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "workers/sources/database.h"
#include "workers/sources/driver.h"
#include "workers/sources/rows.h"

#define USER_PARAMETERS (DATABASE_USER_ID | DATABASE_USER_PRINCIPAL_NAME)

struct sqlite_source {
    char *database;
    char *statement;
    char *count_statement; /* NULL when rows are not counted first */
    enum source_format format;
    int64_t busy_timeout_ms;
    int64_t maximum_rows;
    int64_t maximum_bytes;
};

/* One gathering's reading. */
struct reading {
    const struct sqlite_source *source;
    const struct gathering *gathering;
    struct database database;
    int64_t row_total; /* 0 when it is not known */
};

static void sqlite_close(void *state)
{
    struct sqlite_source *source = state;

    if (!source)
        return;
    free(source->database);
    free(source->statement);
    free(source->count_statement);
    free(source);
}

/* The statement as a subquery: without what ends it, and with a line end, for it may end in a
 * comment. */
static char *make_count_statement(const char *statement)
{
    static const char before[] = "SELECT count(*) FROM (";
    size_t bytes = strlen(statement);
    size_t all = bytes + sizeof(before) + 4;
    char *count = malloc(all);

    while (bytes > 0 && strchr("; \t\r\n", statement[bytes - 1]))
        bytes--;
    if (count)
        snprintf(count, all, "%s%.*s\n)", before, (int)bytes, statement);
    return count;
}

/* count, unless it is NULL, becomes the statement that counts its rows, to be freed by the caller.
 */
static int check_statement(struct database *database, const char *sql, char **count,
                           struct source_problem *problem)
{
    char message[DATABASE_ERROR_BYTES];
    sqlite3_stmt *statement;
    unsigned used;
    int code;

    int rc = database_prepare(database, sql, &statement, &used, &code, message);
    if (rc)
        return source_problem_set(problem, rc == -ERROR_CONFIGURATION ? "statement" : "database",
                                  "%s", message);
    /* SQLite gives it back without what follows its end. */
    char *made = count ? make_count_statement(sqlite3_sql(statement)) : NULL;
    sqlite3_finalize(statement);
    if (count && !made)
        return -ERROR_MEMORY;
    if (count)
        *count = made;
    if (!(used & DATABASE_TENANT_ID))
        return source_problem_set(
            problem, "statement",
            "does not use :tenant_id, so it could give another tenant's rows");
    if (!(used & USER_PARAMETERS))
        return source_problem_set(
            problem, "statement",
            "uses neither :user_id nor :user_principal_name, so it could give "
            "another user's rows");
    return 0;
}

static int check(struct sqlite_source *source, bool counts_first, struct source_problem *problem)
{
    const atomic_int never = 0;
    char message[DATABASE_ERROR_BYTES];
    struct database database;

    if (database_open(&database, source->database, source->busy_timeout_ms, &never, message))
        return source_problem_set(problem, "database", "cannot be opened: %s", message);
    int rc = check_statement(&database, source->statement,
                             counts_first ? &source->count_statement : NULL, problem);
    if (!rc && source->count_statement &&
        check_statement(&database, source->count_statement, NULL, problem))
        rc = source_problem_set(problem, "statement", "cannot be counted; set count: false");
    database_close(&database);
    return rc;
}

static int sqlite_open(const struct source_settings *settings, void **state,
                       struct source_problem *problem)
{
    struct sqlite_source *source;
    int rc = -ERROR_MEMORY;

    if (settings->root.size_bytes || settings->pattern.size_bytes)
        return source_problem_set(problem, settings->root.size_bytes ? "root" : "pattern",
                                  "is not a key of kind sqlite");
    if (!settings->database.size_bytes || !settings->statement.size_bytes)
        return source_problem_set(problem, settings->database.size_bytes ? "statement" : "database",
                                  "kind sqlite needs it");
    source = calloc(1, sizeof(*source));
    if (!source)
        return rc;
    source->database = source_copy(settings->database);
    source->statement = source_copy(settings->statement);
    source->format = settings->format;
    source->busy_timeout_ms = settings->busy_timeout_ms;
    source->maximum_rows = settings->maximum_rows;
    source->maximum_bytes = settings->maximum_bytes;
    if (source->database && source->statement)
        rc = check(source, settings->counts_first, problem);
    if (rc) {
        sqlite_close(source);
        return rc;
    }
    *state = source;
    return 0;
}

static void tell(const struct reading *reading, const char *message)
{
    char *detail = reading->gathering->outcome->detail;

    snprintf(detail, SOURCE_DETAIL_BYTES, "%s", message);
}

/* An SQLite code as the end of the source, or of the gathering when it was told to stop. */
static int fail(const struct reading *reading, int code)
{
    struct database_failure failure = database_failure_of(code);

    if (gathering_is_stopped(reading->gathering))
        return -ERROR_CANCELLED;
    outcome_fail(reading->gathering->outcome, failure.reason, failure.is_retryable);
    return 0;
}

/* The caller finalizes. Returns an SQLite code. What SQLite says before it knows whose data is
 * wanted has nobody's. */
static int prepare(struct reading *reading, const char *sql, sqlite3_stmt **statement)
{
    char message[DATABASE_ERROR_BYTES];
    unsigned used;
    int code;

    if (database_prepare(&reading->database, sql, statement, &used, &code, message)) {
        tell(reading, message);
        return code;
    }
    return database_bind(*statement, reading->gathering->subject);
}

static int count_rows(struct reading *reading)
{
    sqlite3_stmt *statement = NULL;
    int code = prepare(reading, reading->source->count_statement, &statement);

    if (!code)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        reading->row_total = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

static void report_progress(const struct reading *reading)
{
    const struct source_counts *counts = &reading->gathering->outcome->counts;
    const struct sink *sink = reading->gathering->sink;
    double share = reading->row_total > 0 ? (double)counts->rows / (double)reading->row_total : 0.0;

    sink->functions->progress(sink->context, counts, share < 1.0 ? share : 1.0);
}

/* Whether a row that is there must be left out, for a limit is reached. */
static bool is_at_limit(const struct reading *reading, const struct rows *rows)
{
    const struct sqlite_source *source = reading->source;
    struct source_outcome *outcome = reading->gathering->outcome;

    if (outcome->counts.rows >= source->maximum_rows) {
        outcome_truncate(outcome, SOURCE_REASON_ROW_LIMIT);
        return true;
    }
    if (rows_bytes(rows) >= source->maximum_bytes) {
        outcome_truncate(outcome, SOURCE_REASON_BYTE_LIMIT);
        return true;
    }
    return false;
}

/* Returns what ends the gathering; what ends only the source goes to the outcome. */
static int write_rows(struct reading *reading, sqlite3_stmt *statement, struct rows *rows)
{
    struct source_outcome *outcome = reading->gathering->outcome;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (gathering_is_stopped(reading->gathering))
            return -ERROR_CANCELLED;
        if (is_at_limit(reading, rows))
            return 0;
        if (!rows_fits(rows)) {
            outcome_fail(outcome, SOURCE_REASON_ROW_TOO_LARGE, false);
            return 0;
        }
        int rc = rows_write(rows);
        if (rc)
            return rc;
        report_progress(reading);
    }
    return code == SQLITE_DONE ? 0 : fail(reading, code);
}

static int gather_rows(struct reading *reading, sqlite3_stmt *statement)
{
    struct rows *rows;
    int rc = rows_new(&rows, statement, reading->source->format, reading->gathering);

    if (rc) {
        outcome_fail(reading->gathering->outcome, SOURCE_REASON_INTERNAL_ERROR, true);
        return 0;
    }
    rc = write_rows(reading, statement, rows);
    if (!rc)
        rc = rows_end(rows);
    rows_destroy(&rows);
    return rc;
}

static int sqlite_gather(const void *state, const struct gathering *gathering)
{
    struct reading reading = {.source = state, .gathering = gathering};
    char message[DATABASE_ERROR_BYTES];
    sqlite3_stmt *statement = NULL;
    int rc;

    int code = database_open(&reading.database, reading.source->database,
                             reading.source->busy_timeout_ms, gathering->stop, message);
    if (code) {
        tell(&reading, message);
        return fail(&reading, code);
    }
    code = database_begin(&reading.database);
    if (!code && reading.source->count_statement)
        code = count_rows(&reading);
    if (!code)
        code = prepare(&reading, reading.source->statement, &statement);
    rc = code ? fail(&reading, code) : gather_rows(&reading, statement);
    sqlite3_finalize(statement);
    database_close(&reading.database);
    return rc;
}

const struct source_driver source_driver_sqlite = {
    .open = sqlite_open,
    .close = sqlite_close,
    .gather = sqlite_gather,
};
