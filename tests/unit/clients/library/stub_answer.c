// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/stub_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stub_refuse(int error, struct text request_id, const char *target, struct wire_output *answer)
{
    const struct error_row *row = error_row(error);
    struct error_reply reply = {.has_request_id = request_id.size_bytes != 0,
                                .request_id = request_id,
                                .status = row->status};

    reply.error.code = text_of(row->code);
    reply.error.message = text_of(row->message);
    reply.error.has_target = target != NULL;
    reply.error.target = text_of(target ? target : "");
    reply.error.inner_error.code = text_of(row->inner_code);
    reply.error.inner_error.date = (struct wall){STUB_NOW_MS};
    error_reply_encode(&reply, answer);
}

static void keep(struct text text, char buffer[STUB_TEXT_BYTES])
{
    if (text_copy(text, buffer, STUB_TEXT_BYTES) != 0) {
        buffer[0] = '\0';
    }
}

static void tell_to_wait(struct text request_id, struct wire_output *answer)
{
    const struct error_row *row = error_row(ERROR_BUSY);
    struct export_personal_data_reply reply = {.has_request_id = true,
                                               .request_id = request_id,
                                               .status = row->status,
                                               .has_retry_after = true,
                                               .retry_after = 1,
                                               .has_error = true};

    reply.error.code = text_of(row->code);
    reply.error.message = text_of(row->message);
    reply.error.inner_error.code = text_of(row->inner_code);
    export_personal_data_reply_encode(&reply, answer);
}

static void answer_export(struct stub_state *state, const union any_request *request,
                          struct wire_output *answer)
{
    const struct export_personal_data_request *asked = &request->export_personal_data;
    struct export_personal_data_reply reply = {.has_request_id = true,
                                               .request_id = asked->request_id,
                                               .status = 202,
                                               .has_operation = true,
                                               .has_location = true,
                                               .location = TEXT("https://api.example.org/o/1"),
                                               .has_retry_after = true,
                                               .retry_after = 60};
    char key[STUB_TEXT_BYTES] = "";
    struct operation *operation = NULL;
    char user[UUID_TEXT_BUFFER];

    state->counts.exports++;
    if (state->is_waiting) {
        tell_to_wait(asked->request_id, answer);
        return;
    }
    if (strcmp(uuid_format(&asked->inbound_shared_user_profile_id, user), STUB_UNKNOWN_USER) == 0) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "inboundSharedUserProfileId", answer);
        return;
    }
    if (asked->has_idempotency_key) {
        keep(asked->idempotency_key, key);
        memcpy(state->last_key, key, sizeof(key));
    }
    for (int i = 0; i < state->operation_count && key[0]; i++) {
        operation = strcmp(state->keys[i], key) == 0 ? &state->operations[i] : operation;
    }
    if (operation && !uuid_equal(&operation->user_id, &asked->inbound_shared_user_profile_id)) {
        stub_refuse(ERROR_KEY_REUSED, asked->request_id, "idempotencyKey", answer);
        return;
    }
    if (!operation) {
        memcpy(state->keys[state->operation_count], key, sizeof(key));
        operation = stub_make(state, &asked->inbound_shared_user_profile_id);
    }
    reply.operation = *operation;
    reply.has_receipt = true;
    reply.receipt = stub_receipt(operation);
    export_personal_data_reply_encode(&reply, answer);
}

static void answer_get(struct stub_state *state, const union any_request *request,
                       struct wire_output *answer)
{
    const struct get_operation_request *asked = &request->get_operation;
    struct get_operation_reply reply = {.has_request_id = true,
                                        .request_id = asked->request_id,
                                        .status = 200,
                                        .has_operation = true};
    const struct operation *operation = stub_find(state, &asked->operation_id);

    state->counts.gets++;
    if (!operation) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "operationId", answer);
        return;
    }
    reply.operation = *operation;
    get_operation_reply_encode(&reply, answer);
}

