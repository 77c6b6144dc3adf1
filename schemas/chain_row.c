// SPDX-License-Identifier: MIT
#include "schemas/chain_row.h"

#include <string.h>

#include "schemas/base/errors.h"

static const int sqlite_types[] = {
    [CHAIN_INTEGER] = SQLITE_INTEGER, [CHAIN_TEXT] = SQLITE_TEXT, [CHAIN_BLOB] = SQLITE_BLOB};

bool chain_row_values(sqlite3_stmt *statement, struct chain_value values[CHAIN_COLUMN_COUNT])
{
    for (int i = 0; i < CHAIN_COLUMN_COUNT; i++) {
        int column = i == CHAIN_kind ? CHAIN_ROW_KIND_COLUMN : i - 1;
        enum chain_type type = chain_columns[i].type;
        int found = sqlite3_column_type(statement, column);

        values[i] = (struct chain_value){0};
        if (found == SQLITE_NULL && type != CHAIN_INTEGER) {
            continue;
        }
        if (found != sqlite_types[type]) {
            return false;
        }
        if (type == CHAIN_INTEGER) {
            values[i].integer = sqlite3_column_int64(statement, column);
        } else {
            const void *data = sqlite3_column_blob(statement, column);

            /* SQLite gives no address of a blob of 0 bytes. */
            values[i].data = data ? data : "";
            values[i].size_bytes = data ? (uint32_t)sqlite3_column_bytes(statement, column) : 0;
        }
    }
    return true;
}

int chain_row_follows(struct chain *chain, sqlite3_stmt *statement, uint8_t hash[CHAIN_HASH_BYTES])
{
    struct chain_value values[CHAIN_COLUMN_COUNT];
    const void *stored;
    int rc;

    if (!chain_row_values(statement, values)) {
        return -ERROR_DAMAGED;
    }
    rc = chain_next(chain, values, hash);
    if (rc) {
        return rc == -ERROR_TOO_LONG ? -ERROR_DAMAGED : rc;
    }
    stored = sqlite3_column_blob(statement, CHAIN_ROW_HASH_COLUMN);
    return stored && sqlite3_column_bytes(statement, CHAIN_ROW_HASH_COLUMN) == CHAIN_HASH_BYTES &&
                   memcmp(stored, hash, CHAIN_HASH_BYTES) == 0
               ? 0
               : -ERROR_DAMAGED;
}
