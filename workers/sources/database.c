// SPDX-License-Identifier: MIT
#include "workers/sources/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "schemas/base/errors.h"

#define PATH_BYTES            4200 /* what a configuration can hold */
#define PROGRESS_INSTRUCTIONS 2000 /* well below a millisecond of work */
#define SORTER_PAGES          "-4096"

static const struct {
    int limit;
    int value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, DATABASE_VALUE_BYTES},
    {SQLITE_LIMIT_SQL_LENGTH, 65536},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1024},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 64},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COLUMN, 2000},
};

static const struct {
    int option;
    int value;
} options[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    /* A mistyped "column" would otherwise be taken for a text, and compare true with itself. */
    {SQLITE_DBCONFIG_DQS_DML, 0},
};

static const struct {
    const char *name;
    enum database_parameter bit;
    size_t offset; /* in struct source_subject */
} parameters[] = {
    {":tenant_id", DATABASE_TENANT_ID, offsetof(struct source_subject, tenant_id)},
    {":user_id", DATABASE_USER_ID, offsetof(struct source_subject, user_id)},
    {":user_principal_name", DATABASE_USER_PRINCIPAL_NAME,
     offsetof(struct source_subject, user_principal_name)},
    {":home_tenant_id", DATABASE_HOME_TENANT_ID, offsetof(struct source_subject, home_tenant_id)},
};
#define PARAMETER_COUNT (sizeof(parameters) / sizeof(parameters[0]))

static const struct {
    int code; /* primary */
    struct database_failure failure;
} failures[] = {
    {SQLITE_BUSY, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_LOCKED, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_PROTOCOL, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_CANTOPEN, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_IOERR, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_READONLY,
     {SOURCE_REASON_DATABASE_UNAVAILABLE, true}}, /* a journal to roll back first */
    {SQLITE_PERM, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_FULL, {SOURCE_REASON_DATABASE_UNAVAILABLE, true}},
    {SQLITE_NOMEM, {SOURCE_REASON_INTERNAL_ERROR, true}},
    {SQLITE_CORRUPT, {SOURCE_REASON_DATABASE_UNAVAILABLE, false}},
    {SQLITE_NOTADB, {SOURCE_REASON_DATABASE_UNAVAILABLE, false}},
    {SQLITE_TOOBIG, {SOURCE_REASON_ROW_TOO_LARGE, false}},
};

struct database_failure database_failure_of(int code)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == (code & 0xff))
            return failures[i].failure;
    }
    return (struct database_failure){SOURCE_REASON_STATEMENT_FAILED, false};
}

static bool is_stopped(const struct database *database)
{
    return atomic_load_explicit(database->stop, memory_order_relaxed) != 0;
}

static int on_progress(void *context)
{
    return is_stopped(context) ? 1 : 0;
}

/* Waits in short sleeps, so that the stop flag counts; gives up once they add up to the time-out.
 */
