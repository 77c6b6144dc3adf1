// SPDX-License-Identifier: MIT
#include "schemas/codec/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/limits.h"

#define NAME_LIMIT 64

static bool is_plain(struct text name)
{
    for (uint32_t i = 0; i < name.size_bytes; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("_-$@", c)) {
            return false;
        }
    }
    return name.size_bytes != 0 && name.size_bytes <= NAME_LIMIT;
}

static void write_step(const struct path *step, char *field, size_t *used)
{
    size_t left = WIRE_FIELD_BYTES - *used;
    struct text name = is_plain(step->name) ? step->name : TEXT("?");
    int written;

    if (!step->name.data) {
        written = snprintf(field + *used, left, "[%u]", step->index);
    } else {
        written =
            snprintf(field + *used, left, "%s%.*s", *used == 0 ? "" : ".", TEXT_ARGUMENTS(name));
    }
    *used += written < 0 ? 0 : (size_t)written < left ? (size_t)written : left - 1;
}

static void write_field(const struct path *path, char field[WIRE_FIELD_BYTES])
{
    const struct path *steps[LIMIT_CONFIGURATION_DEPTH + 1];
    size_t count = 0;
    size_t used = 0;

    for (; path && count < sizeof(steps) / sizeof(steps[0]); path = path->parent) {
        steps[count++] = path;
    }
    field[0] = '\0';
    while (count != 0) {
        write_step(steps[--count], field, &used);
    }
}

int path_fail(const struct path *path, int number, const msgpack_object *at,
              struct wire_error *error, const char *format, ...)
{
    va_list arguments;

    if (!error) {
        return number;
    }
    error->error = number;
    error->at = at;
    write_field(path, error->field);
    va_start(arguments, format);
    vsnprintf(error->expected, sizeof(error->expected), format, arguments);
    va_end(arguments);
    return number;
}
