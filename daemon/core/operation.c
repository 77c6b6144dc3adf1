// SPDX-License-Identifier: MIT
#include "daemon/core/operation.h"

#include <string.h>

#include "schemas/base/errors.h"

#define FROM(stage) (1U << OPERATION_STAGE_##stage)
#define UNENDED     (FROM(AWAITING_APPROVAL) | FROM(QUEUED) | FROM(GATHERING) | FROM(RETRY_WAIT))

/* The legal moves. No other place knows them. */
static const struct move {
    bool is_move;
    unsigned from;
    bool is_remark; /* stage and status stay */
    enum operation_stage stage;
    enum operation_status status;
} moves[EVENT_KIND_COUNT] = {
    [EVENT_KIND_APPROVED] = {true, FROM(AWAITING_APPROVAL), false, OPERATION_STAGE_QUEUED,
                             OPERATION_STATUS_NOT_STARTED},
    [EVENT_KIND_STARTED] = {true, FROM(QUEUED), false, OPERATION_STAGE_GATHERING,
                            OPERATION_STATUS_RUNNING},
    [EVENT_KIND_RETRY_WAIT] = {true, FROM(GATHERING), false, OPERATION_STAGE_RETRY_WAIT,
                               OPERATION_STATUS_NOT_STARTED},
    [EVENT_KIND_REQUEUED] = {true, FROM(GATHERING) | FROM(RETRY_WAIT), false,
                             OPERATION_STAGE_QUEUED, OPERATION_STATUS_NOT_STARTED},
    [EVENT_KIND_COMPLETED] = {true, FROM(GATHERING), false, OPERATION_STAGE_DONE,
                              OPERATION_STATUS_COMPLETE},
    [EVENT_KIND_FAILED] = {true, UNENDED, false, OPERATION_STAGE_FAILED, OPERATION_STATUS_FAILED},
    [EVENT_KIND_OVERDUE] = {.is_move = true, .from = UNENDED, .is_remark = true},
};

struct record operation_create(const struct operation_request *request, int64_t sequence)
{
    struct record record = {
        .id = request->id,
        .tenant_id = request->tenant_id,
        .user_id = request->user_id,
        .requested_by = request->requested_by,
        .has_acted_by = request->has_acted_by,
        .acted_by = request->acted_by,
        .sequence = sequence,
        .revision = 1,
        .accepted_sequence = sequence,
        .status = OPERATION_STATUS_NOT_STARTED,
        .stage = request->approval == OPERATION_APPROVAL_MANUAL ? OPERATION_STAGE_AWAITING_APPROVAL
                                                                : OPERATION_STAGE_QUEUED,
        .submitted = request->now,
        .due = {request->now.ms + request->due_ms},
        .changed = request->now,
        .has_key = request->has_key,
        .has_retry_of = request->has_retry_of,
        .retry_of = request->retry_of,
        .approval = request->approval,
    };

    memcpy(record.key_digest, request->key_digest, sizeof record.key_digest);
    return record;
}

bool operation_may_move(const struct record *record, enum event_kind kind)
{
    return moves[kind].is_move && (moves[kind].from & (1U << record->stage));
}

int operation_move(struct record *record, enum event_kind kind, int64_t sequence, struct wall now)
{
    if (!operation_may_move(record, kind)) {
        return -ERROR_INTERNAL;
    }
    record->sequence = sequence;
    record->revision++;
    record->changed = now;
    if (moves[kind].is_remark) {
        return 0;
    }
    record->stage = moves[kind].stage;
    record->status = moves[kind].status;
    if (kind == EVENT_KIND_STARTED) {
        record->attempt++;
        record->has_failure = false;
    }
    if (kind == EVENT_KIND_COMPLETED) {
        record->has_failure = false;
    }
    if (kind != EVENT_KIND_RETRY_WAIT) {
        record->ready = (struct wall){0};
    }
    if (record_is_terminal(record)) {
        record->completed = now;
    }
    return 0;
}
