// SPDX-License-Identifier: MIT
/* What SQLite's errors mean here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"

/* The system's own error number, where SQLite knows it and it is of the last failure. */
static int system_errno(struct store *store)
{
    int code = sqlite3_errcode(store->database) & 0xff;

    return code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? sqlite3_system_errno(store->database)
                                                           : 0;
}

bool store_is_full(struct store *store)
{
    int code = sqlite3_extended_errcode(store->database);
    int number = code == SQLITE_IOERR_WRITE ? system_errno(store) : 0;

    return (code & 0xff) == SQLITE_FULL || number == EDQUOT || number == EFBIG;
}

static int error_of(struct store *store, int code)
{
    switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -ERROR_DAMAGED;
    case SQLITE_NOMEM:
        return -ERROR_MEMORY;
    default:
        return store->database && store_is_full(store) ? -ERROR_DISK_FULL : -ERROR_IO;
    }
}

/* The pager says in its own way that memory is short, and means no failing disk. */
static int primary_code(struct store *store)
{
    int code = store->database ? sqlite3_extended_errcode(store->database) : SQLITE_NOMEM;

    return code == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : code & 0xff;
}

int store_sqlite_error(struct store *store, const char *doing)
{
    int code = primary_code(store);
    int number = store->database && code != SQLITE_NOMEM ? system_errno(store) : 0;

    /* SQLite takes a file that cannot be read for one that is damaged. */
    snprintf(store->message, sizeof store->message, "%s: %s%s%s%s", doing,
             code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(store->database),
             number ? ": " : "", number ? strerror(number) : "",
             code == SQLITE_CORRUPT ? ", or cannot be read" : "");
    store->failure = error_of(store, code);
    return store->failure;
}

int store_check(struct store *store)
{
    if (!store->in_transaction || !sqlite3_get_autocommit(store->database)) {
        return 0;
    }
    return store->failure ? store->failure : -ERROR_INTERNAL;
}
