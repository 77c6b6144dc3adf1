// SPDX-License-Identifier: MIT
/* Answers and events as JSON. */
#include "schemas/codec/json.h"

#include <stdlib.h>
#include <string.h>

#include "clients/library/client.h"

/* The JSON of an object in the client's buffer, or NULL. */
static const char *print(struct exportd_client *client, const msgpack_object *object)
{
    if (!object) {
        return NULL;
    }
    wire_output_clear(&client->json);
    json_from_object(object, &client->json);
    wire_append(&client->json, "", 1);
    return client->json.error == 0 ? client->json.data : NULL;
}

const char *exportd_reply_json(struct exportd_client *client, const char *member)
{
    const msgpack_object *root;

    if (!client || !client->has_reply) {
        return NULL;
    }
    root = &client->channel.input.root;
    return print(client, member ? wire_find(root, member) : root);
}

const char *exportd_reply_item_json(struct exportd_client *client, size_t index)
{
    const msgpack_object *items;

    if (!client || !client->has_reply) {
        return NULL;
    }
    items = wire_find(&client->channel.input.root, "value");
    if (!items || items->type != MSGPACK_OBJECT_ARRAY || index >= items->via.array.size) {
        return NULL;
    }
    return print(client, &items->via.array.ptr[index]);
}

/* False when the event did not come from this library. */
static bool fill_words(const struct exportd_event *from, struct event *to)
{
    int kind = codec_enum_of(event_kind_names, text_of(from->kind));
    int stage = codec_enum_of(operation_stage_names, text_of(from->stage));
    int status = codec_enum_of(operation_status_names, text_of(exportd_status_name(from->status)));
    int code = codec_enum_of(failure_code_names, text_of(from->failure_code));

    to->kind = (enum event_kind)kind;
    to->stage = (enum operation_stage)stage;
    to->status = (enum operation_status)status;
    to->has_failure_code = code >= 0;
    to->failure_code = (enum failure_code)(code >= 0 ? code : 0);
    return kind >= 0 && stage >= 0 && status >= 0 && (code >= 0) == (from->failure_code[0] != '\0');
}

static bool fill_event(const struct exportd_event *from, struct event *to)
{
    bool has_tenant = from->tenant_id[0] != '\0';

    *to = (struct event){.sequence = from->sequence,
                         .revision = from->revision,
                         .progress = from->progress,
                         .attempt = from->attempt,
                         .has_rows = from->rows >= 0,
                         .rows = from->rows,
                         .has_bytes = from->bytes >= 0,
                         .bytes = from->bytes};
    return uuid_parse(text_of(from->operation_id), &to->operation_id) == 0 &&
           (!has_tenant || uuid_parse(text_of(from->tenant_id), &to->tenant_id) == 0) &&
           date_time_parse(text_of(from->date_time), &to->date_time) == 0 && fill_words(from, to);
}

/* Takes a member out of a map. */
static void leave_out(msgpack_object *map, const char *name)
{
    const msgpack_object *value = wire_find(map, name);
    msgpack_object_map *pairs = &map->via.map;

    for (uint32_t i = 0; value && i < pairs->size; i++) {
        if (&pairs->ptr[i].val == value) {
            pairs->size--;
            memmove(&pairs->ptr[i], &pairs->ptr[i + 1], (pairs->size - i) * sizeof(pairs->ptr[0]));
            return;
        }
    }
}

/* By way of msgpack, so that the schema stays the only place that names the members. */
static bool print_event(const struct exportd_event *event, struct wire_input *input,
                        struct wire_output *packed, struct wire_output *json)
{
    struct event wire;
    struct wire_error wrong;

    if (!fill_event(event, &wire)) {
        return false;
    }
    event_encode(&wire, packed);
    if (packed->error != 0 || wire_parse(input, packed->data, packed->size_bytes, &wrong) != 0) {
        return false;
    }
    if (event->tenant_id[0] == '\0') {
        leave_out(&input->root, "tenantId");
    }
    json_from_object(&input->root, json);
    wire_append(json, "", 1);
    return json->error == 0 && json->size_bytes <= EXPORTD_EVENT_JSON_BYTES;
}

const char *exportd_event_json(const struct exportd_event *event,
                               char buffer[EXPORTD_EVENT_JSON_BYTES])
{
    struct wire_output packed = WIRE_OUTPUT_INIT;
    struct wire_output json = WIRE_OUTPUT_INIT;
    struct wire_input input;

    buffer[0] = '\0';
    if (!event || wire_input_init(&input) != 0) {
        return buffer;
    }
    if (print_event(event, &input, &packed, &json)) {
        memcpy(buffer, json.data, json.size_bytes);
    }
    wire_output_release(&packed);
    wire_output_release(&json);
    wire_input_release(&input);
    return buffer;
}
