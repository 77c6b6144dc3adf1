// SPDX-License-Identifier: MIT
#include "schemas/codec/codec.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/defaults.h"
#include "schemas/codec/expected.h"
#include "schemas/codec/path.h"

/* One value to decode: what it may be, where it stands, where it goes. */
struct task {
    const struct codec_field *field;
    const msgpack_object *object;
    const struct path *path;
    struct wire_error *error;
    unsigned char *member;
};

typedef int (*decoder)(const struct task *task);

static int decode_object(const struct schema *schema, const msgpack_object *object,
                         const struct path *path, struct wire_error *error, unsigned char *value);
static int decode_value(const struct task *task);

static struct text text_of_object(const msgpack_object *object)
{
    return (struct text){object->via.str.ptr, object->via.str.size};
}

static int refuse(const struct task *task, int number)
{
    char words[WIRE_EXPECTED_BYTES];

    return path_fail(task->path, number, task->object, task->error, "%s",
                     expected_words(task->field, words, sizeof(words)));
}

/* Bytes bound code points from both sides, so that most texts need not be counted. */
static bool has_allowed_length(const struct codec_field *field, struct text t)
{
    int64_t bytes = t.size_bytes;
    uint32_t points;

    if (bytes <= field->maximum &&
        (field->minimum <= (bytes != 0) || bytes / 4 >= field->minimum)) {
        return true;
    }
    return text_code_points(t, &points) == 0 && points >= field->minimum &&
           points <= field->maximum;
}

static int decode_text(const struct task *task)
{
    struct text t;

    if (task->object->type != MSGPACK_OBJECT_STR) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    t = text_of_object(task->object);
    if (!has_allowed_length(task->field, t) || (task->field->matches && !task->field->matches(t))) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &t, sizeof(t));
    return 0;
}

static int decode_uuid(const struct task *task)
{
    struct uuid uuid;

    if (task->object->type != MSGPACK_OBJECT_STR) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    if (uuid_parse(text_of_object(task->object), &uuid) != 0) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &uuid, sizeof(uuid));
    return 0;
}

static int decode_date_time(const struct task *task)
{
    struct wall time;

    if (task->object->type != MSGPACK_OBJECT_STR) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    if (date_time_parse(text_of_object(task->object), &time) != 0) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &time, sizeof(time));
    return 0;
}

static int decode_integer(const struct task *task)
{
    const msgpack_object *object = task->object;
    int64_t value = object->via.i64;

    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER &&
        object->type != MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    if ((object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 > INT64_MAX) ||
        value < task->field->minimum || value > task->field->maximum) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &value, sizeof(value));
    return 0;
}

static int decode_number(const struct task *task)
{
    const msgpack_object *object = task->object;
    double value;

    if (object->type == MSGPACK_OBJECT_FLOAT64 || object->type == MSGPACK_OBJECT_FLOAT32) {
        value = object->via.f64;
    } else if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        value = (double)object->via.u64;
    } else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        value = (double)object->via.i64;
    } else {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    if (!isfinite(value) || value < task->field->number_minimum ||
        value > task->field->number_maximum) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &value, sizeof(value));
    return 0;
}

static int decode_boolean(const struct task *task)
{
    if (task->object->type != MSGPACK_OBJECT_BOOLEAN) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    memcpy(task->member, &task->object->via.boolean, sizeof(bool));
    return 0;
}

static int decode_enum(const struct task *task)
{
    int32_t number;

    if (task->object->type != MSGPACK_OBJECT_STR) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    number = codec_enum_of(task->field->names, text_of_object(task->object));
    if (number < 0) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    memcpy(task->member, &number, sizeof(number));
    return 0;
}

static int decode_const(const struct task *task)
{
    if (task->object->type != MSGPACK_OBJECT_STR) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    return text_equal(text_of_object(task->object), text_of(task->field->names[0]))
               ? 0
               : refuse(task, -ERROR_FIELD_VALUE);
}

static int decode_map(const struct task *task)
{
    if (task->object->type != MSGPACK_OBJECT_MAP) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    return decode_object(task->field->schema, task->object, task->path, task->error, task->member);
}

/* Decodes an item of a list, which is a struct or a scalar. */
static int decode_item(const struct schema *schema, const msgpack_object *object,
                       const struct path *path, struct wire_error *error, unsigned char *value)
{
    struct task task = {&schema->fields[0], object, path, error, value};

    if (!schema->is_object) {
        return decode_value(&task);
    }
    if (object->type != MSGPACK_OBJECT_MAP) {
        return path_fail(path, -ERROR_FIELD_TYPE, object, error, "a map");
    }
    return decode_object(schema, object, path, error, value);
}

static int decode_list(const struct task *task)
{
    union {
        max_align_t align;
        unsigned char bytes[CODEC_VALUE_BYTES];
    } scratch;
    const struct schema *item = task->field->schema;
    const msgpack_object_array *array = &task->object->via.array;
    struct wire_list list;

    if (task->object->type != MSGPACK_OBJECT_ARRAY) {
        return refuse(task, -ERROR_FIELD_TYPE);
    }
    if (array->size < task->field->minimum || array->size > task->field->maximum) {
        return refuse(task, -ERROR_FIELD_VALUE);
    }
    for (uint32_t i = 0; i < array->size; i++) {
        struct path path = {.parent = task->path, .index = i};
        int rc = decode_item(item, &array->ptr[i], &path, task->error, scratch.bytes);

        if (rc != 0) {
            return rc;
        }
    }
    list = (struct wire_list){.item = item, .items = array->ptr, .count = array->size};
    memcpy(task->member, &list, sizeof(list));
    return 0;
}