static int on_busy(void *context, int attempts)
{
    static const int64_t delays_ms[] = {1, 2, 5, 10, 15, 20, 25, 50};
    const int64_t delay_count = (int64_t)(sizeof(delays_ms) / sizeof(delays_ms[0]));
    const struct database *database = context;
    int64_t waited_ms = 0;
    int64_t delay_ms = delays_ms[attempts < delay_count ? attempts : delay_count - 1];

    for (int64_t i = 0; i < attempts && i < delay_count; i++)
        waited_ms += delays_ms[i];
    if (attempts > delay_count)
        waited_ms += (attempts - delay_count) * delays_ms[delay_count - 1];
    if (is_stopped(database) || waited_ms >= database->busy_timeout_ms)
        return 0;
    if (delay_ms > database->busy_timeout_ms - waited_ms)
        delay_ms = database->busy_timeout_ms - waited_ms;
    nanosleep(&(struct timespec){.tv_nsec = (long)(delay_ms * 1000000)}, NULL);
    return 1;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *schema, const char *trigger)
{
    (void)context;
    (void)schema;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second && sqlite3_stricmp(second, "load_extension") != 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA: /* full-text tables ask for it while they are read */
        return first && sqlite3_stricmp(first, "data_version") == 0 ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* The path as SQLite is to be given it: a name that starts with "file:" or is ":memory:" means
 * something else to it, one with a slash in front never does. SQLite would wait for the writer of a
 * FIFO. */
static int check_path(const char *path, char plain[PATH_BYTES], char message[DATABASE_ERROR_BYTES])
{
    struct stat status;
    int size = snprintf(plain, PATH_BYTES, "%s%s", path[0] == '/' ? "" : "./", path);

    if (size < 0 || size >= PATH_BYTES) {
        snprintf(message, DATABASE_ERROR_BYTES, "the path is too long");
        return SQLITE_CANTOPEN;
    }
    if (stat(plain, &status) != 0) {
        snprintf(message, DATABASE_ERROR_BYTES, "%s", strerror(errno));
        return SQLITE_CANTOPEN;
    }
    if (!S_ISREG(status.st_mode)) {
        snprintf(message, DATABASE_ERROR_BYTES, "not a regular file");
        return SQLITE_CANTOPEN;
    }
    return SQLITE_OK;
}

static int configure(struct database *database)
{
    int rc = sqlite3_extended_result_codes(database->handle, 1);

    for (size_t i = 0; !rc && i < sizeof(options) / sizeof(options[0]); i++)
        rc = sqlite3_db_config(database->handle, options[i].option, options[i].value, NULL);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        sqlite3_limit(database->handle, limits[i].limit, limits[i].value);
    sqlite3_progress_handler(database->handle, PROGRESS_INSTRUCTIONS, on_progress, database);
    if (!rc)
        rc = sqlite3_busy_handler(database->handle, on_busy, database);
    if (!rc)
        rc = sqlite3_exec(
            database->handle,
            "PRAGMA query_only=1; PRAGMA temp_store=1; PRAGMA cache_size=" SORTER_PAGES, NULL, NULL,
            NULL);
    return rc;
}

int database_open(struct database *database, const char *path, int64_t busy_timeout_ms,
                  const atomic_int *stop, char message[DATABASE_ERROR_BYTES])
{
    char plain[PATH_BYTES];

    *database = (struct database){NULL, stop, busy_timeout_ms};
    int code = check_path(path, plain, message);
    if (code)
        return code;
    code =
        sqlite3_open_v2(plain, &database->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (!code)
        code = configure(database);
    if (code) {
        snprintf(message, DATABASE_ERROR_BYTES, "%s", sqlite3_errstr(code));
        database_close(database);
    }
    return code;
}

void database_close(struct database *database)
{
    sqlite3_close(database->handle);
    database->handle = NULL;
}

int database_begin(struct database *database)
{
    sqlite3_set_authorizer(database->handle, NULL, NULL);
    return sqlite3_exec(database->handle, "BEGIN", NULL, NULL, NULL);
}

static int refuse(int *code, char message[DATABASE_ERROR_BYTES], const char *why)
{
    *code = SQLITE_ERROR;
    snprintf(message, DATABASE_ERROR_BYTES, "%s", why);
    return -ERROR_CONFIGURATION;
}

static int prepare_failure(const struct database *database, int failed, int *code,
                           char message[DATABASE_ERROR_BYTES])
{
    int primary = failed & 0xff;

    *code = failed;
    snprintf(message, DATABASE_ERROR_BYTES, "%s", sqlite3_errmsg(database->handle));
    return primary == SQLITE_ERROR || primary == SQLITE_AUTH || primary == SQLITE_TOOBIG
               ? -ERROR_CONFIGURATION
               : -ERROR_IO;
}

static int check_parameters(sqlite3_stmt *statement, unsigned *used, int *code,
                            char message[DATABASE_ERROR_BYTES])
{
    int count = sqlite3_bind_parameter_count(statement);

    *used = 0;
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        unsigned bit = 0;

        for (size_t j = 0; name && j < PARAMETER_COUNT; j++)
            bit |= strcmp(name, parameters[j].name) == 0 ? parameters[j].bit : 0;
        if (bit == 0)
            return refuse(code, message,
                          "has a parameter other than :tenant_id, :user_id, :user_principal_name "
                          "and :home_tenant_id");
        *used |= bit;
    }
    return 0;
}

/* Only white space, comments and semicolons may follow a statement. */
static int check_tail(struct database *database, const char *tail, int *code,
                      char message[DATABASE_ERROR_BYTES])
{
    while (*tail) {
        sqlite3_stmt *next = NULL;
        const char *rest = tail;
        int failed = sqlite3_prepare_v2(database->handle, tail, -1, &next, &rest);
        int rc = failed ? prepare_failure(database, failed, code, message) : 0;

        sqlite3_finalize(next);
        if (rc == -ERROR_IO)
            return rc; /* which says nothing about the statement */
        if (rc || next || rest == tail)
            return refuse(code, message, "is more than one statement");
        tail = rest;
    }
    return 0;
}

int database_prepare(struct database *database, const char *sql, sqlite3_stmt **statement,
                     unsigned *used, int *code, char message[DATABASE_ERROR_BYTES])
{
    sqlite3_stmt *prepared = NULL;
    const char *tail = sql;

    sqlite3_set_authorizer(database->handle, authorize, NULL);
    int rc = sqlite3_prepare_v2(database->handle, sql, -1, &prepared, &tail);
    if (rc)
        return prepare_failure(database, rc, code, message);
    if (!prepared)
        return refuse(code, message, "is empty");
    rc = check_tail(database, tail, code, message);
    if (!rc && (!sqlite3_stmt_readonly(prepared) || sqlite3_stmt_isexplain(prepared) ||
                sqlite3_column_count(prepared) == 0))
        rc = refuse(code, message, "is not a SELECT");
    if (!rc)
        rc = check_parameters(prepared, used, code, message);
    if (rc) {
        sqlite3_finalize(prepared);
        return rc;
    }
    *statement = prepared;
    return 0;
}

int database_bind(sqlite3_stmt *statement, const struct source_subject *subject)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        int index = sqlite3_bind_parameter_index(statement, parameters[i].name);
        const struct text *value =
            (const struct text *)(const void *)((const char *)subject + parameters[i].offset);
        int rc = SQLITE_OK;

        if (index && value->size_bytes > 0)
            rc = sqlite3_bind_text(statement, index, value->data, (int)value->size_bytes,
                                   SQLITE_STATIC);
        if (rc)
            return rc;
    }
    return SQLITE_OK;
}
