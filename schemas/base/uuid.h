// SPDX-License-Identifier: MIT
/* UUIDs as of RFC 9562: sixteen bytes inside, lower case text outside. */
#ifndef SCHEMAS_BASE_UUID_H
#define SCHEMAS_BASE_UUID_H

#include "schemas/base/text.h"

#define UUID_BYTES       16
#define UUID_TEXT_BYTES  36
#define UUID_TEXT_BUFFER (UUID_TEXT_BYTES + 1)

struct uuid {
    uint8_t bytes[UUID_BYTES];
};

/* Reads 8-4-4-4-12 hexadecimal digits in either case; -ERROR_MALFORMED for anything else. */
int uuid_parse(struct text t, struct uuid *uuid);

/* Writes the canonical lower case form, terminated, and returns the buffer. */
char *uuid_format(const struct uuid *uuid, char buffer[UUID_TEXT_BUFFER]);

/* A version 7 UUID: 48 bits of Unix time and 74 random bits, taken from random[10]. */
struct uuid uuid_v7(int64_t unix_ms, const uint8_t random[10]);

bool uuid_equal(const struct uuid *a, const struct uuid *b);
int uuid_compare(const struct uuid *a, const struct uuid *b);

#endif
