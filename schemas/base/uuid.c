// SPDX-License-Identifier: MIT
#include "schemas/base/uuid.h"

#include <string.h>

#include "schemas/base/errors.h"

/* Where each byte's first digit stands in the text. */
static const uint8_t digit_at[UUID_BYTES] = {0,  2,  4,  6,  9,  11, 14, 16,
                                             19, 21, 24, 26, 28, 30, 32, 34};

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int uuid_parse(struct text t, struct uuid *uuid)
{
    struct uuid parsed;

    if (t.size_bytes != UUID_TEXT_BYTES || t.data[8] != '-' || t.data[13] != '-' ||
        t.data[18] != '-' || t.data[23] != '-') {
        return -ERROR_MALFORMED;
    }
    for (size_t i = 0; i < UUID_BYTES; i++) {
        int high = digit_value(t.data[digit_at[i]]);
        int low = digit_value(t.data[digit_at[i] + 1]);

        if (high < 0 || low < 0) {
            return -ERROR_MALFORMED;
        }
        parsed.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *uuid = parsed;
    return 0;
}

char *uuid_format(const struct uuid *uuid, char buffer[UUID_TEXT_BUFFER])
{
    static const char digits[] = "0123456789abcdef";

    memset(buffer, '-', UUID_TEXT_BYTES);
    for (size_t i = 0; i < UUID_BYTES; i++) {
        buffer[digit_at[i]] = digits[uuid->bytes[i] >> 4];
        buffer[digit_at[i] + 1] = digits[uuid->bytes[i] & 15];
    }
    buffer[UUID_TEXT_BYTES] = '\0';
    return buffer;
}

struct uuid uuid_v7(int64_t unix_ms, const uint8_t random[10])
{
    struct uuid uuid;
    uint64_t time = (uint64_t)unix_ms;

    for (size_t i = 0; i < 6; i++) {
        uuid.bytes[i] = (uint8_t)(time >> (40 - 8 * i));
    }
    memcpy(&uuid.bytes[6], random, 10);
    uuid.bytes[6] = (uint8_t)(0x70 | (uuid.bytes[6] & 0x0F)); /* version, RFC 9562 section 5.7 */
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3F)); /* variant */
    return uuid;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_BYTES) == 0;
}

int uuid_compare(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_BYTES);
}
