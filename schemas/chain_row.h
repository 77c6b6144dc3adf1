// SPDX-License-Identifier: MIT
/* Rows of the log as SQLite gives them, for whoever checks the chain. */
#ifndef SCHEMAS_CHAIN_ROW_H
#define SCHEMAS_CHAIN_ROW_H

#include <sqlite3.h>

#include "schemas/chain.h"

/* The columns that a statement must begin with: those of a row in the order in which they are
 * bound, the kind, the hash. */
#define CHAIN_ROW_COLUMNS     CHAIN_NAMES ",kind,hash"
#define CHAIN_ROW_KIND_COLUMN (CHAIN_COLUMN_COUNT - 1)
#define CHAIN_ROW_HASH_COLUMN CHAIN_COLUMN_COUNT

/* The values of the row that a statement is at, borrowed until its next step. False when one has a
 * type that its column cannot have. */
bool chain_row_values(sqlite3_stmt *statement, struct chain_value values[CHAIN_COLUMN_COUNT]);

/* 0 when the hash that the row has is the one that follows from hash, which becomes it;
 * -ERROR_DAMAGED when it is not. Another error says that it could not be found out; of an
 * -ERROR_DAMAGED sqlite3_errcode may say the same, for what SQLite has no memory for reads as NULL.
 */
int chain_row_follows(struct chain *chain, sqlite3_stmt *statement, uint8_t hash[CHAIN_HASH_BYTES]);

#endif
