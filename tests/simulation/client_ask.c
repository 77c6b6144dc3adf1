// SPDX-License-Identifier: MIT
/* What a client asks. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/client.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random.h"
#include "tests/simulation/site.h"

static struct client_key *new_key(struct client *client)
{
    struct client_key *key = &client->keys[client->key_count++];

    snprintf(key->text, sizeof key->text, "%s-key-%u", client->caller.name, client->key_count);
    key->user_id = client->user_id;
    return key;
}

/* None, a new one, or one that was used: for the same profile or, wrongly, for another. */
static void choose_key(struct client *client)
{
    uint64_t chance = random_below(100);

    client->key = NULL;
    if (chance < 15) {
        return;
    }
    if (chance < 65 || client->key_count == 0) {
        client->key = client->key_count < CLIENT_KEYS ? new_key(client) : NULL;
        return;
    }
    client->key = &client->keys[random_below(client->key_count)];
    if (chance < 92) {
        client->user_id = client->key->user_id;
    } else if (!uuid_equal(&client->user_id, &client->key->user_id) && !client->key->is_answered) {
        client->key->is_disputed = true;
    }
}

static void ask_export(struct client *client)
{
    union any_request request = {0};

    client->exports++;
    client->user_id = *site_user_id(client->caller.tenant, (unsigned)random_below(SITE_USERS));
    choose_key(client);
    request.export_personal_data.inbound_shared_user_profile_id = client->user_id;
    if (client->key) {
        request.export_personal_data.has_idempotency_key = true;
        request.export_personal_data.idempotency_key = text_of(client->key->text);
    }
    caller_ask(&client->caller, REQUEST_KIND_EXPORT_PERSONAL_DATA, &request);
}

/* Any operation there is, also another tenant's. */
static bool choose_operation(struct client *client)
{
    const struct model_operation *operation = model_number(random_below(model_count()));

    if (!operation) {
        return false;
    }
    client->operation_id = operation->newest.operation_id;
    client->is_own = uuid_equal(&operation->newest.tenant_id, &client->caller.tenant_id);
    client->is_requester = uuid_equal(&operation->newest.requested_by,
                                      site_person_id(client->caller.tenant, client->caller.person));
    client->was_failed = operation->newest.stage == OPERATION_STAGE_FAILED;
    return true;
}

static void ask_ping(struct client *client)
{
    union any_request request = {0};

    caller_ask(&client->caller, REQUEST_KIND_PING, &request);
}

/* The requests about one operation have its id at one place. */
_Static_assert(offsetof(struct get_operation_request, operation_id) ==
                       offsetof(struct cancel_operation_request, operation_id) &&
                   offsetof(struct get_operation_request, operation_id) ==
                       offsetof(struct retry_operation_request, operation_id) &&
                   offsetof(struct get_operation_request, operation_id) ==
                       offsetof(struct explain_operation_request, operation_id),
               "one union member stands for four");

static void ask_about(struct client *client, enum request_kind kind)
{
    union any_request request = {0};

    if (!choose_operation(client)) {
        ask_ping(client);
        return;
    }
    if (kind == REQUEST_KIND_RETRY_OPERATION && client->has_retried && random_chance(300)) {
        client->operation_id = client->retried;
        client->is_own = client->was_failed = true;
    }
    request.get_operation.operation_id = client->operation_id;
    caller_ask(&client->caller, kind, &request);
}

static void ask_operation(struct client *client)
{
    ask_about(client, REQUEST_KIND_GET_OPERATION);
}

static void ask_cancel(struct client *client)
{
    ask_about(client, REQUEST_KIND_CANCEL_OPERATION);
}

static void ask_retry(struct client *client)
{
    ask_about(client, REQUEST_KIND_RETRY_OPERATION);
}

static void ask_explanation(struct client *client)
{
    ask_about(client, REQUEST_KIND_EXPLAIN_OPERATION);
}

void client_ask_page(struct client *client)
{
    union any_request request = {0};

    request.list_operations.top = client->top;
    request.list_operations.has_next = client->next[0] != '\0';
    request.list_operations.next = text_of(client->next);
    caller_ask(&client->caller, REQUEST_KIND_LIST_OPERATIONS, &request);
}

static void ask_list(struct client *client)
{
    client->top = random_between(1, 20);
    client->next[0] = '\0';
    client->listed = 0;
    client->known = model_sequence();
    memset(client->last.bytes, 0xff, sizeof client->last.bytes);
    client_ask_page(client);
}

static void ask_events(struct client *client)
{
    union any_request request = {0};

    client->since = random_between(0, model_sequence());
    client->top = random_between(1, 50);
    client->has_operation = random_chance(300) && choose_operation(client);
    request.events_since.sequence = client->since;
    request.events_since.top = client->top;
    request.events_since.has_operation_id = client->has_operation;
    request.events_since.operation_id = client->operation_id;
    caller_ask(&client->caller, REQUEST_KIND_EVENTS_SINCE, &request);
}

static void ask_statistics(struct client *client)
{
    union any_request request = {0};

    caller_ask(&client->caller, REQUEST_KIND_GET_STATISTICS, &request);
}

static void ask_profile(struct client *client)
{
    union any_request request = {0};

    request.get_profile.user_id =
        *site_user_id(client->caller.tenant, (unsigned)random_below(SITE_USERS));
    caller_ask(&client->caller, REQUEST_KIND_GET_PROFILE, &request);
}

static void ask_profiles(struct client *client)
{
    union any_request request = {0};

    request.list_profiles.top = random_between(1, SITE_USERS);
    caller_ask(&client->caller, REQUEST_KIND_LIST_PROFILES, &request);
}

static const struct {
    unsigned weight;
    void (*ask)(struct client *client);
} questions[] = {
    {34, ask_operation}, {18, ask_list},       {18, ask_events}, {6, ask_statistics},
    {3, ask_profile},    {3, ask_profiles},    {3, ask_ping},    {7, ask_cancel},
    {5, ask_retry},      {3, ask_explanation},
};

void client_ask(struct client *client)
{
    uint64_t chance = random_below(100);
    size_t i = 0;

    if (client->exports < client->options.exports && random_chance(client->options.export_weight)) {
        ask_export(client);
        return;
    }
    while (chance >= questions[i].weight) {
        chance -= questions[i++].weight;
    }
    questions[i].ask(client);
}
