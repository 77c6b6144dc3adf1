// SPDX-License-Identifier: MIT
#include "daemon/store/registry_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "schemas/base/errors.h"

#define COLUMNS 4

static int refuse(char *message, const char *what, const char *why)
{
    snprintf(message, REGISTRY_MESSAGE_BYTES, "%s: %s", what, why);
    return -ERROR_CONFIGURATION;
}

static int prepare(struct registry_file *file, struct text sql, const char *key,
                   const char *const *parameters, sqlite3_stmt **statement, char *message)
{
    const char *tail = NULL;

    if (sqlite3_prepare_v3(file->database, sql.data, (int)sql.size_bytes, SQLITE_PREPARE_PERSISTENT,
                           statement, &tail) != SQLITE_OK) {
        return refuse(message, key, sqlite3_errmsg(file->database));
    }
    for (const char *end = sql.data + sql.size_bytes; tail < end; tail++) {
        if (!strchr(" \t\r\n;", *tail)) {
            return refuse(message, key, "more than one statement");
        }
    }
    if (!*statement || !sqlite3_stmt_readonly(*statement) || sqlite3_stmt_isexplain(*statement)) {
        return refuse(message, key, "not a SELECT");
    }
    if (sqlite3_column_count(*statement) != COLUMNS) {
        return refuse(
            message, key,
            "not four columns: user id, user principal name, display name, home tenant id");
    }
    for (; *parameters; parameters++) {
        if (!sqlite3_bind_parameter_index(*statement, *parameters)) {
            return refuse(message, key, "does not use each of its parameters");
        }
    }
    return 0;
}

static int open_database(struct registry_file *file, const struct registry_options *options,
                         char *message)
{
    static const char *const profile_parameters[] = {":tenant_id", ":user_id", NULL};
    static const char *const list_parameters[] = {":tenant_id", ":after", ":limit", NULL};
    int rc;

    if (sqlite3_open_v2(options->database, &file->database,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        return refuse(message, "registry.database",
                      file->database ? sqlite3_errmsg(file->database) : "out of memory");
    }
    sqlite3_busy_timeout(file->database, (int)options->busy_timeout_ms);
    if (sqlite3_exec(file->database, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", NULL,
                     NULL, NULL) != SQLITE_OK) {
        return refuse(message, "registry.database", sqlite3_errmsg(file->database));
    }
    if (sqlite3_prepare_v3(file->database, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT, &file->begin,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(file->database, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &file->commit,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(file->database, "PRAGMA data_version", -1, SQLITE_PREPARE_PERSISTENT,
                           &file->version, NULL) != SQLITE_OK) {
        return refuse(message, "registry.database", sqlite3_errmsg(file->database));
    }
    rc = prepare(file, options->profile_statement, "registry.profile_statement", profile_parameters,
                 &file->profile, message);
    return rc ? rc
              : prepare(file, options->list_statement, "registry.list_statement", list_parameters,
                        &file->list, message);
}

/* Looked at before it is opened: one that takes its place meanwhile is then another. */
int registry_file_open(struct registry_file *file, const struct registry_options *options,
                       char message[REGISTRY_MESSAGE_BYTES])
{
    struct stat status;
    int rc;

    *file = (struct registry_file){0};
    rc = stat(options->database, &status) ? refuse(message, "registry.database", strerror(errno))
                                          : open_database(file, options, message);
    if (rc) {
        registry_file_close(file);
        return rc;
    }
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return 0;
}

void registry_file_close(struct registry_file *file)
{
    sqlite3_finalize(file->profile);
    sqlite3_finalize(file->list);
    sqlite3_finalize(file->begin);
    sqlite3_finalize(file->commit);
    sqlite3_finalize(file->version);
    sqlite3_close(file->database);
    *file = (struct registry_file){0};
}

int registry_file_is_current(const struct registry_file *file, const char *path)
{
    struct stat status;

    if (stat(path, &status)) {
        return -errno;
    }
    return status.st_dev == file->device && status.st_ino == file->inode;
}
