// SPDX-License-Identifier: MIT
/* The durable state of one operation, as it crosses from one life of the daemon to the next. The
 * decisions are made on it in daemon/core, it is kept by daemon/store, and it is shown on the wire
 * as schemas/operation.yaml. */
#ifndef SCHEMAS_RECORD_H
#define SCHEMAS_RECORD_H

#include "schemas/messages.h"

#define RECORD_KEY_DIGEST_BYTES 32
#define RECORD_RESULT_BYTES     32768 /* longest encoded schemas/operationResult.yaml */
#define RECORD_REASON_BYTES     2048  /* longest reason of a decision */
#define RECORD_WORKER_BUFFER    64

struct record {
    struct uuid id;
    struct uuid tenant_id;
    struct uuid user_id;
    struct uuid requested_by;
    bool has_acted_by;
    struct uuid acted_by;      /* the person who requested it in that one's name */
    int64_t sequence;          /* of the last stored event of this operation */
    int64_t revision;          /* number of stored events of this operation */
    int64_t accepted_sequence; /* of the first of them */
    enum operation_status status;
    enum operation_stage stage;        /* never offered: an offer is not stored */
    int64_t attempt;                   /* attempts started so far */
    int64_t failed_attempts;           /* of these, those that failed by themselves */
    int64_t lost_attempts;             /* of these, those whose worker fell silent */
    int64_t fence;                     /* of the newest started attempt; 0 before the first */
    char worker[RECORD_WORKER_BUFFER]; /* the name of who holds or held that attempt; empty before
                                          the first, and in what an older version stored */
    bool has_failure;
    bool failure_is_retryable;
    enum failure_code failure;
    struct wall submitted;
    struct wall completed; /* 0 until it ended */
    struct wall due;
    struct wall expiration; /* 0 until it ended */
    struct wall ready;      /* when a retryWait ends; 0 otherwise */
    struct wall changed;    /* of the last event */
    struct wall overdue;    /* when it was reported overdue; 0 until then */
    bool has_retry_of;
    struct uuid retry_of; /* the failed operation that this one was made to retry */
    bool has_cancelled_by;
    struct uuid cancelled_by; /* the person who cancelled it */
    enum operation_approval approval;
    bool has_decided_by;
    struct uuid decided_by; /* the person who approved or denied it */
    struct wall decided;    /* when; 0 until then */
    bool has_key;
    uint8_t key_digest[RECORD_KEY_DIGEST_BYTES]; /* SHA-256 of the idempotency key, or of what
                                                    stands for one in a retry; one key is one
                                                    operation of its tenant */
};

/* An operation in a terminal stage never changes again. */
static inline bool record_is_terminal(const struct record *record)
{
    return record->stage == OPERATION_STAGE_DONE || record->stage == OPERATION_STAGE_FAILED;
}

#endif
