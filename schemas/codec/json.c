// SPDX-License-Identifier: MIT
#include "schemas/codec/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

static void put(struct wire_output *output, const char *string)
{
    wire_append(output, string, strlen(string));
}

/* The escape of a character that cannot stand in a JSON string as it is, or NULL. */
static const char *escape_of(unsigned char byte, char unicode[8])
{
    static const char *const short_forms[0x60] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };

    if (byte < 0x60 && short_forms[byte]) {
        return short_forms[byte];
    }
    if (byte >= ' ' && byte != 0x7F) {
        return NULL;
    }
    snprintf(unicode, 8, "\\u%04x", byte);
    return unicode;
}

void json_text(struct wire_output *output, struct text t)
{
    uint32_t done = 0;
    char unicode[8];

    put(output, "\"");
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        const char *escape = escape_of((unsigned char)t.data[i], unicode);

        if (escape) {
            wire_append(output, t.data + done, i - done);
            put(output, escape);
            done = i + 1;
        }
    }
    if (t.size_bytes != 0) {
        wire_append(output, t.data + done, t.size_bytes - done);
    }
    put(output, "\"");
}

/* The shortest form that reads back as the same number. */
static void put_double(struct wire_output *output, double value)
{
    char text[40];

    if (!isfinite(value)) {
        put(output, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    put(output, text);
    if (!strpbrk(text, ".e")) {
        put(output, ".0");
    }
}

static void put_signed(struct wire_output *output, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    put(output, text);
}

static void put_unsigned(struct wire_output *output, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    put(output, text);
}

static void put_list(struct wire_output *output, const msgpack_object *items, uint32_t count)
{
    put(output, "[");
    for (uint32_t i = 0; i < count; i++) {
        put(output, i == 0 ? "" : ",");
        json_from_object(&items[i], output);
    }
    put(output, "]");
}

static void put_map(struct wire_output *output, const msgpack_object_map *map)
{
    put(output, "{");
    for (uint32_t i = 0; i < map->size; i++) {
        put(output, i == 0 ? "" : ",");
        json_from_object(&map->ptr[i].key, output);
        put(output, ":");
        json_from_object(&map->ptr[i].val, output);
    }
    put(output, "}");
}

void json_from_object(const msgpack_object *object, struct wire_output *output)
{
    switch (object->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        put(output, object->via.boolean ? "true" : "false");
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        put_unsigned(output, object->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        put_signed(output, object->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        put_double(output, object->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        json_text(output, (struct text){object->via.str.ptr, object->via.str.size});
        break;
    case MSGPACK_OBJECT_ARRAY:
        put_list(output, object->via.array.ptr, object->via.array.size);
        break;
    case MSGPACK_OBJECT_MAP:
        put_map(output, &object->via.map);
        break;
    default: /* bytes have no JSON form */
        put(output, "null");
    }
}

/* By way of msgpack, so that what a value looks like from outside is said in one place. */
void json_from_value(const struct schema *schema, const void *value, struct wire_output *output)
{
    struct wire_output message = WIRE_OUTPUT_INIT;
    msgpack_unpacked object;

    msgpack_unpacked_init(&object);
    codec_encode(schema, value, &message);
    if (output->error == 0) {
        output->error = message.error;
    }
    if (message.error == 0 && msgpack_unpack_next(&object, message.data, message.size_bytes,
                                                  NULL) == MSGPACK_UNPACK_SUCCESS) {
        json_from_object(&object.data, output);
    } else if (output->error == 0) {
        output->error = -ERROR_MEMORY;
    }
    msgpack_unpacked_destroy(&object);
    wire_output_release(&message);
}
