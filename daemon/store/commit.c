// SPDX-License-Identifier: MIT
/* The end of a transaction, and when what it wrote is durable. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"

/* Operations that a turn takes along to the view once the overlay is nearly full, beside as many as
 * it changed: few, so that no request waits long. */
#define CATCH_UP_MORE 8
/* Pages of the write-ahead log at which it is checkpointed at rest, and at which no rest is waited
 * for. */
#define LOG_PAGES_REST  1000
#define LOG_PAGES_LIMIT 4000

static int64_t view_sequence(const struct store *store)
{
    return store->overlay.oldest ? store->overlay.oldest->first_sequence - 1 : store->sequence;
}

/* So many more than were changed that the overlay shrinks, and never has more than it may. */
static int make_room_in_overlay(struct store *store)
{
    size_t most = (size_t)store->options.overlay_operations;
    size_t number = store->put + store->put / 4 + CATCH_UP_MORE;
    size_t over = store->overlay.count > most ? store->overlay.count - most : 0;

    if (store->overlay.count <= most - most / 4) {
        return 0;
    }
    return store_catch_up(store, over > number ? over : number);
}

/* The log stays the same open file as long as the connection lasts. */
static int find_log(struct store *store)
{
    if (!store->log && sqlite3_file_control(store->database, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                            &store->log) != SQLITE_OK) {
        return store_sqlite_error(store, "looking for the log");
    }
    return 0;
}

int store_write(struct store *store)
{
    int rc;

    if (!store->in_transaction) {
        return 0;
    }
    rc = store_check(store);
    if (!rc) {
        rc = make_room_in_overlay(store);
    }
    if (!rc && store->is_view_changed) {
        rc = store_put_counts(store);
    }
    if (!rc && store->is_view_changed) {
        rc = store_put_meta(store, "view_sequence", view_sequence(store));
    }
    if (!rc) {
        rc = store_run(store, STATEMENT_COMMIT, "committing");
    }
    if (rc) {
        return rc;
    }
    store->in_transaction = false;
    store->is_unsynchronized = true;
    store->is_view_changed = false;
    store->put = 0;
    rc = find_log(store);
    if (!rc && store->log_pages > LOG_PAGES_LIMIT) {
        rc = store_rest(store);
    }
    return rc;
}

bool store_is_unsynchronized(const struct store *store)
{
    return store->is_unsynchronized;
}

int store_synchronize(struct store *store)
{
    if (store->log->pMethods->xSync(store->log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) ==
        SQLITE_OK) {
        return 0;
    }
    store->synchronize_errno = errno;
    return -ERROR_IO;
}

int store_synchronized(struct store *store, int rc)
{
    store->is_unsynchronized = false;
    if (rc) {
        store->is_doubtful = true;
        snprintf(store->message, sizeof store->message, "synchronizing the log: %s",
                 strerror(store->synchronize_errno));
    }
    return rc;
}

int store_commit(struct store *store)
{
    int rc = store_write(store);

    return rc || !store->is_unsynchronized ? rc
                                           : store_synchronized(store, store_synchronize(store));
}

int store_rest(struct store *store)
{
    if (store->in_transaction || store->log_pages < LOG_PAGES_REST) {
        return 0;
    }
    /* A reader, such as an operator's sqlite3, may keep part of the log in use, or the disk be
     * full: the log has it all, and it is done next time. */
    if (sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) !=
            SQLITE_OK &&
        (sqlite3_errcode(store->database) & 0xff) != SQLITE_BUSY && !store_is_full(store)) {
        return store_sqlite_error(store, "checkpointing the log");
    }
    store->log_pages = 0;
    return 0;
}
