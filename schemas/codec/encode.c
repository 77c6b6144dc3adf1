// SPDX-License-Identifier: MIT
#include "schemas/codec/codec.h"

#include <assert.h>
#include <string.h>

#include "schemas/base/errors.h"

typedef void (*encoder)(const struct codec_field *field, const unsigned char *member,
                        struct wire_output *output);

static void encode_text(const struct codec_field *field, const unsigned char *member,
                        struct wire_output *output)
{
    struct text t;

    (void)field;
    memcpy(&t, member, sizeof(t));
    wire_text(output, t);
}

static void encode_uuid(const struct codec_field *field, const unsigned char *member,
                        struct wire_output *output)
{
    char text[UUID_TEXT_BUFFER];
    struct uuid uuid;

    (void)field;
    memcpy(&uuid, member, sizeof(uuid));
    wire_text(output, (struct text){uuid_format(&uuid, text), UUID_TEXT_BYTES});
}

static void encode_date_time(const struct codec_field *field, const unsigned char *member,
                             struct wire_output *output)
{
    char text[DATE_TIME_BUFFER];
    struct wall time;

    (void)field;
    memcpy(&time, member, sizeof(time));
    wire_text(output, text_of(date_time_format(time, text)));
}

static void encode_integer(const struct codec_field *field, const unsigned char *member,
                           struct wire_output *output)
{
    int64_t value;

    (void)field;
    memcpy(&value, member, sizeof(value));
    wire_integer(output, value);
}

static void encode_number(const struct codec_field *field, const unsigned char *member,
                          struct wire_output *output)
{
    double value;

    (void)field;
    memcpy(&value, member, sizeof(value));
    wire_double(output, value);
}

static void encode_boolean(const struct codec_field *field, const unsigned char *member,
                           struct wire_output *output)
{
    bool value;

    (void)field;
    memcpy(&value, member, sizeof(value));
    wire_bool(output, value);
}

static void encode_enum(const struct codec_field *field, const unsigned char *member,
                        struct wire_output *output)
{
    int32_t number;

    memcpy(&number, member, sizeof(number));
    wire_text(output, text_of(codec_enum_name(field->names, number)));
}

static void encode_const(const struct codec_field *field, const unsigned char *member,
                         struct wire_output *output)
{
    (void)member;
    wire_text(output, text_of(field->names[0]));
}

static void encode_object(const struct codec_field *field, const unsigned char *member,
                          struct wire_output *output)
{
    codec_encode(field->schema, member, output);
}

static void encode_list(const struct codec_field *field, const unsigned char *member,
                        struct wire_output *output)
{
    struct wire_list list;

    (void)field;
    memcpy(&list, member, sizeof(list));
    wire_array(output, list.count);
    if (list.encoded) {
        wire_append(output, list.encoded, list.encoded_bytes);
        return;
    }
    /* Counted, but there was no memory to encode them in. */
    if (!list.items && list.count > 0 && !output->error) {
        output->error = -ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < list.count && !output->error; i++) {
        wire_object(output, &list.items[i]);
    }
}

static const encoder encoders[] = {
    [CODEC_TEXT] = encode_text,           [CODEC_UUID] = encode_uuid,
    [CODEC_DATE_TIME] = encode_date_time, [CODEC_INTEGER] = encode_integer,
    [CODEC_NUMBER] = encode_number,       [CODEC_BOOLEAN] = encode_boolean,
    [CODEC_ENUM] = encode_enum,           [CODEC_CONST] = encode_const,
    [CODEC_OBJECT] = encode_object,       [CODEC_LIST] = encode_list,
};

static void encode_map(const struct schema *schema, const unsigned char *value,
                       struct wire_output *output)
{
    uint32_t pairs = 0;

    for (uint32_t i = 0; i < schema->field_count; i++) {
        pairs += codec_is_present(&schema->fields[i], value) || schema->fields[i].is_nullable;
    }
    wire_map(output, pairs);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct codec_field *field = &schema->fields[i];
        bool is_present = codec_is_present(field, value);

        if (!is_present && !field->is_nullable) {
            continue;
        }
        wire_text(output, (struct text){field->name, field->name_bytes});
        if (is_present) {
            encoders[field->kind](field, value + field->offset, output);
        } else {
            wire_null(output);
        }
    }
}

void codec_encode(const struct schema *schema, const void *value, struct wire_output *output)
{
    if (schema->is_object) {
        encode_map(schema, value, output);
    } else {
        encoders[schema->fields[0].kind](&schema->fields[0], value, output);
    }
}

bool codec_is_present(const struct codec_field *field, const void *value)
{
    bool is_present = true;

    if (field->present_offset != UINT32_MAX) {
        memcpy(&is_present, (const unsigned char *)value + field->present_offset,
               sizeof(is_present));
    }
    return is_present;
}

const char *codec_enum_name(const char *const *names, int32_t number)
{
    int32_t known = 0;

    while (known < number && names[known]) {
        known++;
    }
    assert(number >= 0 && names[known]);
    return names[known];
}

int codec_enum_of(const char *const *names, struct text t)
{
    for (int i = 0; names[i]; i++) {
        if (text_equal(text_of(names[i]), t)) {
            return i;
        }
    }
    return -1;
}
