// SPDX-License-Identifier: MIT
/* The daemon's durable state: an append-only log of events, and a view of it with the newest state
 * of each operation (DESIGN.md section 5). Events are appended in the turn's transaction; the view
 * follows in batches, and until it has, the newest state is in a bounded overlay that every read
 * consults. The log is a chain (schemas/chain.h), and what is read of it is checked against the
 * event before it. SQLite: WAL, one writer, and a sync of our own after
 * each transaction.
 *
 * Used by one thread, but for store_synchronize. Everything put or caught up since the last commit
 * is one transaction; reads see it at once, but nothing may be said to anybody before store_commit
 * returned 0, or store_synchronized after the others that it consists of. After any error from a
 * writing call the process must not go on with this store: what the disk holds is unknown until it
 * is opened again. */
#ifndef DAEMON_STORE_STORE_H
#define DAEMON_STORE_STORE_H

#include "schemas/chain.h"
#include "schemas/record.h"

#define STORE_MESSAGE_BYTES 512

struct store;

struct store_options {
    const char *directory;      /* made, mode 0700, when it is missing; its parent must exist */
    int64_t overlay_operations; /* changed operations that may wait for the view */
    int64_t minimum_free_bytes; /* see store_has_room */
};

/* Sets SQLite up for a process whose databases each have one thread. Before anything else uses
 * SQLite; it changes how fast that is and nothing else. */
void store_set_up(void);

/* Opens, repairs what a crash left (the view is brought up to date from the log), takes the lock.
 * -ERROR_CONFIGURATION when others may write to the directory, -ERROR_LOCKED when another process
 * holds the store, -ERROR_DAMAGED, -ERROR_IO, -ERROR_MEMORY; message then says what and where. */
int store_open(struct store **store, const struct store_options *options,
               char message[STORE_MESSAGE_BYTES]);

/* Brings the whole view up to date and commits: what store_close does first, but the message of a
 * failure can still be read. */
int store_settle(struct store *store);

/* Settles and closes. The first error is returned; safe with NULL and twice. */
int store_close(struct store **store);

/* What the last failed call failed with, for the log; borrowed until the next call. */
const char *store_message(const struct store *store);

/* How often this store has been opened, from 1. */
int64_t store_start_count(const struct store *store);

/* The sequence of the last event put; 0 in an empty store. */
int64_t store_sequence(const struct store *store);

/* The hash of a stored event, of 0 that before the first. An event that was put in this turn has
 * one already. -ERROR_DAMAGED when there is no such event. */
int store_hash(struct store *store, int64_t sequence, uint8_t hash[CHAIN_HASH_BYTES]);

/* Appends an event: the new state of an operation and, where it has one, the encoded
 * schemas/operationResult.yaml (empty otherwise: the one stored before is then dropped). The
 * sequence must be the next one. */
int store_put(struct store *store, enum event_kind kind, const struct record *record,
              struct text result);

/* Makes all that was put durable. May bring part of the view up to date in the same transaction. */
int store_commit(struct store *store);

/* The parts of store_commit, for who goes on while the disk is waited for. store_write ends the
 * transaction; when something is to be made durable then, store_is_unsynchronized, any thread calls
 * store_synchronize, and the store's own then store_synchronized with what that returned. Between
 * the two there may be a new transaction, but neither store_write nor store_rest. */
int store_write(struct store *store);
bool store_is_unsynchronized(const struct store *store);
int store_synchronize(struct store *store);
int store_synchronized(struct store *store, int rc);

/* Brings the view up to date with at most this many operations, within the transaction. */
int store_catch_up(struct store *store, size_t operations);

/* Operations that the view does not have yet. */
size_t store_waiting(const struct store *store);

/* Housekeeping that may take milliseconds: for idle moments, outside a transaction. */
int store_rest(struct store *store);

/* Whether the disk has room for new work: minimum_free_bytes, and some space set aside, so that
 * what was accepted can go on when others fill the disk. Looked up at most every 250 ms of the
 * given time. */
bool store_has_room(struct store *store, struct mono now);

/* The newest state of an operation. -ERROR_NOT_FOUND. result may be NULL; else it is borrowed until
 * the next call. */
int store_get(struct store *store, const struct uuid *id, struct record *record,
              struct text *result);

/* The same if it is of this tenant. One of another tenant is looked for in the same places and by
 * the same index as one that does not exist, so that the time does not tell them apart. */
int store_get_of(struct store *store, const struct uuid *tenant_id, const struct uuid *id,
                 struct record *record, struct text *result);

/* The operation of this tenant with this idempotency key digest. -ERROR_NOT_FOUND. */
int store_find_key(struct store *store, const struct uuid *tenant_id,
                   const uint8_t digest[RECORD_KEY_DIGEST_BYTES], struct record *record,
                   struct text *result);