/* Pages are numbered: the next value is the number of operations shown so far. */
static void answer_list(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer)
{
    const struct list_operations_request *asked = &request->list_operations;
    struct list_operations_reply reply = {.has_request_id = true,
                                          .request_id = asked->request_id,
                                          .status = 200,
                                          .has_value = true,
                                          .has_sequence = true,
                                          .sequence = state->event_count};
    struct wire_output items = WIRE_OUTPUT_INIT;
    char next[STUB_TEXT_BYTES] = "0";
    int position;

    if (asked->has_next) {
        keep(asked->next, next);
    }
    position = state->operation_count - 1 - (int)strtol(next, NULL, 10);
    for (; position >= 0 && reply.value.count < asked->top; position--) {
        const struct operation *operation = &state->operations[position];

        if ((!asked->has_status || operation->status == asked->status) &&
            (!asked->has_user_id || uuid_equal(&operation->user_id, &asked->user_id))) {
            operation_encode(operation, &items);
            reply.value.count++;
        }
    }
    reply.value.item = &operation_schema;
    reply.value.encoded = items.data;
    reply.value.encoded_bytes = items.size_bytes;
    reply.has_next = position >= 0;
    snprintf(next, sizeof(next), "%d", state->operation_count - 1 - position);
    reply.next = text_of(next);
    list_operations_reply_encode(&reply, answer);
    wire_output_release(&items);
}

static void answer_events(struct stub_state *state, const union any_request *request,
                          struct wire_output *answer)
{
    const struct events_since_request *asked = &request->events_since;
    struct events_since_reply reply = {.has_request_id = true,
                                       .request_id = asked->request_id,
                                       .status = 200,
                                       .has_value = true,
                                       .has_sequence = true,
                                       .sequence = asked->sequence,
                                       .has_more = true};
    struct wire_output items = WIRE_OUTPUT_INIT;
    int i;

    state->counts.events_since++;
    for (i = (int)asked->sequence; i < state->event_count && reply.value.count < asked->top; i++) {
        const struct event *event = &state->events[i];

        if (!asked->has_operation_id || uuid_equal(&event->operation_id, &asked->operation_id)) {
            event_encode(event, &items);
            reply.value.count++;
        }
        reply.sequence = event->sequence;
    }
    reply.more = i < state->event_count;
    reply.value.item = &event_schema;
    reply.value.encoded = items.data;
    reply.value.encoded_bytes = items.size_bytes;
    events_since_reply_encode(&reply, answer);
    wire_output_release(&items);
}

/* A name with an escape sequence in it, as a hostile one would have. */
static struct profile profile_of(const struct uuid *user_id)
{
    return (struct profile){.user_id = *user_id,
                            .user_principal_name = TEXT("anna.berg@example.org"),
                            .display_name = TEXT("Anna \033[31mBerg\u202e"),
                            .home_tenant_id = stub_tenant};
}

static void answer_profile(struct stub_state *state, const union any_request *request,
                           struct wire_output *answer)
{
    const struct get_profile_request *asked = &request->get_profile;
    struct get_profile_reply reply = {.has_request_id = true,
                                      .request_id = asked->request_id,
                                      .status = 200,
                                      .has_profile = true,
                                      .profile = profile_of(&asked->user_id)};
    char user[UUID_TEXT_BUFFER];

    (void)state;
    if (strcmp(uuid_format(&asked->user_id, user), STUB_UNKNOWN_USER) == 0) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "userId", answer);
        return;
    }
    get_profile_reply_encode(&reply, answer);
}

/* Three pages of one profile each. */
static void answer_profiles(struct stub_state *state, const union any_request *request,
                            struct wire_output *answer)
{
    const struct list_profiles_request *asked = &request->list_profiles;
    const char *page = asked->has_next && asked->next.data[0] == '3' ? "3"
                       : asked->has_next                             ? "2"
                                                                     : "1";
    struct text next = *page == '1' ? TEXT("2") : TEXT("3");
    struct uuid user_id = {{0x11, (uint8_t)*page}};
    struct profile profile = profile_of(&user_id);
    struct wire_output items = WIRE_OUTPUT_INIT;
    struct list_profiles_reply reply = {.has_request_id = true,
                                        .request_id = asked->request_id,
                                        .status = 200,
                                        .has_value = true,
                                        .has_next = *page != '3',
                                        .next = next};

