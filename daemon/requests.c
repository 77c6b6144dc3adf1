// SPDX-License-Identifier: MIT
#include "daemon/requests.h"

#include <stdio.h>

#include "daemon/caller.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define VALUE_BYTES 96

/* How a request is counted: not at all, before its handler, or by its handler, which finds out
 * first whether there is what it is about. */
enum counting { COUNTED_NOT, COUNTED_BEFORE, COUNTED_WITHIN };

static const struct {
    call_handler run;
    enum counting counting;
} handlers[REQUEST_KIND_COUNT] = {
    [REQUEST_KIND_APPROVE_OPERATION] = {call_approve_operation, COUNTED_WITHIN},
    [REQUEST_KIND_CANCEL_OPERATION] = {call_cancel_operation, COUNTED_WITHIN},
    [REQUEST_KIND_DENY_OPERATION] = {call_deny_operation, COUNTED_WITHIN},
    [REQUEST_KIND_EVENTS_SINCE] = {call_events_since, COUNTED_BEFORE},
    [REQUEST_KIND_EXPLAIN_OPERATION] = {call_explain_operation, COUNTED_WITHIN},
    [REQUEST_KIND_EXPORT_PERSONAL_DATA] = {call_export_personal_data, COUNTED_NOT},
    [REQUEST_KIND_GET_OPERATION] = {call_get_operation, COUNTED_WITHIN},
    [REQUEST_KIND_GET_PAUSES] = {call_get_pauses, COUNTED_BEFORE},
    [REQUEST_KIND_GET_PROFILE] = {call_get_profile, COUNTED_WITHIN},
    [REQUEST_KIND_GET_STATISTICS] = {call_get_statistics, COUNTED_BEFORE},
    [REQUEST_KIND_LIST_OPERATIONS] = {call_list_operations, COUNTED_BEFORE},
    [REQUEST_KIND_LIST_PROFILES] = {call_list_profiles, COUNTED_BEFORE},
    [REQUEST_KIND_PAUSE_DISPATCH] = {call_pause_dispatch, COUNTED_BEFORE},
    [REQUEST_KIND_PING] = {call_ping, COUNTED_NOT},
    [REQUEST_KIND_RESUME_DISPATCH] = {call_resume_dispatch, COUNTED_BEFORE},
    [REQUEST_KIND_RETRY_OPERATION] = {call_retry_operation, COUNTED_NOT},
};

void call_reply(const struct call *call, const struct schema *schema, const void *reply)
{
    effects_reply(&call->daemon->effects, call->envelope, schema, reply);
}

/* The id of a request that could not be decoded, if it has one that may be echoed. */
static bool readable_request_id(const struct daemon *daemon, struct text *id)
{
    const msgpack_object *value = wire_find(&daemon->input.root, "requestId");
    struct ping_request ping;
    struct wire_error ignored;
    msgpack_object_kv pairs[2];
    msgpack_object map = {.type = MSGPACK_OBJECT_MAP, .via.map = {.size = 2, .ptr = pairs}};

    if (!value) {
        return false;
    }
    pairs[0].key = (msgpack_object){.type = MSGPACK_OBJECT_STR, .via.str = {4, "type"}};
    pairs[0].val = (msgpack_object){.type = MSGPACK_OBJECT_STR, .via.str = {4, "ping"}};
    pairs[1].key = (msgpack_object){.type = MSGPACK_OBJECT_STR, .via.str = {9, "requestId"}};
    pairs[1].val = *value;
    if (ping_request_decode(&map, &ping, &ignored)) {
        return false;
    }
    *id = ping.request_id;
    return true;
}

struct refusal {
    int error;
    struct text request_id;
    bool has_request_id;
    const char *target;   /* or NULL, or "" */
    const char *expected; /* or NULL, or "" */
    int64_t retry_after_seconds;
};

static void refuse(struct daemon *daemon, const struct envelope *envelope,
                   const struct refusal *refusal)
{
    const struct error_row *row = error_row(refusal->error);
    char message[512];
    struct error_reply reply = {
        .has_request_id = refusal->has_request_id,
        .request_id = refusal->request_id,
        .status = row->status,
        .error = {.code = text_of(row->code),
                  .inner_error = {.code = text_of(row->inner_code),
                                  .has_request_id = refusal->has_request_id,
                                  .request_id = refusal->request_id,
                                  .date = daemon->now.wall}},
    };

    snprintf(message, sizeof message, "%s%s%s%s", row->message,
             refusal->expected && refusal->expected[0] ? " Expected: " : "",
             refusal->expected && refusal->expected[0] ? refusal->expected : "",
             refusal->expected && refusal->expected[0] ? "." : "");
    reply.has_retry_after = refusal->retry_after_seconds > 0;
    reply.retry_after = refusal->retry_after_seconds;
    reply.error.message = text_of(message);
    reply.error.has_target = refusal->target && refusal->target[0];
    reply.error.target = text_of(refusal->target ? refusal->target : "");
    effects_reply(&daemon->effects, envelope, &error_reply_schema, &reply);
}

