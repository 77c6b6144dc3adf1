// SPDX-License-Identifier: MIT
#include "daemon/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/internal.h"
#include "daemon/store/reserve.h"
#include "daemon/store/row.h"
#include "daemon/store/write_ahead.h"
#include "schemas/base/errors.h"
#include "schemas/base/file_mode.h"

int store_finish(struct store *store, sqlite3_stmt *statement, int rc)
{
    int reset = sqlite3_reset(statement);

    if (!rc && reset != SQLITE_OK) {
        return store_sqlite_error(store, "ending a statement");
    }
    return rc;
}

int store_run(struct store *store, enum statement statement, const char *doing)
{
    int rc = 0;

    if (sqlite3_step(store->statements[statement]) != SQLITE_DONE) {
        rc = store_sqlite_error(store, doing);
        store->is_doubtful = true;
    }
    return store_finish(store, store->statements[statement], rc);
}

int store_begin(struct store *store)
{
    int rc;

    if (store->in_transaction) {
        return store_check(store);
    }
    rc = store_run(store, STATEMENT_BEGIN, "beginning a transaction");
    store->in_transaction = !rc;
    return rc;
}

int store_put_meta(struct store *store, const char *name, int64_t value)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_META];

    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, value);
    return store_run(store, STATEMENT_PUT_META, "writing the store's state");
}

static int get_meta(struct store *store, const char *name, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    int step = SQLITE_ERROR;

    if (sqlite3_prepare_v2(store->database, "SELECT value FROM meta WHERE name = ?1", -1,
                           &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        step = sqlite3_step(statement);
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        sqlite3_finalize(statement);
        return store_sqlite_error(store, "reading the store's state");
    }
    *value = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return 0;
}

int store_put(struct store *store, enum event_kind kind, const struct record *record,
              struct text result)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_EVENT];
    struct chain_value values[CHAIN_COLUMN_COUNT];
    uint8_t hash[CHAIN_HASH_BYTES];
    int rc;

    if (record->sequence != store->sequence + 1 || result.size_bytes > RECORD_RESULT_BYTES) {
        snprintf(store->message, sizeof store->message, "an event out of sequence or too long");
        return -ERROR_INTERNAL;
    }
    rc = store_begin(store);
    if (rc) {
        return rc;
    }
    row_values(kind, record, result, values);
    memcpy(hash, store->head, sizeof hash);
    rc = chain_next(&store->chain, values, hash);
    if (rc) {
        snprintf(store->message, sizeof store->message, "an event cannot be hashed");
        return rc;
    }
    if (row_bind(statement, values) != SQLITE_OK ||
        sqlite3_bind_text(statement, ROW_COLUMN_COUNT + 1, values[CHAIN_kind].data,
                          (int)values[CHAIN_kind].size_bytes, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_blob(statement, ROW_COLUMN_COUNT + 2, hash, sizeof hash, SQLITE_STATIC) !=
            SQLITE_OK) {
        return store_sqlite_error(store, "binding an event");
    }
    rc = store_run(store, STATEMENT_PUT_EVENT, "appending an event");
    if (rc) {
        return rc;
    }
    store->sequence = record->sequence;
    memcpy(store->head, hash, sizeof hash);
    store->put++;
    *store_recent(store, &record->id) = *record;
    return store_overlay(store, record);
}

size_t store_waiting(const struct store *store)
{
    return store->overlay.count;
}

const char *store_message(const struct store *store)
{
    return store->message;
}

int64_t store_start_count(const struct store *store)
{
    return store->start_count;
}

int64_t store_sequence(const struct store *store)
{
    return store->sequence;
}

static int system_error(struct store *store, const char *doing, const char *path)
{
    snprintf(store->message, sizeof store->message, "%s %.300s: %s", doing, path, strerror(errno));
    return -ERROR_IO;
}

static int take_lock(struct store *store, const char *path)
{
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0) {
        return system_error(store, "opening", path);
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK) {
            return system_error(store, "locking", path);
        }
        snprintf(store->message, sizeof store->message, "another exportd holds %.400s", path);
        return -ERROR_LOCKED;
    }
    return 0;
}

