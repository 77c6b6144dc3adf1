// SPDX-License-Identifier: MIT
/* A SQLite database that is only ever read: opened read-only, with query_only, an untrusted schema,
 * no extensions and no attached databases, and an authorizer that lets a statement do nothing but
 * select. A busy database is waited for, and a running statement goes on, only until the stop flag
 * is set; that takes effect within a fraction of a second.
 *
 * Opening a database in WAL mode that nobody else has open makes SQLite create its -shm file, so
 * the reader needs the right to write in its folder or a writer that keeps it open. One thread at a
 * time. */
#ifndef WORKERS_SOURCES_DATABASE_H
#define WORKERS_SOURCES_DATABASE_H

#include <sqlite3.h>

#include "workers/sources/source.h"

#define DATABASE_VALUE_BYTES 67108864 /* the largest row, and the largest value */
#define DATABASE_ERROR_BYTES 256

/* The parameters that a statement may bind, as bits. */
enum database_parameter {
    DATABASE_TENANT_ID = 1,
    DATABASE_USER_ID = 2,
    DATABASE_USER_PRINCIPAL_NAME = 4,
    DATABASE_HOME_TENANT_ID = 8,
};

/* Must stay where it is while it is open: SQLite calls back into it. */
struct database {
    sqlite3 *handle;
    const atomic_int *stop; /* borrowed; non-zero interrupts */
    int64_t busy_timeout_ms;
};

/* Opens. Returns an SQLite code; on failure message says why. */
int database_open(struct database *database, const char *path, int64_t busy_timeout_ms,
                  const atomic_int *stop, char message[DATABASE_ERROR_BYTES]);
void database_close(struct database *database); /* safe twice; statements first */

/* Begins the one transaction that everything until database_close reads in. Returns an SQLite code.
 */
int database_begin(struct database *database);

/* Prepares one SELECT and says which parameters it uses. A text that is no single reading
 * statement, or binds anything else, is -ERROR_CONFIGURATION; a database that cannot be read,
 * -ERROR_IO with *code, the SQLite code. The caller finalizes *statement. code and message are
 * written only on failure. */
int database_prepare(struct database *database, const char *sql, sqlite3_stmt **statement,
                     unsigned *used, int *code, char message[DATABASE_ERROR_BYTES]);

/* Binds the subject's values, as borrowed text. An empty one becomes NULL: it must not match the
 * rows of whoever has an empty value. Returns an SQLite code. */
int database_bind(sqlite3_stmt *statement, const struct source_subject *subject);

/* What an SQLite code means for a source. */
struct database_failure {
    enum source_reason reason;
    bool is_retryable;
};
struct database_failure database_failure_of(int code);

#endif
