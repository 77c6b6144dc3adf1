// SPDX-License-Identifier: MIT
/* What the files of the store share; nobody else includes this. */
#ifndef DAEMON_STORE_INTERNAL_H
#define DAEMON_STORE_INTERNAL_H

#include <sqlite3.h>

#include "daemon/store/counts.h"
#include "daemon/store/overlay.h"
#include "daemon/store/store.h"

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_PUT_EVENT,
    STATEMENT_ADD_OPERATION,
    STATEMENT_PUT_OPERATION,
    STATEMENT_PUT_COUNT,
    STATEMENT_PUT_META,
    STATEMENT_GET,
    STATEMENT_GET_OF,
    STATEMENT_FIND_KEY,
    STATEMENT_LIST,
    STATEMENT_LIST_USER,
    STATEMENT_EVENT,
    STATEMENT_LIST_AWAITING,
    STATEMENT_EVENTS,
    STATEMENT_HASH,
    STATEMENT_QUEUED,
    STATEMENT_GATHERING,
    STATEMENT_RETRIES,
    STATEMENT_NEXT_RETRY,
    STATEMENT_DUE,
    STATEMENT_NEXT_DUE,
    STATEMENT_OVERDUE,
    STATEMENT_NEXT_OVERDUE,
    STATEMENT_AHEAD,
    STATEMENT_SUBMITTED,
    STATEMENT_PUT_REQUEST_COUNTS,
    STATEMENT_FORGET_REQUEST_COUNTS,
    STATEMENT_REQUEST_COUNTS,
    STATEMENT_PUT_REASON,
    STATEMENT_REASON,
    STATEMENT_PAUSE,
    STATEMENT_RESUME,
    STATEMENT_PAUSES,
    STATEMENT_COUNT
};

/* Records that were put last, a power of two: an operation that is carried out is read again for
 * each of its reports. */
#define RECENT_RECORDS 1024

struct store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int lock_fd;
    struct overlay overlay;
    struct counts counts;
    struct store_options options;
    char *directory; /* owned copy */
    int64_t start_count;
    int64_t sequence;
    struct chain chain;
    uint8_t head[CHAIN_HASH_BYTES]; /* of the event with that sequence */
    int64_t view_sequence; /* the view is true at least up to this event, as its meta row says */
    bool in_transaction;
    int failure;            /* the last one of SQLite */
    size_t put;             /* events of this transaction */
    bool is_view_changed;   /* within this transaction */
    bool is_doubtful;       /* a write failed: nothing more is written */
    sqlite3_file *log;      /* the write-ahead log; NULL before the first transaction */
    bool is_unsynchronized; /* something was written that is not durable yet */
    int synchronize_errno;  /* of the last store_synchronize that failed */
    int log_pages;          /* of the write-ahead log after the last commit */
    bool has_room;
    bool has_reserve;
    struct mono room_known; /* when has_room was looked up */
    struct record
        recent[RECENT_RECORDS];       /* each at a place that its id chooses; sequence 0: none */
    char result[RECORD_RESULT_BYTES]; /* of the operation read last */
    char reason[RECORD_REASON_BYTES]; /* the one read last */
    char message[STORE_MESSAGE_BYTES];
};

/* Notes what SQLite says about the last failure and makes it one of our errors. */
int store_sqlite_error(struct store *store, const char *doing);

/* The last failure, if SQLite rolled the turn's transaction back because of it, as it does when it
 * runs out of memory or disk in any statement: whatever was written after that would be stored
 * without what was written before. Else 0. */
int store_check(struct store *store);

/* Whether the last failure was a write for which there is no space. What a failed fsync means is
 * another matter. */
bool store_is_full(struct store *store);

/* Notes that the operation in the row that a statement is at cannot be read; -ERROR_DAMAGED, or
 * -ERROR_MEMORY when it is only that SQLite had no memory to give it. Its id is the first column.
 */
int store_damaged_operation(struct store *store, sqlite3_stmt *statement);

/* The same of something that is neither operation nor event. */
int store_damaged(struct store *store, const char *what);

/* The same of an event of the log. */
int store_damaged_event(struct store *store, int64_t sequence);

/* Checks that the event that a statement is at follows in the chain, whose last hash becomes its.
 */
int store_check_chain(struct store *store, sqlite3_stmt *statement, int64_t sequence,
                      uint8_t hash[CHAIN_HASH_BYTES]);

/* Resets a statement and keeps rc unless it is 0 and the reset fails. */
int store_finish(struct store *store, sqlite3_stmt *statement, int rc);

/* Looks up what store_has_room tells. */
bool store_look_for_room(struct store *store);

/* Begins the turn's transaction if it has not begun. */
int store_begin(struct store *store);

/* Runs a statement that returns no row, and resets it. */
int store_run(struct store *store, enum statement statement, const char *doing);

/* Notes a number of the store's state, within the transaction. */
int store_put_meta(struct store *store, const char *name, int64_t value);

/* Visits at most so many operations of a bound statement over the view, without those that the
 * overlay has in a newer state. */
int store_visit_current(struct store *store, sqlite3_stmt *statement, size_t maximum,
                        store_visitor visit, void *argument);

/* Whether the overlay has a newer state of the operation in the row that a statement is at, whose
 * first column is the id. */
bool store_is_superseded(struct store *store, sqlite3_stmt *statement);

/* The place among the recent records that an operation may be at. */
struct record *store_recent(struct store *store, const struct uuid *id);

/* Reads the newest state of an operation of the overlay; result as in store_get. */
int store_read_newest(struct store *store, const struct overlay_entry *entry, struct record *record,
                      struct text *result);

/* merge.c: operations of view and overlay in the order of their ids. */
struct merge {
    sqlite3_stmt *statement; /* over the view, bound; it is reset at the end */
    bool is_descending;
    bool (*matches)(const struct overlay_entry *entry, const void *argument);
    const void *argument;
};

/* Visits them until the visitor or the end ends it. */
int store_merge(struct store *store, const struct merge *merge, store_visitor visit,
                void *argument);

/* Writes the counts of the view that have changed. */
int store_put_counts(struct store *store);

/* Opens the database file, its tables and the prepared statements. */
int store_database_open(struct store *store, const char *path);
void store_database_close(struct store *store);

/* Brings a store of an older format to this one; at start. */
int store_migrate(struct store *store, int version);

/* view.c: what the log has and the view lacks goes to the overlay; at start. */
int store_replay(struct store *store);

/* Puts a new state into overlay and counts; not into the log. */
int store_overlay(struct store *store, const struct record *record);

int store_bind_uuid(sqlite3_stmt *statement, int index, const struct uuid *uuid);

#endif