/* Each life of the daemon has a number of its own, durable before the first fence is made from it.
 */
static int count_start(struct store *store)
{
    int rc = get_meta(store, "start_count", &store->start_count);

    if (!rc) {
        rc = get_meta(store, "view_sequence", &store->view_sequence);
    }
    if (!rc) {
        rc = store_begin(store);
    }
    if (!rc) {
        rc = store_put_meta(store, "start_count", ++store->start_count);
    }
    return rc ? rc : store_commit(store);
}

/* A new directory is there after a power cut only when the one above it was synchronized. */
static int sync_parent(struct store *store)
{
    char *copy = strdup(store->directory);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int rc = fd >= 0 && fsync(fd) == 0 ? 0 : -1;

    if (rc) {
        rc = system_error(store, "synchronizing the directory above", store->directory);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return rc;
}

static int make_directory(struct store *store)
{
    const char *problem;
    struct stat status;

    if (mkdir(store->directory, 0700) == 0) {
        return sync_parent(store);
    }
    if (errno != EEXIST || stat(store->directory, &status)) {
        return system_error(store, "making", store->directory);
    }
    problem = file_mode_problem(&status);
    if (problem) {
        snprintf(store->message, sizeof store->message, "%s", problem);
        return -ERROR_CONFIGURATION;
    }
    return 0;
}

static int open_parts(struct store *store)
{
    char path[4096];
    int rc = make_directory(store);

    if (rc) {
        return rc;
    }
    if (snprintf(path, sizeof path, "%s/lock", store->directory) >= (int)sizeof path - 8) {
        snprintf(store->message, sizeof store->message, "the store's path is too long");
        return -ERROR_TOO_LONG;
    }
    rc = take_lock(store, path);
    if (rc) {
        return rc;
    }
    reserve_release(store->directory); /* starting writes, on a full disk too */
    snprintf(path, sizeof path, "%s/store.db", store->directory);
    rc = chain_init(&store->chain);
    if (!rc) {
        rc = store_database_open(store, path);
    }
    if (!rc) {
        rc = overlay_init(&store->overlay);
    }
    if (!rc) {
        rc = counts_init(&store->counts);
    }
    if (!rc) {
        rc = count_start(store);
    }
    if (!rc) {
        rc = store_replay(store);
    }
    if (!rc) {
        (void)store_look_for_room(store);
        write_ahead_grow(store->directory);
    }
    return rc;
}

static void store_free(struct store **store)
{
    struct store *s = *store;

    store_database_close(s);
    chain_release(&s->chain);
    overlay_release(&s->overlay);
    counts_release(&s->counts);
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    free(s->directory);
    free(s);
    *store = NULL;
}

int store_open(struct store **store, const struct store_options *options,
               char message[STORE_MESSAGE_BYTES])
{
    struct store *s = calloc(1, sizeof *s);
    int rc = -ERROR_MEMORY;

    if (s) {
        s->lock_fd = -1;
        s->options = *options;
        s->room_known.ms = INT64_MIN / 2;
        s->directory = strdup(options->directory);
    }
    if (s && s->directory) {
        rc = open_parts(s);
    }
    if (rc) {
        snprintf(message, STORE_MESSAGE_BYTES, "%s",
                 s && s->message[0] ? s->message : error_row(rc)->message);
        if (s) {
            store_free(&s);
        }
        return rc;
    }
    *store = s;
    return 0;
}

int store_settle(struct store *store)
{
    /* What a failed transaction took out of the overlay is not in the view. */
    int rc = store->is_doubtful ? -ERROR_IO : store_catch_up(store, SIZE_MAX);

    return rc ? rc : store_commit(store);
}

int store_close(struct store **store)
{
    int rc;

    if (!*store) {
        return 0;
    }
    rc = store_settle(*store);
    store_free(store);
    return rc;
}
