// SPDX-License-Identifier: MIT
/* approveOperation and denyOperation. The permission table lets in approvers only; what is left to
 * check is that nobody decides about his own request, nor lets somebody act for him. */
#include "daemon/requests.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

_Static_assert(sizeof(struct approve_operation_reply) == sizeof(struct deny_operation_reply),
               "the two replies have the same members");

/* What the caller wants. */
struct decision {
    bool is_approved;
    struct uuid operation_id;
    struct text reason; /* empty when none was given */
};

static int reply_decided(struct call *call, const struct record *record)
{
    struct approve_operation_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_operation = true,
        .has_receipt = true,
    };
    char head[CHAIN_TEXT_BUFFER];
    struct record stored;
    struct text result;
    int rc = store_get(call->daemon->store, &record->id, &stored, &result);

    if (!rc) {
        rc = call_show(call, &stored, result, &reply.operation);
    }
    if (!rc) { /* each event of an operation holds all of it, and so the decision */
        rc = call_receipt(call, stored.sequence, head, &reply.receipt);
    }
    if (!rc) {
        call_reply(call,
                   call->kind == REQUEST_KIND_APPROVE_OPERATION ? &approve_operation_reply_schema
                                                                : &deny_operation_reply_schema,
                   &reply);
    }
    return rc;
}

static bool is_denied(const struct record *record)
{
    return record->has_failure && record->failure == FAILURE_CODE_DENIED;
}

/* An operation that does not await approval: 0 when this caller decided just so before. */
static int decided_before(const struct call *call, const struct record *record,
                          const struct decision *decision)
{
    if (!record->has_decided_by) {
        return -ERROR_NOT_AWAITING;
    }
    return uuid_equal(&record->decided_by, &call->claims->object_id) &&
                   is_denied(record) != decision->is_approved
               ? 0
               : -ERROR_DECIDED;
}

static void log_decision(const struct call *call, const struct record *record,
                         const struct decision *decision)
{
    char id[UUID_TEXT_BUFFER];
    char tenant[UUID_TEXT_BUFFER];
    char caller[UUID_TEXT_BUFFER];

    log_line(LOG_INFO, "decided", "operation=%s decision=%s tenant=%s caller=%s",
             uuid_format(&record->id, id), decision->is_approved ? "approved" : "denied",
             uuid_format(&record->tenant_id, tenant),
             uuid_format(&call->claims->object_id, caller));
}

/* A failure to write makes the whole turn one that is never spoken of. */
static int keep(struct daemon *daemon, const struct record *record, const struct decision *decision)
{
    if (decision->reason.size_bytes > 0 && !daemon->failure) {
        daemon->failure = store_put_reason(daemon->store, &record->id, decision->reason);
    }
    return daemon->failure;
}

static int decide(struct call *call, const struct decision *decision)
{
    struct daemon *daemon = call->daemon;
    struct record record;
    int rc = call_read_operation(call, &decision->operation_id, &record, NULL);

    if (rc) {
        return rc;
    }
    call->target = "operationId";
    if (call_is_by_actor(call)) {
        return -ERROR_ACTOR_APPROVAL;
    }
    if (uuid_equal(&record.requested_by, &call->claims->object_id)) {
        return -ERROR_OWN_REQUEST;
    }
    if (record.stage != OPERATION_STAGE_AWAITING_APPROVAL) {
        rc = decided_before(call, &record, decision);
        return rc ? rc : reply_decided(call, &record);
    }
    engine_decide(&daemon->engine, &record, decision->is_approved, &call->claims->object_id,
                  daemon->now, &daemon->outcome);
    turn_apply(daemon);
    rc = keep(daemon, &record, decision);
    if (!rc) {
        log_decision(call, &record, decision);
        rc = reply_decided(call, &record);
    }
    return rc;
}

int call_approve_operation(struct call *call)
{
    const struct approve_operation_request *asked = &call->request->approve_operation;
    struct decision decision = {.is_approved = true, .operation_id = asked->operation_id};

    if (asked->has_reason) {
        decision.reason = asked->reason;
    }
    return decide(call, &decision);
}

int call_deny_operation(struct call *call)
{
    const struct deny_operation_request *asked = &call->request->deny_operation;

    return decide(call,
                  &(struct decision){.operation_id = asked->operation_id, .reason = asked->reason});
}
