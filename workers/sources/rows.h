// SPDX-License-Identifier: MIT
/* The rows of a prepared statement as one file of JSON Lines or CSV.
 *
 * rows.jsonl: one object a line, of column name to value: NULL is null; INTEGER and REAL are
 * numbers (a REAL that is not finite is null); TEXT is a string; BLOB is {"base64": "…"}. rows.csv:
 * RFC 4180 with a header and CRLF; every text is quoted, NULL is an empty field without quotes,
 * BLOB is base64 without quotes. Text that a spreadsheet would calculate (beginning with = + - @
 * TAB CR) has an apostrophe in front; BLOBs and numbers have none.
 *
 * The second column of a name is called NAME_2, and so on. The file is begun with the first row.
 * One thread. */
#ifndef WORKERS_SOURCES_ROWS_H
#define WORKERS_SOURCES_ROWS_H

#include <sqlite3.h>

#include "workers/sources/encoding.h"

struct rows;

/* Borrows statement and gathering until rows_destroy. -ERROR_MEMORY. */
int rows_new(struct rows **rows, sqlite3_stmt *statement, enum source_format format,
             const struct gathering *gathering);
void rows_destroy(struct rows **rows);

/* Whether the row the statement stands at has at most DATABASE_VALUE_BYTES. */
bool rows_fits(const struct rows *rows);

/* Writes the row the statement stands at and counts it. Returns the sink's error, -ERROR_CANCELLED
 * or -ERROR_MEMORY. */
int rows_write(struct rows *rows);

/* Bytes given so far, those waiting in the buffer included. */
int64_t rows_bytes(const struct rows *rows);

/* Writes what waits and ends the file. */
int rows_end(struct rows *rows);

#endif
