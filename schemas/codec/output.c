// SPDX-License-Identifier: MIT
#include "schemas/codec/wire.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

#define FIRST_CAPACITY 512

static bool make_room(struct wire_output *output, size_t size_bytes)
{
    size_t capacity = output->capacity_bytes ? output->capacity_bytes : FIRST_CAPACITY;
    char *grown;

    if (size_bytes > SIZE_MAX / 4 - output->size_bytes) {
        output->error = -ERROR_MEMORY;
        return false;
    }
    while (capacity < output->size_bytes + size_bytes) {
        capacity *= 2;
    }
    grown = realloc(output->data, capacity);
    if (!grown) {
        output->error = -ERROR_MEMORY;
        return false;
    }
    output->data = grown;
    output->capacity_bytes = capacity;
    return true;
}

static inline int append(struct wire_output *output, const void *bytes, size_t size_bytes)
{
    if (output->error) {
        return output->error;
    }
    if (size_bytes > output->capacity_bytes - output->size_bytes &&
        !make_room(output, size_bytes)) {
        return output->error;
    }
    if (size_bytes != 0) {
        memcpy(output->data + output->size_bytes, bytes, size_bytes);
        output->size_bytes += size_bytes;
    }
    return 0;
}

/* msgpack-c's packers, writing straight into the buffer. */
#define msgpack_pack_inline_func(name)      static inline int pack##name
#define msgpack_pack_inline_func_cint(name) static inline int pack##name
#define msgpack_pack_user                   struct wire_output *
#define msgpack_pack_append_buffer(output, bytes, size_bytes)                                      \
    return append(output, bytes, size_bytes)
#include <msgpack/pack_template.h>

void wire_output_clear(struct wire_output *output)
{
    output->size_bytes = 0;
    output->error = 0;
}

void wire_output_release(struct wire_output *output)
{
    free(output->data);
    *output = WIRE_OUTPUT_INIT;
}

void wire_append(struct wire_output *output, const void *bytes, size_t size_bytes)
{
    append(output, bytes, size_bytes);
}

void wire_map(struct wire_output *output, uint32_t pairs)
{
    pack_map(output, pairs);
}

void wire_array(struct wire_output *output, uint32_t items)
{
    pack_array(output, items);
}

void wire_text(struct wire_output *output, struct text t)
{
    pack_str(output, t.size_bytes);
    append(output, t.data, t.size_bytes);
}

void wire_integer(struct wire_output *output, int64_t value)
{
    pack_int64(output, value);
}

void wire_double(struct wire_output *output, double value)
{
    pack_double(output, value);
}

void wire_bool(struct wire_output *output, bool value)
{
    if (value) {
        pack_true(output);
    } else {
        pack_false(output);
    }
}

void wire_null(struct wire_output *output)
{
    pack_nil(output);
}

static void write_list(struct wire_output *output, const msgpack_object_array *list)
{
    pack_array(output, list->size);
    for (uint32_t i = 0; i < list->size; i++) {
        wire_object(output, &list->ptr[i]);
    }
}

static void write_map(struct wire_output *output, const msgpack_object_map *map)
{
    pack_map(output, map->size);
    for (uint32_t i = 0; i < map->size; i++) {
        wire_object(output, &map->ptr[i].key);
        wire_object(output, &map->ptr[i].val);
    }
}

void wire_object(struct wire_output *output, const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        wire_bool(output, object->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        pack_uint64(output, object->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        pack_int64(output, object->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
        pack_float(output, (float)object->via.f64);
        break;
    case MSGPACK_OBJECT_FLOAT64:
        pack_double(output, object->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        wire_text(output, (struct text){object->via.str.ptr, object->via.str.size});
        break;
    case MSGPACK_OBJECT_BIN:
        pack_bin(output, object->via.bin.size);
        append(output, object->via.bin.ptr, object->via.bin.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        write_list(output, &object->via.array);
        break;
    case MSGPACK_OBJECT_MAP:
        write_map(output, &object->via.map);
        break;
    default: /* nil, and the extension types that wire_parse lets nobody bring in */
        pack_nil(output);
    }
}
