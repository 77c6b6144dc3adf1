// SPDX-License-Identifier: MIT
#include "schemas/base/text.h"

#include <string.h>

#include "schemas/base/errors.h"

struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

bool text_equal(struct text a, struct text b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

int text_copy(struct text t, char *buffer, size_t buffer_bytes)
{
    if (t.size_bytes >= buffer_bytes) {
        return -ERROR_TOO_LONG;
    }
    if (t.size_bytes != 0) {
        if (memchr(t.data, '\0', t.size_bytes)) {
            return -ERROR_TOO_LONG;
        }
        memcpy(buffer, t.data, t.size_bytes);
    }
    buffer[t.size_bytes] = '\0';
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
    while (t.size_bytes > 0 && is_blank(t.data[0])) {
        t.data++;
        t.size_bytes--;
    }
    while (t.size_bytes > 0 && is_blank(t.data[t.size_bytes - 1])) {
        t.size_bytes--;
    }
    return t;
}

bool text_next_item(struct text *list, struct text *item)
{
    const char *comma;

    if (!list->data) {
        return false;
    }
    comma = list->size_bytes > 0 ? memchr(list->data, ',', list->size_bytes) : NULL;
    if (comma) {
        uint32_t size_bytes = (uint32_t)(comma - list->data);

        *item = text_trim((struct text){list->data, size_bytes});
        list->data = comma + 1;
        list->size_bytes -= size_bytes + 1;
    } else {
        *item = text_trim(*list);
        *list = (struct text){0};
    }
    return true;
}

/* Tokens and ids are long and plain: eight bytes of ASCII without a NUL are recognised at once. */
static bool is_plain_word(const unsigned char *at)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return (word & highs) == 0 && ((word - ones) & ~word & highs) == 0;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The bytes of the code point that starts at a byte of 0x80 or more, or 0 when it is not one: RFC
 * 3629 section 4, which leaves out surrogates and forms longer than needed. */
static size_t sequence_bytes(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];

    if (lead >= 0xC2 && lead <= 0xDF) {
        return left >= 2 && is_continuation(at[1]) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = lead == 0xED ? 0x9F : 0xBF;

        return left >= 3 && at[1] >= low && at[1] <= high && is_continuation(at[2]) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
        unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;

        return left >= 4 && at[1] >= low && at[1] <= high && is_continuation(at[2]) &&
                       is_continuation(at[3])
                   ? 4
                   : 0;
    }
    return 0;
}

int text_code_points(struct text t, uint32_t *count)
{
    const unsigned char *at = (const unsigned char *)t.data;
    size_t left = t.size_bytes;
    uint32_t points = 0;

    while (left != 0) {
        size_t step = 1;

        if (left >= 8 && is_plain_word(at)) {
            step = 8;
            points += 7;
        } else if (*at >= 0x80) {
            step = sequence_bytes(at, left);
        } else if (*at == '\0') {
            step = 0;
        }
        if (step == 0) {
            return -ERROR_MALFORMED;
        }
        points += 1;
        at += step;
        left -= step;
    }
    *count = points;
    return 0;
}
