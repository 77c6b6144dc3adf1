// SPDX-License-Identifier: MIT
/* A record as the columns of a row. The log and the view have the same columns in the same order,
 * so that one pair of functions serves both. */
#ifndef DAEMON_STORE_ROW_H
#define DAEMON_STORE_ROW_H

#include <sqlite3.h>

#include "schemas/record.h"

#define ROW_COLUMNS                                                                                \
    "id,tenant_id,user_id,requested_by,sequence,revision,status,stage,attempt,fence,failure,"      \
    "failure_is_retryable,submitted_ms,completed_ms,due_ms,expiration_ms,ready_ms,changed_ms,"     \
    "key_digest,result,failed_attempts,lost_attempts,overdue_ms,retry_of,cancelled_by"
#define ROW_COLUMN_COUNT 25
#define ROW_VALUES                                                                                 \
    "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25"

/* The same columns' definitions, without constraints on id and sequence. */
#define ROW_DEFINITIONS                                                                            \
    "tenant_id BLOB NOT NULL, user_id BLOB NOT NULL, requested_by BLOB NOT NULL,"                  \
    "revision INTEGER NOT NULL, status TEXT NOT NULL, stage TEXT NOT NULL,"                        \
    "attempt INTEGER NOT NULL, fence INTEGER NOT NULL, failure TEXT,"                              \
    "failure_is_retryable INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,"                        \
    "completed_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, expiration_ms INTEGER NOT NULL,"      \
    "ready_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, key_digest BLOB, result BLOB,"        \
    "failed_attempts INTEGER NOT NULL DEFAULT 0, lost_attempts INTEGER NOT NULL DEFAULT 0,"        \
    "overdue_ms INTEGER NOT NULL DEFAULT 0, retry_of BLOB, cancelled_by BLOB"

/* Binds parameters 1 to 25; the texts and blobs must live until the statement is reset. An SQLite
 * result code. */
int row_bind(sqlite3_stmt *statement, const struct record *record, struct text result);

/* Reads columns 0 to 24. -ERROR_DAMAGED when one is not what was written. result is borrowed until
 * the next step of the statement. */
int row_read(sqlite3_stmt *statement, struct record *record, struct text *result);

#endif