/* The reason of a decision about an operation, of at most RECORD_REASON_BYTES. It may name people,
 * so it is kept apart from the log and may be erased. */
int store_put_reason(struct store *store, const struct uuid *id, struct text reason);

/* Empty when there is none. Borrowed until the next call of this function. */
int store_reason(struct store *store, const struct uuid *id, struct text *reason);

/* Sees one stored operation or event; record and result are borrowed. A value other than 0 ends the
 * walk: positive ends it with success, negative is returned. */
typedef int (*store_visitor)(void *argument, enum event_kind kind, const struct record *record,
                             struct text result);

struct store_query {
    struct uuid tenant_id;
    bool has_user_id;
    struct uuid user_id;
    bool has_status;
    enum operation_status status;
    bool is_awaiting; /* only operations that await approval */
    bool has_before;  /* only operations with smaller ids */
    struct uuid before;
};

/* Walks a tenant's operations, newest first. At most examined_maximum rows are looked at;
 * *examined_last is the id of the last one and *has_more whether there may be others. */
int store_list(struct store *store, const struct store_query *query, size_t examined_maximum,
               store_visitor visit, void *argument, struct uuid *examined_last, bool *has_more);

/* Walks stored events after a sequence, oldest first, of one tenant and, if id is not NULL, of one
 * operation. At most examined_maximum events of the log are looked at; *examined_last is the
 * sequence of the last. */
int store_events(struct store *store, int64_t after, const struct uuid *tenant_id,
                 const struct uuid *id, size_t examined_maximum, store_visitor visit,
                 void *argument, int64_t *examined_last);

/* The tenant's oldest queued operations. Brings some of the view up to date first. */
int store_queued(struct store *store, const struct uuid *tenant_id, size_t maximum,
                 store_visitor visit, void *argument);

/* All operations that are being gathered; at start. */
int store_gathering(struct store *store, store_visitor visit, void *argument);

/* Operations whose retryWait ends at or before this time, or later than beyond, which no wait that
 * was begun by a right clock does; at most maximum. *earliest is when the next of the others ends,
 * or sooner (INT64_MAX: none). */
int store_retries(struct store *store, struct wall until, struct wall beyond, size_t maximum,
                  store_visitor visit, void *argument, struct wall *earliest);

/* Operations that have not ended and were due at or before this time without having been reported
 * overdue, or, with is_overdue, were reported overdue at or before it; the rest as above. */
int store_due(struct store *store, bool is_overdue, struct wall until, size_t maximum,
              store_visitor visit, void *argument, struct wall *earliest);

/* How many of a tenant's queued operations are older than this one, counted to limit at most. */
int store_ahead(struct store *store, const struct uuid *tenant_id, const struct uuid *id,
                int64_t limit, int64_t *number);

/* Operations of a tenant in each stage, and those that are overdue and have not ended. */
struct store_counts {
    int64_t of[OPERATION_STAGE_COUNT];
    int64_t overdue;
};

struct store_counts store_counts(const struct store *store, const struct uuid *tenant_id);

/* Calls for every tenant that has operations; a value other than 0 ends the walk. */
typedef int (*store_tenant_visitor)(void *argument, const struct uuid *tenant_id,
                                    const struct store_counts *counts);
int store_tenants(const struct store *store, store_tenant_visitor visit, void *argument);

/* A pause of dispatch, kept until it is ended. The tenant of all zeros stands for everybody. */
struct store_pause {
    struct uuid tenant_id;
    struct uuid paused_by; /* the operator */
    struct wall since;
};

/* Begins a pause, or leaves one that there is as it is. */
int store_pause(struct store *store, const struct store_pause *pause);
int store_resume(struct store *store, const struct uuid *tenant_id);

/* Sees every pause; a value other than 0 ends the walk: positive with success. */
typedef int (*store_pause_visitor)(void *argument, const struct store_pause *pause);
int store_pauses(struct store *store, store_pause_visitor visit, void *argument);

/* Whose data the operations accepted since a time are about, the older first by and large. An error
 * of the visitor ends the walk and is returned. */
typedef int (*store_submitted_visitor)(void *argument, const struct uuid *tenant_id,
                                       const struct uuid *user_id, struct wall submitted);
int store_submitted(struct store *store, struct wall since, store_submitted_visitor visit,
                    void *argument);

/* Counts of a tenant's requests, in bytes that the store does not understand; those put last. */
int store_put_request_counts(struct store *store, const struct uuid *tenant_id, struct wall now,
                             struct text counts);

/* Sees the counts put since a time and forgets the others. The visitor returns -ERROR_DAMAGED for
 * what it does not understand. */
typedef int (*store_counts_visitor)(void *argument, const struct uuid *tenant_id,
                                    struct text counts);
int store_request_counts(struct store *store, struct wall since, store_counts_visitor visit,
                         void *argument);

#endif
