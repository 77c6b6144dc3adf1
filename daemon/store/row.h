// SPDX-License-Identifier: MIT
/* A record as the columns of a row. The log and the view have the same columns in the same order
 * (schemas/chain.h), so that one pair of functions serves both. */
#ifndef DAEMON_STORE_ROW_H
#define DAEMON_STORE_ROW_H

#include <sqlite3.h>

#include "schemas/chain.h"

#define ROW_COLUMN_COUNT (CHAIN_COLUMN_COUNT - 1)
#define ROW_COLUMNS      CHAIN_NAMES

#define ROW_FIRST_VALUE(name, type, rest) "?"
#define ROW_NEXT_VALUE(name, type, rest)  ",?"
/* Parameters 1 to ROW_COLUMN_COUNT. */
#define ROW_VALUES CHAIN_COLUMNS(ROW_FIRST_VALUE, ROW_NEXT_VALUE)

#define ROW_DEFINITION(name, type, rest) #name " " #type rest ","
/* The same columns' definitions, each with a comma after it. */
#define ROW_DEFINITIONS CHAIN_COLUMNS(ROW_DEFINITION, ROW_DEFINITION)

/* What the columns of an event are; borrows from record and result. */
void row_values(enum event_kind kind, const struct record *record, struct text result,
                struct chain_value values[CHAIN_COLUMN_COUNT]);

/* Binds parameters 1 to ROW_COLUMN_COUNT; what the values borrow must live until the statement is
 * reset. An SQLite result code. */
int row_bind(sqlite3_stmt *statement, const struct chain_value values[CHAIN_COLUMN_COUNT]);

/* Reads columns 0 to ROW_COLUMN_COUNT - 1. -ERROR_DAMAGED when one is not what was written. result
 * is borrowed until the next step of the statement. */
int row_read(sqlite3_stmt *statement, struct record *record, struct text *result);

#endif
