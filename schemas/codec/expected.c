// SPDX-License-Identifier: MIT
#include "schemas/codec/expected.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct words {
    char *buffer;
    size_t size_bytes;
    size_t used;
};

static void add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *words, const char *format, ...)
{
    size_t left = words->size_bytes - words->used;
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(words->buffer + words->used, left, format, arguments);
    va_end(arguments);
    words->used += written < 0 ? 0 : (size_t)written < left ? (size_t)written : left - 1;
}

/* A name more, or an ellipsis in the place that is always kept for it. */
static bool add_name(struct words *words, const char *name, bool is_first)
{
    const size_t kept = sizeof(", …");

    if (words->used + strlen(name) + 2 + kept > words->size_bytes) {
        add(words, ", …");
        return false;
    }
    add(words, "%s%s", is_first ? "" : ", ", name);
    return true;
}

static void add_range(struct words *words, int64_t minimum, int64_t maximum)
{
    if (minimum == maximum) {
        add(words, "%" PRId64, minimum);
    } else if (minimum == 0) {
        add(words, "at most %" PRId64, maximum);
    } else {
        add(words, "%" PRId64 " to %" PRId64, minimum, maximum);
    }
}

static void add_text(struct words *words, const struct codec_field *field)
{
    add(words, "a string of ");
    add_range(words, field->minimum, field->maximum);
    add(words, " character%s", field->maximum == 1 ? "" : "s");
    if (field->pattern_name) {
        add(words, ": %s", field->pattern_name);
    }
}

static void add_list(struct words *words, const struct codec_field *field)
{
    add(words, "a list of ");
    add_range(words, field->minimum, field->maximum);
    add(words, " item%s", field->maximum == 1 ? "" : "s");
}

static void add_integer(struct words *words, const struct codec_field *field)
{
    add(words, "a whole number from %" PRId64 " to %" PRId64, field->minimum, field->maximum);
}

static void add_number(struct words *words, const struct codec_field *field)
{
    add(words, "a number from %.15g to %.15g", field->number_minimum, field->number_maximum);
}

static void add_enum(struct words *words, const struct codec_field *field)
{
    if (field->names[0] && field->names[1]) {
        add(words, "one of ");
    }
    for (size_t i = 0; field->names[i]; i++) {
        if (!add_name(words, field->names[i], i == 0)) {
            return;
        }
    }
}

static void add_const(struct words *words, const struct codec_field *field)
{
    add(words, "the string %s", field->names[0]);
}

static void add_uuid(struct words *words, const struct codec_field *field)
{
    (void)field;
    add(words, "a UUID");
}

static void add_date_time(struct words *words, const struct codec_field *field)
{
    (void)field;
    add(words, "an RFC 3339 date and time");
}

static void add_boolean(struct words *words, const struct codec_field *field)
{
    (void)field;
    add(words, "true or false");
}

static void add_object(struct words *words, const struct codec_field *field)
{
    (void)field;
    add(words, "a map");
}

static void (*const adders[])(struct words *, const struct codec_field *) = {
    [CODEC_TEXT] = add_text,       [CODEC_UUID] = add_uuid,     [CODEC_DATE_TIME] = add_date_time,
    [CODEC_INTEGER] = add_integer, [CODEC_NUMBER] = add_number, [CODEC_BOOLEAN] = add_boolean,
    [CODEC_ENUM] = add_enum,       [CODEC_CONST] = add_const,   [CODEC_OBJECT] = add_object,
    [CODEC_LIST] = add_list,
};

char *expected_words(const struct codec_field *field, char *buffer, size_t buffer_bytes)
{
    struct words words = {buffer, buffer_bytes, 0};

    adders[field->kind](&words, field);
    if (field->is_nullable) {
        add(&words, " or null");
    }
    return buffer;
}

char *expected_fields(const struct schema *schema, char *buffer, size_t buffer_bytes)
{
    struct words words = {buffer, buffer_bytes, 0};

    add(&words, "one of the fields ");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!add_name(&words, schema->fields[i].name, i == 0)) {
            break;
        }
    }
    return buffer;
}
