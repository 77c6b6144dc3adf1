// SPDX-License-Identifier: MIT
#include "schemas/codec/defaults.h"

#include <string.h>

static void default_object(const struct schema *schema, unsigned char *value)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        defaults_fill(&schema->fields[i], value);
    }
}

void defaults_fill(const struct codec_field *field, unsigned char *value)
{
    unsigned char *member = value + field->offset;
    struct wire_list empty = {.item = field->schema};
    int32_t number;
    bool truth;

    if (field->kind == CODEC_OBJECT) {
        default_object(field->schema, member);
    } else if (field->kind == CODEC_LIST) {
        memcpy(member, &empty, sizeof(empty));
    } else if (!field->has_default) {
        return;
    } else if (field->kind == CODEC_TEXT) {
        memcpy(member, &field->default_text, sizeof(field->default_text));
    } else if (field->kind == CODEC_INTEGER) {
        memcpy(member, &field->default_integer, sizeof(field->default_integer));
    } else if (field->kind == CODEC_NUMBER) {
        memcpy(member, &field->default_number, sizeof(field->default_number));
    } else if (field->kind == CODEC_BOOLEAN) {
        truth = field->default_integer != 0;
        memcpy(member, &truth, sizeof(truth));
    } else if (field->kind == CODEC_ENUM) {
        number = (int32_t)field->default_integer;
        memcpy(member, &number, sizeof(number));
    }
}