static void log_refusal(const struct refusal *refusal, const char *type, const struct call *call)
{
    const struct claims *claims = call->claims;
    char identity[VALUE_BYTES];
    char request[VALUE_BYTES];
    char target[VALUE_BYTES];
    char tenant[UUID_TEXT_BUFFER] = "-";
    char caller[UUID_TEXT_BUFFER] = "-";

    if (!throttle_allows(call->daemon->throttle, THROTTLED_REFUSED, refusal->error,
                         text_of(call->identity ? identity_name(call->identity) : ""),
                         call->daemon->now.mono)) {
        return;
    }
    if (claims) {
        uuid_format(&claims->tenant_id, tenant);
        uuid_format(&claims->object_id, caller);
    }
    log_value(refusal->has_request_id ? refusal->request_id : TEXT("-"), request, sizeof request);
    log_value(text_of(call->identity ? identity_name(call->identity) : "-"), identity,
              sizeof identity);
    log_value(text_of(wire_field_for_log(refusal->error, refusal->target)), target, sizeof target);
    log_line(error_row(refusal->error)->status >= 500 ? LOG_ERROR : LOG_INFO, "refused",
             "type=%s status=%d code=%s target=%s request=%s tenant=%s caller=%s identity=%s", type,
             error_row(refusal->error)->status, error_row(refusal->error)->inner_code, target,
             request, tenant, caller, identity);
}

static int decode(struct daemon *daemon, const struct incoming *incoming,
                  union any_request *request, int *kind, struct wire_error *error)
{
    int rc;

    if (incoming->payload_frames != 1) {
        return -ERROR_FRAMES;
    }
    rc = wire_parse(&daemon->input, incoming->payload.data, incoming->payload.size_bytes, error);
    if (rc) {
        daemon->input.root = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
        return rc;
    }
    *kind = codec_dispatch(request_schemas, &daemon->input.root, error);
    if (*kind < 0) {
        return *kind;
    }
    return codec_decode(request_schemas[*kind], &daemon->input.root, request, error);
}

/* What the connection's identity adds to what the claims open: the tenants that it is limited to,
 * and that operators use a key of an operator. */
static int check_identity(const struct call *call)
{
    if (!call->identity) {
        return 0;
    }
    if (call->claims && !identity_serves_tenant(call->identity, &call->claims->tenant_id)) {
        return -ERROR_IDENTITY_TENANT;
    }
    return permission_of(call->kind)->needs_operator &&
                   !identity_has_role(call->identity, ROLE_OPERATOR)
               ? -ERROR_IDENTITY_ROLE
               : 0;
}

/* Which field says wrongly who is calling, if one does. */
static const char *caller_field(const struct ping_request *common, int error)
{
    if (error_row(error)->status != 401 && error != -ERROR_TOKEN_AND_CLAIMS) {
        return NULL;
    }
    return common->has_claims ? "claims" : "token";
}

/* The caller's claims, if any are given or needed, and whether they open the request. */
static int authorize(struct call *call, struct claims *claims)
{
    struct daemon *daemon = call->daemon;
    const struct ping_request *common = call_common(call->request);
    struct permission_options options = {
        .admit_read_write_all = daemon->settings.values.permissions.admit_read_write_all,
        .operators = &daemon->settings.values.permissions.operators,
    };
    int rc = 0;

    if (common->has_token || common->has_claims) {
        rc = caller_identify(daemon, call->identity, common, claims);
        call->claims = rc ? NULL : claims;
    }
    if (!rc) {
        rc = permission_check(call->kind, call->claims, &options);
    }
    return rc ? rc : check_identity(call);
}

int call_count(struct call *call)
{
    /* A retry is found likewise, and counted as an export. */
    return handlers[call->kind].counting == COUNTED_NOT
               ? 0
               : limits_count_request(call->daemon, &call->claims->tenant_id,
                                      &call->retry_after_seconds);
}

static int run(struct call *call)
{
    int rc = handlers[call->kind].counting == COUNTED_BEFORE ? call_count(call) : 0;

    return rc ? rc : handlers[call->kind].run(call);
}

void requests_handle(struct daemon *daemon, const struct incoming *incoming)
{
    union any_request request;
    struct claims claims;
    struct wire_error error = {0};
    struct refusal refusal = {.target = error.field, .expected = error.expected};
    struct call call = {.daemon = daemon,
                        .envelope = incoming->envelope,
                        .request = &request,
                        .identity = incoming->identity};
    int kind = -1;

    daemon->input.root = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    refusal.error = decode(daemon, incoming, &request, &kind, &error);
    if (refusal.error) {
        refusal.has_request_id = readable_request_id(daemon, &refusal.request_id);
    } else {
        call.kind = (enum request_kind)kind;
        refusal.has_request_id = true;
        refusal.request_id = call_common(&request)->request_id;
        refusal.error = incoming->refusal ? incoming->refusal : authorize(&call, &claims);
        refusal.expected = NULL;
        refusal.target =
            incoming->refusal ? NULL : caller_field(call_common(&request), refusal.error);
    }
    if (!refusal.error) {
        refusal.error = run(&call);
        refusal.target = call.target;
        refusal.retry_after_seconds = call.retry_after_seconds;
    }
    if (refusal.error) {
        if (incoming->refusal != -ERROR_BUSY) { /* those are counted, not told one by one */
            log_refusal(&refusal, kind < 0 ? "-" : request_schemas[kind]->name, &call);
        }
        refuse(daemon, incoming->envelope, &refusal);
    }
}
