// SPDX-License-Identifier: MIT
#include "schemas/compiler/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const taken[] = {
    "alignas",  "alignof",  "asm",       "auto",    "bool",   "break",  "case",     "char",
    "const",    "continue", "default",   "do",      "double", "else",   "enum",     "extern",
    "false",    "float",    "for",       "goto",    "if",     "inline", "int",      "long",
    "nullptr",  "register", "restrict",  "return",  "short",  "signed", "sizeof",   "static",
    "struct",   "switch",   "true",      "typedef", "typeof", "union",  "unsigned", "void",
    "volatile", "while",    "constexpr", "class",   "delete", "new",    "private",  "static_assert",
    "this",     "template", "unix",      "linux",   NULL,
};

void *zone_allocate(msgpack_zone *zone, size_t size_bytes)
{
    void *memory = msgpack_zone_malloc(zone, size_bytes);

    if (!memory) {
        abort();
    }
    return memset(memory, 0, size_bytes);
}

char *zone_print(msgpack_zone *zone, const char *format, ...)
{
    va_list arguments;
    int length;
    char *made;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        abort();
    }
    made = zone_allocate(zone, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(made, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return made;
}

char *zone_copy(msgpack_zone *zone, struct text t)
{
    return zone_print(zone, "%.*s", TEXT_ARGUMENTS(t));
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether a word starts at this capital: after a small letter, or as the last of several capitals.
 */
static bool starts_word(struct text name, uint32_t at)
{
    bool after_small = at > 0 && is_lower(name.data[at - 1]);
    bool last_capital = at > 0 && is_upper(name.data[at - 1]) && at + 1 < name.size_bytes &&
                        is_lower(name.data[at + 1]);

    return is_upper(name.data[at]) && (after_small || last_capital);
}

char *name_snake(msgpack_zone *zone, struct text name)
{
    char *snake = zone_allocate(zone, (size_t)name.size_bytes * 2 + 1);
    size_t used = 0;

    for (uint32_t i = 0; i < name.size_bytes; i++) {
        char c = name.data[i];
        bool is_part = is_upper(c) || is_lower(c);

        if ((!is_part || starts_word(name, i)) && used != 0 && snake[used - 1] != '_') {
            snake[used++] = '_';
        }
        if (is_part) {
            snake[used++] = (char)(is_upper(c) ? c - 'A' + 'a' : c);
        }
    }
    while (used != 0 && snake[used - 1] == '_') {
        snake[--used] = '\0';
    }
    return used != 0 ? snake : NULL;
}

char *name_member(msgpack_zone *zone, struct text name)
{
    char *snake = name_snake(zone, name);

    if (!snake || (snake[0] >= '0' && snake[0] <= '9')) {
        return NULL;
    }
    for (size_t i = 0; taken[i]; i++) {
        if (strcmp(taken[i], snake) == 0) {
            return zone_print(zone, "%s_", snake);
        }
    }
    return snake;
}

char *name_upper(msgpack_zone *zone, const char *snake)
{
    char *upper = zone_print(zone, "%s", snake);

    for (char *at = upper; *at; at++) {
        if (*at >= 'a' && *at <= 'z') {
            *at = (char)(*at - 'a' + 'A');
        }
    }
    return upper;
}
