// SPDX-License-Identifier: MIT
/* exportPersonalData and retryOperation: the requests that make an operation. */
#include <string.h>
#include <sys/random.h>

#include "daemon/requests.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define RANDOM_BYTES_OF_ID 10
#define LOCATION_BYTES     512
#define DAY_MS             86400000

/* Random bytes are drawn many at a time: a system call for each id would be a good part of a
 * request's cost. */
static int draw_id(struct daemon *daemon, struct uuid *id)
{
    if (daemon->random_left < RANDOM_BYTES_OF_ID) {
        if (getrandom(daemon->random, sizeof daemon->random, 0) != sizeof daemon->random) {
            return -ERROR_IO;
        }
        daemon->random_left = sizeof daemon->random;
    }
    daemon->random_left -= RANDOM_BYTES_OF_ID;
    *id = uuid_v7(daemon->now.wall.ms, daemon->random + daemon->random_left);
    return 0;
}

/* The two replies have the same members. */
static void send_reply(struct call *call, const struct export_personal_data_reply *reply)
{
    struct retry_operation_reply retry = {
        .has_request_id = true,
        .request_id = reply->request_id,
        .status = reply->status,
        .has_operation = true,
        .operation = reply->operation,
        .has_location = true,
        .location = reply->location,
        .has_retry_after = true,
        .retry_after = reply->retry_after,
        .has_receipt = true,
        .receipt = reply->receipt,
    };

    if (call->kind == REQUEST_KIND_RETRY_OPERATION) {
        call_reply(call, &retry_operation_reply_schema, &retry);
    } else {
        call_reply(call, &export_personal_data_reply_schema, reply);
    }
}

static int reply(struct call *call, const struct record *record, struct text result)
{
    const struct exportd_configuration_operations *settings =
        &call->daemon->settings.values.operations;
    char location[LOCATION_BYTES];
    char head[CHAIN_TEXT_BUFFER];
    struct export_personal_data_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 202,
        .has_operation = true,
        .has_location = true,
        .has_retry_after = true,
        .retry_after = settings->retry_after_seconds,
        .has_receipt = true,
    };
    struct text base_url = settings->base_url;
    int rc = call_show(call, record, result, &reply.operation);

    while (base_url.size_bytes > 0 && base_url.data[base_url.size_bytes - 1] == '/') {
        base_url.size_bytes--;
    }
    memcpy(location, base_url.data, base_url.size_bytes);
    location[base_url.size_bytes] = '/';
    uuid_format(&record->id, location + base_url.size_bytes + 1);
    reply.location = text_of(location);
    if (!rc) {
        rc = call_receipt(call, record->accepted_sequence, head, &reply.receipt);
    }
    if (!rc) {
        send_reply(call, &reply);
    }
    return rc;
}

/* The operation that the same key made before, if it did. */
static int repeated(struct call *call, const struct operation_request *request, bool *is_repeated)
{
    struct record record;
    struct text result;
    int rc = store_find_key(call->daemon->store, &request->tenant_id, request->key_digest, &record,
                            &result);

    *is_repeated = rc == 0;
    if (rc) {
        return rc == -ERROR_NOT_FOUND ? 0 : rc;
    }
    if (!uuid_equal(&record.user_id, &request->user_id)) {
        call->target = "idempotencyKey";
        return -ERROR_KEY_REUSED;
    }
    return reply(call, &record, result);
}

static int accept_new(struct call *call, const struct operation_request *request)
{
    struct daemon *daemon = call->daemon;
    struct record record;
    char id[UUID_TEXT_BUFFER];
    char tenant[UUID_TEXT_BUFFER];
    char caller[UUID_TEXT_BUFFER];

    engine_accept(&daemon->engine, request, &daemon->outcome);
    if (daemon->outcome.error) {
        daemon->failure = daemon->outcome.error;
        return daemon->failure;
    }
    record = daemon->outcome.changes[daemon->outcome.change_count - 1].record;
    turn_apply(daemon);
    if (!daemon->failure) {
        daemon->failure =
            limits_count_export(daemon, &(struct limit_key){.tenant_id = request->tenant_id,
                                                            .user_id = request->user_id});
    }
    if (daemon->failure) {
        return daemon->failure;
    }
    log_line(LOG_INFO, "accepted",
             "operation=%s tenant=%s caller=%s identity=%s approval=%s sequence=%lld",
             uuid_format(&request->id, id), uuid_format(&request->tenant_id, tenant),
             uuid_format(&request->requested_by, caller),
             call->identity ? identity_name(call->identity) : "-",
             operation_approval_name(request->approval), (long long)record.sequence);
    return reply(call, &record, (struct text){0});
}

/* Makes the operation, unless the same key made it before. */
static int make(struct call *call, struct operation_request *request, struct text key)
{
    struct daemon *daemon = call->daemon;
    struct limit_key subject = {.tenant_id = call->claims->tenant_id, .user_id = request->user_id};
    bool is_repeated = false;
    int rc = 0;

    request->tenant_id = call->claims->tenant_id;
    request->requested_by = call->claims->object_id;
    request->has_acted_by = call_is_by_actor(call);
    request->acted_by = request->has_acted_by ? call->claims->actor_id : (struct uuid){0};
    request->approval = policy_of(&daemon->policies, &request->tenant_id)->approval;
    request->now = daemon->now.wall;
    request->due_ms = daemon->settings.values.operations.due_days * DAY_MS;
    if (request->approval == OPERATION_APPROVAL_MANUAL && call_is_by_actor(call)) {
        return -ERROR_ACTOR_APPROVAL;
    }
    if (request->has_key) {
        rc = sha256_digest(&daemon->sha256, key.data, key.size_bytes, request->key_digest);
        rc = rc ? rc : repeated(call, request, &is_repeated);
    }
    if (rc || is_repeated) {
        return rc;
    }
    rc = registry_has(daemon->registry, &request->tenant_id, &request->user_id, daemon->now.mono);
    if (rc == -ERROR_REGISTRY) {
        log_line(LOG_ERROR, "registry_unreadable", "reason=\"%s\"",
                 registry_message(daemon->registry));
    }
    if (!rc) {
        rc = limits_check_export(daemon, &subject, &call->retry_after_seconds);
    }
    if (!rc && !store_has_room(daemon->store, daemon->now.mono)) {
        rc = -ERROR_DISK_FULL;
    }
    if (!rc) {
        rc = draw_id(daemon, &request->id);
    }
    return rc ? rc : accept_new(call, request);
}

int call_export_personal_data(struct call *call)
{
    const struct export_personal_data_request *asked = &call->request->export_personal_data;
    struct operation_request request = {
        .user_id = asked->inbound_shared_user_profile_id,
        .has_key = asked->has_idempotency_key,
    };

    return make(call, &request, asked->idempotency_key);
}

/* A failed operation is retried by one other, however often that is asked: what stands for the
 * idempotency key is made from its id, and has a space in it, which no key of a caller has. */
int call_retry_operation(struct call *call)
{
    struct operation_request request = {.has_key = true, .has_retry_of = true};
    char key[sizeof "retry " + UUID_TEXT_BUFFER] = "retry ";
    struct record failed;
    int rc = call_read_operation(call, &call->request->retry_operation.operation_id, &failed, NULL);

    if (!rc && failed.stage != OPERATION_STAGE_FAILED) {
        call->target = "operationId";
        rc = -ERROR_NOT_FAILED;
    }
    if (rc) {
        return rc;
    }
    uuid_format(&failed.id, key + strlen(key));
    request.user_id = failed.user_id;
    request.retry_of = failed.id;
    return make(call, &request, text_of(key));
}
