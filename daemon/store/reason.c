// SPDX-License-Identifier: MIT
/* The reasons of decisions: not in the log, which is never erased. */
#include <string.h>

#include "daemon/store/internal.h"
#include "schemas/base/errors.h"

int store_put_reason(struct store *store, const struct uuid *id, struct text reason)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_PUT_REASON];
    int rc = reason.size_bytes > RECORD_REASON_BYTES ? -ERROR_TOO_LONG : store_begin(store);

    if (rc) {
        return rc;
    }
    store_bind_uuid(statement, 1, id);
    sqlite3_bind_text(statement, 2, reason.data, (int)reason.size_bytes, SQLITE_STATIC);
    return store_run(store, STATEMENT_PUT_REASON, "noting a reason");
}

int store_reason(struct store *store, const struct uuid *id, struct text *reason)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_REASON];
    const void *text;
    int size_bytes;
    int rc = 0;
    int step;

    *reason = (struct text){0};
    store_bind_uuid(statement, 1, id);
    step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        text = sqlite3_column_text(statement, 0);
        size_bytes = sqlite3_column_bytes(statement, 0);
        if (!text || size_bytes < 1 || size_bytes > (int)sizeof store->reason) {
            rc = store_damaged(store, "a reason");
        } else {
            memcpy(store->reason, text, (size_t)size_bytes);
            *reason = (struct text){store->reason, (uint32_t)size_bytes};
        }
    } else if (step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading a reason");
    }
    return store_finish(store, statement, rc);
}
