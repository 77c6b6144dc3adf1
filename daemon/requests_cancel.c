// SPDX-License-Identifier: MIT
/* cancelOperation. */
#include "daemon/requests.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

static bool may_cancel(const struct call *call, const struct record *record)
{
    return uuid_equal(&record->requested_by, &call->claims->object_id) ||
           scope_set_has(call->claims->scopes, SCOPE_APPROVER);
}

static int reply_cancelled(struct call *call, const struct record *record)
{
    struct cancel_operation_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_operation = true,
        .has_receipt = true,
    };
    char head[CHAIN_TEXT_BUFFER];
    int rc = call_show(call, record, (struct text){0}, &reply.operation);

    if (!rc) {
        rc = call_receipt(call, record->sequence, head, &reply.receipt);
    }
    if (!rc) {
        call_reply(call, &cancel_operation_reply_schema, &reply);
    }
    return rc;
}

static void log_cancelled(const struct call *call, const struct record *record)
{
    char id[UUID_TEXT_BUFFER];
    char tenant[UUID_TEXT_BUFFER];
    char caller[UUID_TEXT_BUFFER];

    log_line(LOG_INFO, "cancelled", "operation=%s tenant=%s caller=%s",
             uuid_format(&record->id, id), uuid_format(&record->tenant_id, tenant),
             uuid_format(&call->claims->object_id, caller));
}

int call_cancel_operation(struct call *call)
{
    struct daemon *daemon = call->daemon;
    struct record record;
    int rc =
        call_read_operation(call, &call->request->cancel_operation.operation_id, &record, NULL);

    if (rc) {
        return rc;
    }
    call->target = "operationId";
    if (!may_cancel(call, &record)) {
        return -ERROR_NOT_REQUESTER;
    }
    if (record_is_terminal(&record)) {
        return record.has_cancelled_by ? reply_cancelled(call, &record) : -ERROR_OPERATION_ENDED;
    }
    engine_cancel(&daemon->engine, &record, &call->claims->object_id, daemon->now,
                  &daemon->outcome);
    turn_apply(daemon);
    rc = daemon->failure;
    if (!rc) {
        rc = store_get(daemon->store, &record.id, &record, NULL);
    }
    if (!rc) {
        log_cancelled(call, &record);
        rc = reply_cancelled(call, &record);
    }
    return rc;
}