static const decoder decoders[] = {
    [CODEC_TEXT] = decode_text,           [CODEC_UUID] = decode_uuid,
    [CODEC_DATE_TIME] = decode_date_time, [CODEC_INTEGER] = decode_integer,
    [CODEC_NUMBER] = decode_number,       [CODEC_BOOLEAN] = decode_boolean,
    [CODEC_ENUM] = decode_enum,           [CODEC_CONST] = decode_const,
    [CODEC_OBJECT] = decode_map,          [CODEC_LIST] = decode_list,
};

static int decode_value(const struct task *task)
{
    return decoders[task->field->kind](task);
}

/* Messages are usually written in the order of the schema, so the field after the last one is tried
 * first. */
static const struct codec_field *find_field(const struct schema *schema, struct text key,
                                            uint32_t guess)
{
    for (uint32_t i = 0; i < schema->field_count; i++, guess++) {
        const struct codec_field *field =
            &schema->fields[guess < schema->field_count ? guess : (guess = 0)];

        if (field->name_bytes == key.size_bytes &&
            memcmp(field->name, key.data, key.size_bytes) == 0) {
            return field;
        }
    }
    return NULL;
}

static int decode_field(const struct codec_field *field, const msgpack_object *object,
                        const struct path *path, struct wire_error *error, unsigned char *value)
{
    struct path here = {.parent = path, .name = {field->name, field->name_bytes}};
    struct task task = {field, object, &here, error, value + field->offset};
    bool is_present = true;
    int rc;

    if (object->type == MSGPACK_OBJECT_NIL && field->is_nullable) {
        defaults_fill(field, value);
        return 0;
    }
    rc = decode_value(&task);
    if (rc == 0 && field->present_offset != UINT32_MAX) {
        memcpy(value + field->present_offset, &is_present, sizeof(is_present));
    }
    return rc;
}

static int unknown_field(const struct schema *schema, const msgpack_object *key,
                         const struct path *path, struct wire_error *error)
{
    struct path here = {.parent = path, .name = text_of_object(key)};
    char words[WIRE_EXPECTED_BYTES];

    if (!here.name.data) {
        here.name = TEXT("");
    }
    return path_fail(&here, -ERROR_FIELD_UNKNOWN, key, error, "%s",
                     expected_fields(schema, words, sizeof(words)));
}

/* What a map left out: an error or a default. */
static int complete(const struct schema *schema, uint64_t seen, const msgpack_object *object,
                    const struct path *path, struct wire_error *error, unsigned char *value)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct codec_field *field = &schema->fields[i];

        if (seen & UINT64_C(1) << i) {
            continue;
        }
        if (field->is_required) {
            struct path here = {.parent = path, .name = {field->name, field->name_bytes}};
            struct task task = {field, object, &here, error, NULL};

            return refuse(&task, -ERROR_FIELD_MISSING);
        }
        defaults_fill(field, value);
    }
    return 0;
}

static int decode_object(const struct schema *schema, const msgpack_object *object,
                         const struct path *path, struct wire_error *error, unsigned char *value)
{
    uint64_t seen = 0;
    uint32_t next = 0;

    memset(value, 0, schema->size_bytes);
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        const struct codec_field *field = NULL;
        int rc;

        if (pair->key.type != MSGPACK_OBJECT_STR) {
            return path_fail(path, -ERROR_MALFORMED, &pair->key, error, "keys that are strings");
        }
        field = find_field(schema, text_of_object(&pair->key), next);
        if (!field) {
            return unknown_field(schema, &pair->key, path, error);
        }
        next = (uint32_t)(field - schema->fields);
        if (seen & UINT64_C(1) << next) {
            struct path here = {.parent = path, .name = {field->name, field->name_bytes}};

            return path_fail(&here, -ERROR_FIELD_DUPLICATE, &pair->key, error, "each field once");
        }
        seen |= UINT64_C(1) << next++;
        rc = decode_field(field, &pair->val, path, error, value);
        if (rc != 0) {
            return rc;
        }
    }
    return complete(schema, seen, object, path, error, value);
}

int codec_decode(const struct schema *schema, const msgpack_object *object, void *value,
                 struct wire_error *error)
{
    union {
        max_align_t align;
        unsigned char bytes[CODEC_VALUE_BYTES];
    } scratch;
    int rc;

    assert(schema->size_bytes <= sizeof(scratch.bytes));
    if (schema->is_object && object->type != MSGPACK_OBJECT_MAP) {
        return path_fail(NULL, -ERROR_MALFORMED, object, error, "a map");
    }
    rc = decode_item(schema, object, NULL, error, scratch.bytes);
    if (rc == 0) {
        memcpy(value, scratch.bytes, schema->size_bytes);
    }
    return rc;
}

void codec_item(const struct wire_list *list, uint32_t index, void *value)
{
    int rc;

    assert(list->items && index < list->count);
    rc = decode_item(list->item, &list->items[index], NULL, NULL, value);
    assert(rc == 0);
    (void)rc;
}
