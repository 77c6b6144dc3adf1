// SPDX-License-Identifier: MIT
/* The life of an operation: the one table of legal moves, and what each does to a record. Pure. */
#ifndef DAEMON_CORE_OPERATION_H
#define DAEMON_CORE_OPERATION_H

#include "schemas/record.h"

/* What a new operation is made from. */
struct operation_request {
    struct uuid id;
    struct uuid tenant_id;
    struct uuid user_id;
    struct uuid requested_by;
    bool has_acted_by;
    struct uuid acted_by;
    struct wall now;
    int64_t due_ms; /* after now */
    bool has_key;
    uint8_t key_digest[RECORD_KEY_DIGEST_BYTES];
    bool has_retry_of;
    struct uuid retry_of;
    enum operation_approval approval;
};

/* A new record, queued or awaiting approval, of revision 1, as its accepted event stores it. */
struct record operation_create(const struct operation_request *request, int64_t sequence);

/* Makes the move of an event, gives the record its next revision and the given sequence. The caller
 * has set what the move needs before: fence for started, failure for failed and retryWait, ready
 * for retryWait, overdue for overdue, which leaves stage and status as they are. -ERROR_INTERNAL,
 * with the record unchanged, when the move is not legal from its stage. */
int operation_move(struct record *record, enum event_kind kind, int64_t sequence, struct wall now);

bool operation_may_move(const struct record *record, enum event_kind kind);

#endif
