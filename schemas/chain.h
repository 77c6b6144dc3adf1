// SPDX-License-Identifier: MIT
/* The event log as a chain: each row of the table events holds SHA-256(hash of the event before it
 * ‖ canonical bytes of this event), so that whoever knows one hash can tell whether any event up to
 * it was altered, removed, inserted or moved. Before the first event the hash is 32 zero bytes.
 *
 * Canonical bytes: for each column in the order below that is neither NULL nor the number 0, its
 * number (one byte; kind is 1), and then a number as 8 bytes, or a text or blob as its length in 4
 * bytes and its bytes; big-endian. Numbers only grow within an event and say what follows, so no
 * two events have the same bytes; and a column that comes later, with NULL or 0 in the events that
 * are there, changes none of their hashes.
 *
 * That is why a column is only ever added at the end of this list, with NULL or DEFAULT 0, and
 * never renumbered. */
#ifndef SCHEMAS_CHAIN_H
#define SCHEMAS_CHAIN_H

#include "schemas/base/sha256.h"
#include "schemas/record.h"

#define CHAIN_HASH_BYTES SHA256_BYTES

/* PRAGMA user_version of a store that has these columns. It grows with them, for whoever hashes an
 * event must know them all. */
#define CHAIN_STORE_FORMAT 6

/* The columns that events and operations have in common, in the order in which they are bound, read
 * and hashed: name, type, the rest of its definition. FIRST is COLUMN for the first. */
#define CHAIN_COLUMNS(FIRST, COLUMN)                                                               \
    FIRST(id, BLOB, " NOT NULL")                                                                   \
    COLUMN(tenant_id, BLOB, " NOT NULL")                                                           \
    COLUMN(user_id, BLOB, " NOT NULL")                                                             \
    COLUMN(requested_by, BLOB, " NOT NULL")                                                        \
    COLUMN(sequence, INTEGER, " NOT NULL")                                                         \
    COLUMN(revision, INTEGER, " NOT NULL")                                                         \
    COLUMN(status, TEXT, " NOT NULL")                                                              \
    COLUMN(stage, TEXT, " NOT NULL")                                                               \
    COLUMN(attempt, INTEGER, " NOT NULL")                                                          \
    COLUMN(fence, INTEGER, " NOT NULL")                                                            \
    COLUMN(failure, TEXT, "")                                                                      \
    COLUMN(failure_is_retryable, INTEGER, " NOT NULL")                                             \
    COLUMN(submitted_ms, INTEGER, " NOT NULL")                                                     \
    COLUMN(completed_ms, INTEGER, " NOT NULL")                                                     \
    COLUMN(due_ms, INTEGER, " NOT NULL")                                                           \
    COLUMN(expiration_ms, INTEGER, " NOT NULL")                                                    \
    COLUMN(ready_ms, INTEGER, " NOT NULL")                                                         \
    COLUMN(changed_ms, INTEGER, " NOT NULL")                                                       \
    COLUMN(key_digest, BLOB, "")                                                                   \
    COLUMN(result, BLOB, "")                                                                       \
    COLUMN(failed_attempts, INTEGER, " NOT NULL DEFAULT 0")                                        \
    COLUMN(lost_attempts, INTEGER, " NOT NULL DEFAULT 0")                                          \
    COLUMN(overdue_ms, INTEGER, " NOT NULL DEFAULT 0")                                             \
    COLUMN(retry_of, BLOB, "")                                                                     \
    COLUMN(cancelled_by, BLOB, "")                                                                 \
    COLUMN(accepted_sequence, INTEGER, " NOT NULL DEFAULT 0")                                      \
    COLUMN(approval, TEXT, "")                                                                     \
    COLUMN(decided_by, BLOB, "")                                                                   \
    COLUMN(decided_ms, INTEGER, " NOT NULL DEFAULT 0")                                             \
    COLUMN(worker, TEXT, "")                                                                       \
    COLUMN(acted_by, BLOB, "")

#define CHAIN_FIRST_NAME(name, type, rest) #name
#define CHAIN_NEXT_NAME(name, type, rest)  "," #name
/* "id,tenant_id,…" */
#define CHAIN_NAMES CHAIN_COLUMNS(CHAIN_FIRST_NAME, CHAIN_NEXT_NAME)

#define CHAIN_NUMBER(name, type, rest) CHAIN_##name,
/* Places in an array of values: kind, then the columns. The place of a column is also the number of
 * the parameter that it is bound to. */
enum chain_column { CHAIN_kind, CHAIN_COLUMNS(CHAIN_NUMBER, CHAIN_NUMBER) CHAIN_COLUMN_COUNT };

enum chain_type { CHAIN_INTEGER, CHAIN_TEXT, CHAIN_BLOB };

struct chain_value {
    const void *data; /* of texts and blobs; borrowed; NULL is SQL's NULL */
    uint32_t size_bytes;
    int64_t integer;
};

struct chain_definition {
    const char *name;
    enum chain_type type;
};

extern const struct chain_definition chain_columns[CHAIN_COLUMN_COUNT];

/* The longest canonical bytes: the longest result, and some for the rest. */
#define CHAIN_EVENT_BYTES (RECORD_RESULT_BYTES + 4096)

/* What hashing needs; one thread at a time. */
struct chain {
    struct sha256 sha256;
    uint8_t bytes[CHAIN_HASH_BYTES + CHAIN_EVENT_BYTES];
};

int chain_init(struct chain *chain); /* -ERROR_MEMORY */
void chain_release(struct chain *chain);

/* hash is that of the event before, and becomes that of the event with these values.
 * -ERROR_TOO_LONG, -ERROR_MEMORY: it stays. */
int chain_next(struct chain *chain, const struct chain_value values[CHAIN_COLUMN_COUNT],
               uint8_t hash[CHAIN_HASH_BYTES]);

#define CHAIN_TEXT_BYTES  ((size_t)2 * CHAIN_HASH_BYTES)
#define CHAIN_TEXT_BUFFER (CHAIN_TEXT_BYTES + 1)

/* A hash as people and messages have it, in lower case hexadecimal. Returns the buffer. */
char *chain_format(const uint8_t hash[CHAIN_HASH_BYTES], char buffer[CHAIN_TEXT_BUFFER]);

#endif
