// SPDX-License-Identifier: MIT
#include "clients/audit/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clients/audit/internal.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

#define BUSY_MS    5000
#define PATH_BYTES 4096

static bool has_run_out(const struct audit *audit)
{
    int code = sqlite3_extended_errcode(audit->database);

    return code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM;
}

int audit_break(struct audit *audit, int64_t sequence, const char *format, ...)
{
    va_list arguments;

    /* What SQLite has no memory for reads as NULL, which is no break. */
    if (has_run_out(audit)) {
        return audit_failure(audit, sequence);
    }
    audit->first->sequence = sequence;
    va_start(arguments, format);
    (void)vsnprintf(audit->first->what, sizeof audit->first->what, format, arguments);
    va_end(arguments);
    return AUDIT_BROKEN;
}

int audit_failure(struct audit *audit, int64_t sequence)
{
    const char *said = sqlite3_errmsg(audit->database);

    if (has_run_out(audit)) {
        snprintf(audit->message, sizeof audit->message, "out of memory");
        return -ERROR_MEMORY;
    }
    switch (sqlite3_errcode(audit->database) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table or a column is missing */
        return audit_break(audit, sequence, "the store cannot be read: %.400s", said);
    default:
        snprintf(audit->message, sizeof audit->message, "the store cannot be read: %.400s", said);
        return -ERROR_IO;
    }
}

int audit_not_hashed(struct audit *audit, int64_t sequence, int rc)
{
    snprintf(audit->message, sizeof audit->message, "event %lld cannot be hashed: %s",
             (long long)sequence, error_row(rc)->message);
    return rc;
}

sqlite3_stmt *audit_prepare(struct audit *audit, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    (void)sqlite3_prepare_v2(audit->database, sql, -1, &statement, NULL);
    return statement;
}

/* The one number of a query, or otherwise when there is no row. */
static int read_number(struct audit *audit, const char *sql, int64_t otherwise, int64_t *number)
{
    sqlite3_stmt *statement = audit_prepare(audit, sql);
    int step = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    int rc = 0;

    if (step == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
    } else if (step == SQLITE_DONE) {
        *number = otherwise;
    } else {
        rc = audit_failure(audit, 0);
    }
    sqlite3_finalize(statement);
    return rc;
}

static int check_format(struct audit *audit)
{
    int64_t format = 0;
    int rc = read_number(audit, "PRAGMA user_version", 0, &format);

    if (rc || format == CHAIN_STORE_FORMAT) {
        return rc;
    }
    snprintf(audit->message, sizeof audit->message,
             "the store has format %lld and this program knows format %d%s", (long long)format,
             CHAIN_STORE_FORMAT,
             format > 0 && format < CHAIN_STORE_FORMAT ? "; exportd brings it there when it starts"
                                                       : "");
    return -ERROR_DAMAGED;
}

static int open_database(struct audit *audit, const char *directory)
{
    char path[PATH_BYTES];
    struct stat status;

    if (snprintf(path, sizeof path, "%s/store.db", directory) >= (int)sizeof path) {
        snprintf(audit->message, sizeof audit->message, "the path of the store is too long");
        return -ERROR_TOO_LONG;
    }
    if (stat(path, &status)) {
        snprintf(audit->message, sizeof audit->message, "there is no file store.db");
        return -ERROR_NOT_FOUND;
    }
    if (sqlite3_open_v2(path, &audit->database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        return audit->database ? audit_failure(audit, 0) : -ERROR_MEMORY;
    }
    sqlite3_busy_timeout(audit->database, BUSY_MS);
    if (sqlite3_exec(audit->database,
                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                     "PRAGMA query_only = ON; BEGIN",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return audit_failure(audit, 0);
    }
    return check_format(audit);
}

int audit_open(struct audit **audit, const char *directory, char message[AUDIT_MESSAGE_BYTES])
{
    struct audit_break first = {0};
    struct audit *a = calloc(1, sizeof *a);
    int rc = a ? chain_init(&a->chain) : -ERROR_MEMORY;

    if (!rc) {
        a->first = &first;
        rc = open_database(a, directory);
        a->first = NULL;
    }
    if (rc) {
        snprintf(message, AUDIT_MESSAGE_BYTES, "%s",
                 rc > 0               ? first.what
                 : a && a->message[0] ? a->message
                                      : error_row(-ERROR_MEMORY)->message);
        audit_close(&a);
        return rc > 0 ? -ERROR_DAMAGED : rc;
    }
    *audit = a;
    return 0;
}

void audit_close(struct audit **audit)
{
    if (*audit) {
        sqlite3_close((*audit)->database);
        chain_release(&(*audit)->chain);
        free(*audit);
        *audit = NULL;
    }
}

const char *audit_message(const struct audit *audit)
{
    return audit->message;
}

int audit_verify(struct audit *audit, const char *const *receipts, size_t receipt_count,
                 struct audit_summary *summary, struct audit_break *first)
{
    struct audit_break of_receipts = {0};
    int64_t differs = 0;
    int of_log;
    int rc;

    *summary = (struct audit_summary){.chained_from = 1};
    audit->first = first;
    rc = read_number(audit, "SELECT value FROM meta WHERE name = 'view_sequence'", 0,
                     &audit->view_sequence);
    if (!rc) {
        rc = read_number(audit, "SELECT value FROM meta WHERE name = 'chained_from'", 1,
                         &summary->chained_from);
    }
    if (rc) {
        return rc;
    }
    of_log = audit_events(audit, summary);
    if (of_log < 0) {
        return of_log;
    }
    audit->first = &of_receipts;
    rc = audit_receipts(audit, receipts, receipt_count, summary, &differs);
    /* Receipts place a break between two of them, the log at an event. */
    if (rc > 0 && (of_log == 0 || differs < first->sequence)) {
        *first = of_receipts;
    }
    return rc < 0 ? rc : rc | of_log;
}

static int check_newest(struct audit *audit, sqlite3_stmt *statement, struct audit_summary *summary)
{
    int64_t sequence = sqlite3_column_int64(statement, 4);
    const void *before = sqlite3_column_blob(statement, CHAIN_ROW_HASH_COLUMN + 1);
    int rc;

    if (before && sqlite3_column_bytes(statement, CHAIN_ROW_HASH_COLUMN + 1) == CHAIN_HASH_BYTES) {
        memcpy(summary->head, before, CHAIN_HASH_BYTES);
    } else if (sequence != 1) {
        return audit_break(audit, sequence - 1, "the event is missing or has no hash");
    }
    rc = chain_row_follows(&audit->chain, statement, summary->head);
    if (rc == -ERROR_DAMAGED) {
        return audit_break(audit, sequence, "the event, its hash or that before it was changed");
    }
    if (rc) {
        return audit_not_hashed(audit, sequence, rc);
    }
    summary->events = sequence;
    return 0;
}

int audit_head(struct audit *audit, struct audit_summary *summary, struct audit_break *first)
{
    static const char newest[] = "SELECT " CHAIN_ROW_COLUMNS
                                 ",(SELECT b.hash FROM events b WHERE b.sequence = e.sequence - 1)"
                                 " FROM events e ORDER BY sequence DESC LIMIT 1";
    sqlite3_stmt *statement;
    int step;
    int rc = 0;

    *summary = (struct audit_summary){.chained_from = 1};
    audit->first = first;
    statement = audit_prepare(audit, newest);
    step = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (step == SQLITE_ROW) {
        rc = check_newest(audit, statement, summary);
    } else if (step != SQLITE_DONE) {
        rc = audit_failure(audit, 0);
    }
    sqlite3_finalize(statement);
    return rc;
}
