// SPDX-License-Identifier: MIT
#include "workers/runtime/registry.h"

#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "workers/sources/database.h"
#include "workers/sources/driver.h"

#define DISPLAY_NAME_CODE_POINTS 256

enum registry_column {
    COLUMN_USER_ID,
    COLUMN_USER_PRINCIPAL_NAME,
    COLUMN_DISPLAY_NAME,
    COLUMN_HOME_TENANT_ID,
    COLUMN_COUNT
};

static int check_statement(struct database *database, const char *sql,
                           struct source_problem *problem)
{
    char message[DATABASE_ERROR_BYTES];
    sqlite3_stmt *statement;
    unsigned used;
    int code;

    int rc = database_prepare(database, sql, &statement, &used, &code, message);
    if (rc)
        return source_problem_set(
            problem, rc == -ERROR_CONFIGURATION ? "profile_statement" : "database", "%s", message);
    int columns = sqlite3_column_count(statement);
    sqlite3_finalize(statement);
    if (used != (DATABASE_TENANT_ID | DATABASE_USER_ID))
        return source_problem_set(problem, "profile_statement",
                                  "must use :tenant_id and :user_id, and no other parameter");
    if (columns != COLUMN_COUNT)
        return source_problem_set(problem, "profile_statement",
                                  "has %d columns, expected user id, user principal name, display "
                                  "name, home tenant id",
                                  columns);
    return 0;
}

int registry_check(const struct registry_settings *settings, struct source_problem *problem)
{
    const atomic_int never = 0;
    char message[DATABASE_ERROR_BYTES];
    struct database database;

    if (database_open(&database, settings->database, settings->busy_timeout_ms, &never, message))
        return source_problem_set(problem, "database", "cannot be opened: %s", message);
    int rc = check_statement(&database, settings->statement, problem);
    database_close(&database);
    return rc;
}

static struct text column_text(sqlite3_stmt *statement, int column)
{
    const char *data = (const char *)sqlite3_column_text(statement, column);

    return data ? (struct text){data, (uint32_t)sqlite3_column_bytes(statement, column)}
                : (struct text){NULL, 0};
}

/* At most so many code points of UTF-8 without a NUL. */
static int copy_name(sqlite3_stmt *statement, int column, uint32_t most,
                     char name[REGISTRY_TEXT_BYTES])
{
    struct text t = column_text(statement, column);
    uint32_t count;

    if (text_code_points(t, &count) || count > most)
        return -ERROR_DAMAGED;
    return text_copy(t, name, REGISTRY_TEXT_BYTES) ? -ERROR_DAMAGED : 0;
}

static int read_columns(sqlite3_stmt *statement, const struct uuid *user_id,
                        struct registry_profile *profile)
{
    struct uuid found;

    if (sqlite3_column_count(statement) != COLUMN_COUNT ||
        uuid_parse(column_text(statement, COLUMN_USER_ID), &found) ||
        !uuid_equal(&found, user_id) ||
        uuid_parse(column_text(statement, COLUMN_HOME_TENANT_ID), &profile->home_tenant_id))
        return -ERROR_DAMAGED;
    int rc = copy_name(statement, COLUMN_USER_PRINCIPAL_NAME, REGISTRY_NAME_BYTES,
                       profile->user_principal_name);
    return rc ? rc
              : copy_name(statement, COLUMN_DISPLAY_NAME, DISPLAY_NAME_CODE_POINTS,
                          profile->display_name);
}

/* A text that SQLite has no memory for reads like one that is absent. */
static int read_profile(sqlite3_stmt *statement, const struct uuid *user_id,
                        struct registry_profile *profile)
{
    int rc = read_columns(statement, user_id, profile);

    return sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM ? -ERROR_REGISTRY : rc;
}

static int step_profile(sqlite3_stmt *statement, const struct uuid *user_id,
                        struct registry_profile *profile)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_DONE)
        return -ERROR_NOT_FOUND;
    if (code != SQLITE_ROW)
        return -ERROR_REGISTRY;
    struct registry_profile read;
    int rc = read_profile(statement, user_id, &read);
    if (rc)
        return rc;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return -ERROR_DAMAGED;
    if (code != SQLITE_DONE)
        return -ERROR_REGISTRY;
    *profile = read;
    return 0;
}

int registry_find(const struct registry_settings *settings, const struct uuid *tenant_id,
                  const struct uuid *user_id, const atomic_int *stop,
                  struct registry_profile *profile)
{
    char message[DATABASE_ERROR_BYTES];
    char tenant[UUID_TEXT_BUFFER];
    char user[UUID_TEXT_BUFFER];
    char reason[2 * DATABASE_ERROR_BYTES];
    struct source_subject subject = {
        .tenant_id = {uuid_format(tenant_id, tenant), UUID_TEXT_BYTES},
        .user_id = {uuid_format(user_id, user), UUID_TEXT_BYTES},
    };
    struct database database;
    sqlite3_stmt *statement = NULL;
    unsigned used;
    int code;

    int rc = -ERROR_REGISTRY;
    if (database_open(&database, settings->database, settings->busy_timeout_ms, stop, message) ||
        database_prepare(&database, settings->statement, &statement, &used, &code, message)) {
        /* SQLite does not know yet whose profile is wanted, so it names nobody. */
        if (!atomic_load(stop))
            log_line(LOG_ERROR, "registry_unreadable", "reason=%s",
                     log_value(text_of(message), reason, sizeof(reason)));
        goto out;
    }
    if (database_bind(statement, &subject) == SQLITE_OK)
        rc = step_profile(statement, user_id, profile);
out:
    sqlite3_finalize(statement);
    database_close(&database);
    return rc == -ERROR_REGISTRY && atomic_load(stop) ? -ERROR_CANCELLED : rc;
}
