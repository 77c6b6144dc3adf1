// SPDX-License-Identifier: MIT
/* What the files of the audit share; nobody else includes this. */
#ifndef CLIENTS_AUDIT_INTERNAL_H
#define CLIENTS_AUDIT_INTERNAL_H

#include <sqlite3.h>

#include "clients/audit/audit.h"

#define AUDIT_BROKEN 1

struct audit {
    sqlite3 *database;
    struct chain chain;
    int64_t view_sequence; /* the view has every event up to this one */
    struct audit_break *first;
    char message[AUDIT_MESSAGE_BYTES];
};

/* Notes a break; AUDIT_BROKEN. */
int audit_break(struct audit *audit, int64_t sequence, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What SQLite's last failure means while the event with this number was to be read: a break when
 * the store is damaged, else a negative error. */
int audit_failure(struct audit *audit, int64_t sequence);

/* Notes that libcrypto failed, which is no break; rc. */
int audit_not_hashed(struct audit *audit, int64_t sequence, int rc);

/* NULL when it cannot be prepared; audit_failure says why. */
sqlite3_stmt *audit_prepare(struct audit *audit, const char *sql);

/* Walks the events from the first on; each of them against the view, too. */
int audit_events(struct audit *audit, struct audit_summary *summary);

/* The view against an event that follows, whose values these are. */
struct audit_view {
    sqlite3_stmt *of_operation;
    int64_t matched; /* operations whose newest state is one of the events seen */
};

int audit_view_open(struct audit *audit, struct audit_view *view);
void audit_view_close(struct audit_view *view);
int audit_view_check(struct audit *audit, struct audit_view *view,
                     const struct chain_value values[CHAIN_COLUMN_COUNT]);

/* When all events were seen: what the view has beside them, and its counts. */
int audit_view_end(struct audit *audit, const struct audit_view *view, int64_t events);

/* Compares the receipts of the files with the log; *differs is the least event of which there is a
 * receipt that the log does not have so. The break begins behind the last one before it that it
 * has. */
int audit_receipts(struct audit *audit, const char *const *paths, size_t count,
                   struct audit_summary *summary, int64_t *differs);

#endif
