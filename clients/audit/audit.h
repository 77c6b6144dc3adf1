// SPDX-License-Identifier: MIT
/* Checks the log of a store (schemas/chain.h): that every event follows from the one before it,
 * that the view says what the log says, and that receipts are of events in the log. Reads only, in
 * one snapshot and in constant memory, so that the daemon may be at work meanwhile; a copy, and a
 * store that was not closed, are read as well, as long as the file store.db-wal lies beside
 * store.db.
 *
 * One thread. Nothing that a store or a receipt holds is trusted before it is bounded. */
#ifndef CLIENTS_AUDIT_AUDIT_H
#define CLIENTS_AUDIT_AUDIT_H

#include "schemas/chain.h"

#define AUDIT_MESSAGE_BYTES 512

struct audit;

struct audit_summary {
    int64_t events;
    int64_t receipts;
    int64_t chained_from; /* the hashes of earlier events were made later, when the store was
                             brought to a format that has hashes; 1 when none were */
    uint8_t head[CHAIN_HASH_BYTES];
};

/* Where the log was first found to be broken. */
struct audit_break {
    int64_t sequence;
    char what[AUDIT_MESSAGE_BYTES];
};

/* Opens the store in a directory. -ERROR_NOT_FOUND, -ERROR_DAMAGED when it is no store or one of a
 * format that this program does not know, -ERROR_IO, -ERROR_MEMORY; message then says what. */
int audit_open(struct audit **audit, const char *directory, char message[AUDIT_MESSAGE_BYTES]);
void audit_close(struct audit **audit);

/* Checks everything. receipts: paths of files with a receipt a line (clients/audit/receipts.h).
 * 0; 1 when something is broken, when first is written; a negative error when it could not be
 * checked, when audit_message says why. The summary is written with 0 and 1, as far as it came. */
int audit_verify(struct audit *audit, const char *const *receipts, size_t receipt_count,
                 struct audit_summary *summary, struct audit_break *first);

/* The newest event and its hash, which is checked against that event and the one before it only;
 * 0 and zero bytes for an empty store. Returns as audit_verify. */
int audit_head(struct audit *audit, struct audit_summary *summary, struct audit_break *first);

/* Borrowed until the next call. */
const char *audit_message(const struct audit *audit);

#endif
