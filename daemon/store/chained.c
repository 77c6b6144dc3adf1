// SPDX-License-Identifier: MIT
/* The hashes of the log. */
#include <stdio.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

int store_hash(struct store *store, int64_t sequence, uint8_t hash[CHAIN_HASH_BYTES])
{
    sqlite3_stmt *statement = store->statements[STATEMENT_HASH];
    const void *stored;
    int rc = 0;
    int step;

    if (sequence == 0) {
        memset(hash, 0, CHAIN_HASH_BYTES);
        return 0;
    }
    if (sequence == store->sequence) {
        memcpy(hash, store->head, CHAIN_HASH_BYTES);
        return 0;
    }
    sqlite3_bind_int64(statement, 1, sequence);
    step = sqlite3_step(statement);
    stored = step == SQLITE_ROW ? sqlite3_column_blob(statement, 0) : NULL;
    if (stored && sqlite3_column_bytes(statement, 0) == CHAIN_HASH_BYTES) {
        memcpy(hash, stored, CHAIN_HASH_BYTES);
    } else {
        rc = step == SQLITE_ROW || step == SQLITE_DONE
                 ? store_damaged_event(store, sequence)
                 : store_sqlite_error(store, "reading the log");
    }
    return store_finish(store, statement, rc);
}

int store_check_chain(struct store *store, sqlite3_stmt *statement, int64_t sequence,
                      uint8_t hash[CHAIN_HASH_BYTES])
{
    int rc = chain_row_follows(&store->chain, statement, hash);

    if (rc && rc != -ERROR_DAMAGED) {
        snprintf(store->message, sizeof store->message, "event %lld cannot be hashed",
                 (long long)sequence);
        return rc;
    }
    return rc ? store_damaged_event(store, sequence) : 0;
}
