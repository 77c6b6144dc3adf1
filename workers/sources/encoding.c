// SPDX-License-Identifier: MIT
#include "workers/sources/encoding.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

void encoding_init(struct encoding *encoding, const struct gathering *gathering)
{
    encoding->gathering = gathering;
    encoding->used = 0;
    encoding->error = 0;
}

int encoding_flush(struct encoding *encoding)
{
    const struct gathering *gathering = encoding->gathering;
    const struct sink *sink = gathering->sink;

    if (!encoding->error && gathering_is_stopped(gathering))
        encoding->error = -ERROR_CANCELLED;
    if (!encoding->error && encoding->used > 0)
        encoding->error = sink->functions->write(sink->context, encoding->buffer, encoding->used);
    if (!encoding->error)
        gathering->outcome->counts.bytes += (int64_t)encoding->used;
    encoding->used = 0;
    return encoding->error;
}

void encoding_append(struct encoding *encoding, const void *bytes, size_t size_bytes)
{
    const char *from = bytes;

    while (size_bytes > 0) {
        size_t room = sizeof(encoding->buffer) - encoding->used;
        size_t part = size_bytes < room ? size_bytes : room;

        memcpy(encoding->buffer + encoding->used, from, part);
        encoding->used += part;
        from += part;
        size_bytes -= part;
        if (encoding->used == sizeof(encoding->buffer) && encoding_flush(encoding))
            return;
    }
}

/* The bytes of the character at a byte of 0x80 or more, or 0 when they are not UTF-8. */
static uint32_t character_bytes(const char *at, uint32_t left)
{
    unsigned char lead = (unsigned char)*at;
    uint32_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    uint32_t count;

    if (bytes > left || text_code_points((struct text){at, bytes}, &count) || count != 1)
        return 0;
    return bytes;
}

/* What stands for a byte below 0x80 that cannot stand for itself, or NULL when it can. */
typedef const char *escape_of(unsigned char byte, char buffer[8]);

static const char *json_escape(unsigned char byte, char buffer[8])
{
    if (byte == '"')
        return "\\\"";
    if (byte == '\\')
        return "\\\\";
    if (byte >= ' ')
        return NULL;
    snprintf(buffer, 8, "\\u%04x", byte);
    return buffer;
}

static const char *csv_escape(unsigned char byte, char buffer[8])
{
    (void)buffer;
    if (byte == '"')
        return "\"\"";
    return byte == '\0' ? replacement : NULL;
}

static void append_escaped(struct encoding *encoding, struct text t, escape_of *escape)
{
    const char *end = t.data + t.size_bytes;
    const char *plain = t.data; /* from here to at stands for itself */
    const char *at = t.data;
    char buffer[8];

    while (at < end && !encoding->error) {
        bool is_plain_byte = (unsigned char)*at < 0x80;
        const char *instead = is_plain_byte ? escape((unsigned char)*at, buffer) : NULL;
        uint32_t step = is_plain_byte ? 1 : character_bytes(at, (uint32_t)(end - at));

        if (!instead && step > 0) {
            at += step;
            continue;
        }
        encoding_append(encoding, plain, (size_t)(at - plain));
        instead = instead ? instead : replacement;
        encoding_append(encoding, instead, strlen(instead));
        plain = ++at;
    }
    encoding_append(encoding, plain, (size_t)(at - plain));
}

void encoding_json_text(struct encoding *encoding, struct text t)
{
    encoding_append(encoding, "\"", 1);
    if (t.size_bytes > 0)
        append_escaped(encoding, t, json_escape);
    encoding_append(encoding, "\"", 1);
}

void encoding_csv_text(struct encoding *encoding, struct text t)
{
    encoding_append(encoding, "\"", 1);
    if (t.size_bytes > 0) {
        if (t.data[0] != '\0' && strchr("=+-@\t\r", t.data[0]))
            encoding_append(encoding, "'", 1);
        append_escaped(encoding, t, csv_escape);
    }
    encoding_append(encoding, "\"", 1);
}

void encoding_base64(struct encoding *encoding, const void *bytes, size_t size_bytes)
{
    static const char *const digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = bytes;

    while (size_bytes > 0 && !encoding->error) {
        size_t part = size_bytes < 3 ? size_bytes : 3;
        uint32_t group =
            (uint32_t)at[0] << 16 | (part > 1 ? (uint32_t)at[1] << 8 : 0) | (part > 2 ? at[2] : 0);
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63], '=', '='};

        if (part > 1)
            text[2] = digits[group >> 6 & 63];
        if (part > 2)
            text[3] = digits[group & 63];

        encoding_append(encoding, text, sizeof(text));
        at += part;
        size_bytes -= part;
    }
}

void encoding_integer(struct encoding *encoding, int64_t value)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%" PRId64, value);

    encoding_append(encoding, text, (size_t)size);
}

void encoding_real(struct encoding *encoding, double value)
{
    char text[40];
    int size = 0;

    if (isinf(value)) {
        encoding_append(encoding, value < 0 ? "-9e999" : "9e999", value < 0 ? 6 : 5);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(text, sizeof(text) - 2, "%.*g", digits, value);
        /* Only a text that is read back exactly may be used; the comparison is meant. */
        if (strtod(text, NULL) == value) // NOLINT(clang-diagnostic-float-equal)
            break;
    }
    if (!strpbrk(text, ".e")) {
        text[size++] = '.';
        text[size++] = '0';
    }
    encoding_append(encoding, text, (size_t)size);
}