    (void)state;
    profile_encode(&profile, &items);
    reply.value = (struct wire_list){.item = &profile_schema,
                                     .encoded = items.data,
                                     .encoded_bytes = items.size_bytes,
                                     .count = 1};
    list_profiles_reply_encode(&reply, answer);
    wire_output_release(&items);
}

static void answer_statistics(struct stub_state *state, const union any_request *request,
                              struct wire_output *answer)
{
    struct get_statistics_reply reply = {.has_request_id = true,
                                         .request_id = request->get_statistics.request_id,
                                         .status = 200,
                                         .has_statistics = true};

    reply.statistics = (struct statistics){.queued = state->operation_count,
                                           .overdue = stub_overdue_count(state),
                                           .paused = state->is_everything_paused,
                                           .workers = 3,
                                           .slots = 12,
                                           .sequence = state->event_count,
                                           .version = TEXT("0.0.1-stub")};
    get_statistics_reply_encode(&reply, answer);
}

static void answer_ping(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer)
{
    struct ping_reply reply = {.has_request_id = true,
                               .request_id = request->ping.request_id,
                               .status = 200,
                               .has_version = true,
                               .version = TEXT("0.0.1-stub"),
                               .has_date_time = true,
                               .date_time = {STUB_NOW_MS}};

    (void)state;
    ping_reply_encode(&reply, answer);
}

static void (*const answers[])(struct stub_state *state, const union any_request *request,
                               struct wire_output *answer) = {
    [REQUEST_KIND_CANCEL_OPERATION] = stub_answer_cancel,
    [REQUEST_KIND_EVENTS_SINCE] = answer_events,
    [REQUEST_KIND_EXPLAIN_OPERATION] = stub_answer_explain,
    [REQUEST_KIND_EXPORT_PERSONAL_DATA] = answer_export,
    [REQUEST_KIND_GET_OPERATION] = answer_get,
    [REQUEST_KIND_GET_PAUSES] = stub_answer_pauses,
    [REQUEST_KIND_GET_PROFILE] = answer_profile,
    [REQUEST_KIND_GET_STATISTICS] = answer_statistics,
    [REQUEST_KIND_LIST_OPERATIONS] = answer_list,
    [REQUEST_KIND_LIST_PROFILES] = answer_profiles,
    [REQUEST_KIND_PAUSE_DISPATCH] = stub_answer_pause,
    [REQUEST_KIND_PING] = answer_ping,
    [REQUEST_KIND_RESUME_DISPATCH] = stub_answer_resume,
    [REQUEST_KIND_RETRY_OPERATION] = stub_answer_retry,
};

static struct text text_at(const msgpack_object *object)
{
    return object ? (struct text){object->via.str.ptr, object->via.str.size} : (struct text){0};
}

void stub_answer(struct stub_state *state, const void *bytes, size_t size_bytes, int error,
                 struct wire_output *answer)
{
    struct wire_input input;
    struct wire_error wrong;
    union any_request request;
    int kind;

    if (wire_input_init(&input) != 0) {
        abort();
    }
    if (wire_parse(&input, bytes, size_bytes, &wrong) != 0) {
        stub_refuse(wrong.error, (struct text){0}, wrong.field, answer);
    } else if (error) {
        stub_refuse(error, text_at(wire_find(&input.root, "requestId")), "token", answer);
    } else {
        kind = codec_dispatch(request_schemas, &input.root, &wrong);
        if (kind < 0 || codec_decode(request_schemas[kind], &input.root, &request, &wrong) != 0) {
            stub_refuse(wrong.error, text_at(wire_find(&input.root, "requestId")), wrong.field,
                        answer);
        } else {
            keep(text_at(wire_find(&input.root, "token")), state->last_token);
            answers[kind](state, &request, answer);
        }
    }
    wire_input_release(&input);
}
