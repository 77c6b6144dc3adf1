// SPDX-License-Identifier: MIT
/* What a client may be answered. */
#include <string.h>

#include "tests/simulation/checks.h"
#include "tests/simulation/client.h"
#include "tests/simulation/model.h"
#include "tests/simulation/receipts.h"

static void judge_key(struct client_key *key, const struct uuid *operation_id)
{
    if (key->is_answered && !uuid_equal(&key->operation_id, operation_id)) {
        checks_fail(2, "a key answers with its one operation", "key %s", key->text);
    }
    key->is_answered = true;
    key->operation_id = *operation_id;
}

static void judge_export(struct client *client, int64_t status, const msgpack_object *reply)
{
    struct client_key *key = client->key;
    struct export_personal_data_reply said;
    struct wire_error error;
    bool is_others = key && !uuid_equal(&client->user_id, &key->user_id);

    if (status == 507 || status == 503) {
        return; /* no room now, or no registry */
    }
    if (status == 409 && (is_others || (key && key->is_disputed))) {
        return;
    }
    if (status != 202 || export_personal_data_reply_decode(reply, &said, &error) ||
        !uuid_equal(&said.operation.user_id, &client->user_id)) {
        checks_fail(2, "an export is accepted, or refused for a reason", "%lld, key %s",
                    (long long)status, key ? key->text : "none");
        return;
    }
    receipts_keep(&said.receipt);
    if (is_others && !key->is_disputed) {
        if (key->is_answered) {
            checks_fail(2, "a key is not used for two profiles", "key %s", key->text);
            return;
        }
        key->user_id = client->user_id; /* the first use never reached the daemon */
    }
    if (key) {
        judge_key(key, &said.operation.id);
    }
}

static void judge_operation(struct client *client, int64_t status, const msgpack_object *reply)
{
    struct get_operation_reply said;
    struct wire_error error;

    if (!client->is_own) {
        if (status != 404) {
            checks_fail(6, "another tenant's operation is not found", "%lld", (long long)status);
        }
        return;
    }
    if (status != 200 || get_operation_reply_decode(reply, &said, &error) ||
        !uuid_equal(&said.operation.id, &client->operation_id)) {
        checks_fail(1, "an operation is found by its id", "%lld", (long long)status);
    }
}

/* Operations of the tenant that were there when the listing began. */
static unsigned known_operations(const struct client *client)
{
    const struct model_operation *operation;
    unsigned known = 0;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        const struct model_event *first = model_revision(&operation->newest.operation_id, 1);
        known += first && first->sequence <= client->known &&
                 uuid_equal(&first->tenant_id, &client->caller.tenant_id);
    }
    return known;
}

static bool take_page(struct client *client, const struct list_operations_reply *said)
{
    struct operation operation;

    for (uint32_t i = 0; i < said->value.count; i++) {
        const struct model_event *first;
        codec_item(&said->value, i, &operation);
        if (uuid_compare(&operation.id, &client->last) >= 0) {
            return false;
        }
        client->last = operation.id;
        first = model_revision(&operation.id, 1);
        client->listed += first && first->sequence <= client->known;
    }
    return true;
}

static void judge_list(struct client *client, int64_t status, const msgpack_object *reply)
{
    struct list_operations_reply said;
    struct wire_error error;

    if (status != 200 || list_operations_reply_decode(reply, &said, &error) ||
        said.value.count > client->top || !take_page(client, &said)) {
        checks_fail(6, "a listing is in order, each operation once", "%lld", (long long)status);
        return;
    }
    if (said.has_next && text_copy(said.next, client->next, sizeof client->next) == 0) {
        client_ask_page(client);
        return;
    }
    if (client->listed != known_operations(client)) {
        checks_fail(1, "a listing holds all that was there before it", "%u of %u", client->listed,
                    known_operations(client));
    }
}

