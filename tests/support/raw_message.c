// SPDX-License-Identifier: MIT
#include <errno.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/support/raw.h"

void raw_clear(struct raw_message *message)
{
    message->size = 0;
    message->is_too_long = false;
}

void raw_bytes(struct raw_message *message, const void *bytes, size_t size)
{
    if (message->is_too_long || size > RAW_BYTES - message->size) {
        message->is_too_long = true;
        return;
    }
    if (size) {
        memcpy(message->bytes + message->size, bytes, size);
    }
    message->size += size;
}

/* A type byte and a big-endian number of so many bytes after it. */
static void typed(struct raw_message *message, uint8_t type, uint64_t value, unsigned bytes)
{
    uint8_t buffer[9] = {type};
    for (unsigned i = 0; i < bytes; i++) {
        buffer[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
    raw_bytes(message, buffer, 1 + bytes);
}

static void counted(struct raw_message *message, uint8_t fix, uint8_t sixteen, uint32_t count)
{
    if (count < 16) {
        typed(message, (uint8_t)(fix | count), 0, 0);
    } else if (count <= UINT16_MAX) {
        typed(message, sixteen, count, 2);
    } else {
        typed(message, (uint8_t)(sixteen + 1), count, 4);
    }
}

void raw_map(struct raw_message *message, uint32_t count)
{
    counted(message, 0x80, 0xde, count);
}

void raw_array(struct raw_message *message, uint32_t count)
{
    counted(message, 0x90, 0xdc, count);
}

void raw_text(struct raw_message *message, const char *text)
{
    size_t size = strlen(text);
    if (size < 32) {
        typed(message, (uint8_t)(0xa0 | size), 0, 0);
    } else if (size <= UINT8_MAX) {
        typed(message, 0xd9, size, 1);
    } else if (size <= UINT16_MAX) {
        typed(message, 0xda, size, 2);
    } else {
        typed(message, 0xdb, size, 4);
    }
    raw_bytes(message, text, size);
}

void raw_integer(struct raw_message *message, int64_t value)
{
    if (value < 0) {
        typed(message, 0xd3, (uint64_t)value, 8);
    } else if (value < 128) {
        typed(message, (uint8_t)value, 0, 0);
    } else if (value <= UINT16_MAX) {
        typed(message, 0xcd, (uint64_t)value, 2);
    } else if (value <= UINT32_MAX) {
        typed(message, 0xce, (uint64_t)value, 4);
    } else {
        typed(message, 0xcf, (uint64_t)value, 8);
    }
}

void raw_real(struct raw_message *message, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    typed(message, 0xcb, bits, 8);
}

void raw_boolean(struct raw_message *message, bool value)
{
    typed(message, value ? 0xc3 : 0xc2, 0, 0);
}

void raw_text_field(struct raw_message *message, const char *key, const char *value)
{
    raw_text(message, key);
    raw_text(message, value);
}

void raw_integer_field(struct raw_message *message, const char *key, int64_t value)
{
    raw_text(message, key);
    raw_integer(message, value);
}

static const msgpack_object *member(const msgpack_object *map, const char *key, size_t size)
{
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == size &&
            memcmp(pair->key.via.str.ptr, key, size) == 0) {
            return &pair->val;
        }
    }
    return NULL;
}

static const msgpack_object *step(const msgpack_object *object, const char *name, size_t size)
{
    if (object->type == MSGPACK_OBJECT_MAP) {
        return member(object, name, size);
    }
    if (object->type == MSGPACK_OBJECT_ARRAY) {
        unsigned long index = strtoul(name, NULL, 10);
        return index < object->via.array.size ? &object->via.array.ptr[index] : NULL;
    }
    return NULL;
}

static const msgpack_object *walk(const msgpack_object *object, const char *path)
{
    while (object && *path) {
        size_t size = strcspn(path, ".");
        object = step(object, path, size);
        path += size + (path[size] == '.');
    }
    return object;
}

/* The object is in the unpacked message, which the caller destroys whatever is returned. */
static const msgpack_object *find(const struct raw_message *message, const char *path,
                                  msgpack_unpacked *unpacked)
{
    msgpack_unpacked_init(unpacked);
    size_t offset = 0;
    if (msgpack_unpack_next(unpacked, (const char *)message->bytes, message->size, &offset) !=
        MSGPACK_UNPACK_SUCCESS) {
        return NULL;
    }
    return walk(&unpacked->data, path);
}

int raw_get_text(const struct raw_message *message, const char *path, char *buffer, size_t bytes)
{
    msgpack_unpacked unpacked;
    const msgpack_object *object = find(message, path, &unpacked);
    int rc = -ERROR_FIELD_MISSING;
    if (object && object->type == MSGPACK_OBJECT_STR) {
        rc = -ERROR_TOO_LONG;
        if (object->via.str.size < bytes) {
            memcpy(buffer, object->via.str.ptr, object->via.str.size);
            buffer[object->via.str.size] = '\0';
            rc = 0;
        }
    }
    msgpack_unpacked_destroy(&unpacked);
    return rc;
}

int raw_get_integer(const struct raw_message *message, const char *path, int64_t *value)
{
    msgpack_unpacked unpacked;
    const msgpack_object *object = find(message, path, &unpacked);
    int rc = 0;
    if (object && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= INT64_MAX) {
        *value = (int64_t)object->via.u64;
    } else if (object && object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        *value = object->via.i64;
    } else {
        rc = -ERROR_FIELD_MISSING;
    }
    msgpack_unpacked_destroy(&unpacked);
    return rc;
}