/* Every event of the tenant in the span of the answer, and no other. */
static void judge_events(struct client *client, int64_t status, const msgpack_object *reply)
{
    struct events_since_reply said;
    struct wire_error error;
    uint32_t wanted = 0;

    if (status != 200 || events_since_reply_decode(reply, &said, &error)) {
        checks_fail(3, "events since a sequence are answered", "%lld", (long long)status);
        return;
    }
    for (int64_t i = client->since + 1; i <= said.sequence; i++) {
        const struct model_event *event = model_event(i);
        wanted +=
            event && uuid_equal(&event->tenant_id, &client->caller.tenant_id) &&
            (!client->has_operation || uuid_equal(&event->operation_id, &client->operation_id));
    }
    if (wanted != said.value.count || (!said.more && said.sequence < client->since)) {
        checks_fail(3, "events since a sequence are all there", "%u of %u after %lld",
                    said.value.count, wanted, (long long)client->since);
    }
}

/* Whoever has not asked for it may not; what has ended otherwise stays so. */
static void judge_cancel(struct client *client, int64_t status, const msgpack_object *reply)
{
    const struct model_operation *operation = model_operation(&client->operation_id);
    bool has_failed = operation->newest.stage == OPERATION_STAGE_FAILED;
    bool is_cancelled = has_failed && operation->newest.failure == FAILURE_CODE_CANCELLED;
    bool is_right = !client->is_own         ? status == 404
                    : !client->is_requester ? status == 403
                    : is_cancelled          ? status == 200
                                   : status == 409 && model_is_terminal(&operation->newest);

    (void)reply;
    if (!is_right) {
        checks_fail(3, "a cancelled operation ends so, and one that has ended does not", "%lld, %s",
                    (long long)status, operation_stage_name(operation->newest.stage));
    }
}

static void judge_retry(struct client *client, int64_t status, const msgpack_object *reply)
{
    struct retry_operation_reply said;
    struct wire_error error;

    if (status == 507 || status == 503 ||
        (client->is_own && !client->was_failed && status == 409)) {
        return;
    }
    if (!client->is_own) {
        if (status != 404) {
            checks_fail(6, "another tenant's operation is not found", "%lld", (long long)status);
        }
        return;
    }
    if (status != 202 || retry_operation_reply_decode(reply, &said, &error) ||
        (client->has_retried && uuid_equal(&client->retried, &client->operation_id) &&
         !uuid_equal(&client->retried_made, &said.operation.id))) {
        checks_fail(2, "a failed operation is retried by one other", "%lld", (long long)status);
        return;
    }
    receipts_keep(&said.receipt);
    client->has_retried = true;
    client->retried = client->operation_id;
    client->retried_made = said.operation.id;
}

static void judge_explanation(struct client *client, int64_t status, const msgpack_object *reply)
{
    (void)reply;
    if (status != (client->is_own ? 200 : 404)) {
        checks_fail(6, "an explanation is for the own tenant", "%lld", (long long)status);
    }
}

static void judge_any(struct client *client, int64_t status, const msgpack_object *reply)
{
    (void)client;
    (void)reply;
    if (status != 200 && status != 503) {
        checks_fail(9, "a harmless question is answered", "%lld", (long long)status);
    }
}

static void (*const judges[REQUEST_KIND_COUNT])(struct client *client, int64_t status,
                                                const msgpack_object *reply) = {
    [REQUEST_KIND_EXPORT_PERSONAL_DATA] = judge_export,
    [REQUEST_KIND_GET_OPERATION] = judge_operation,
    [REQUEST_KIND_CANCEL_OPERATION] = judge_cancel,
    [REQUEST_KIND_RETRY_OPERATION] = judge_retry,
    [REQUEST_KIND_EXPLAIN_OPERATION] = judge_explanation,
    [REQUEST_KIND_LIST_OPERATIONS] = judge_list,
    [REQUEST_KIND_EVENTS_SINCE] = judge_events,
};

void client_heard(struct caller *caller, int64_t status, const msgpack_object *reply)
{
    struct client *client = (struct client *)caller;

    (judges[caller->kind] ? judges[caller->kind] : judge_any)(client, status, reply);
}
