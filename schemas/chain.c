// SPDX-License-Identifier: MIT
#include "schemas/chain.h"

#include <string.h>

#include "schemas/base/errors.h"

#define DEFINITION(name, type, rest) [CHAIN_##name] = {#name, CHAIN_##type},

const struct chain_definition chain_columns[CHAIN_COLUMN_COUNT] = {
    DEFINITION(kind, TEXT, "") CHAIN_COLUMNS(DEFINITION, DEFINITION)};

int chain_init(struct chain *chain)
{
    return sha256_init(&chain->sha256);
}

void chain_release(struct chain *chain)
{
    sha256_release(&chain->sha256);
}

static uint8_t *put(uint8_t *at, uint64_t number, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(number >> shift);
    }
    return at;
}

#define NUMBER_BYTES 9 /* with the column's number */
#define LENGTH_BYTES 5

int chain_next(struct chain *chain, const struct chain_value values[CHAIN_COLUMN_COUNT],
               uint8_t hash[CHAIN_HASH_BYTES])
{
    uint8_t *at = chain->bytes + CHAIN_HASH_BYTES;
    const uint8_t *end = chain->bytes + sizeof chain->bytes;

    memcpy(chain->bytes, hash, CHAIN_HASH_BYTES);
    for (int i = 0; i < CHAIN_COLUMN_COUNT; i++) {
        const struct chain_value *value = &values[i];

        if (chain_columns[i].type == CHAIN_INTEGER) {
            if (value->integer != 0) {
                *at++ = (uint8_t)(i + 1);
                at = put(at, (uint64_t)value->integer, 8);
            }
        } else if (value->data) {
            if (value->size_bytes > (size_t)(end - at) ||
                (size_t)(end - at) - value->size_bytes <
                    LENGTH_BYTES + NUMBER_BYTES * CHAIN_COLUMN_COUNT) {
                return -ERROR_TOO_LONG; /* or the numbers behind it would have no room */
            }
            *at++ = (uint8_t)(i + 1);
            at = put(at, value->size_bytes, 4);
            memcpy(at, value->data, value->size_bytes);
            at += value->size_bytes;
        }
    }
    return sha256_digest(&chain->sha256, chain->bytes, (size_t)(at - chain->bytes), hash);
}

char *chain_format(const uint8_t hash[CHAIN_HASH_BYTES], char buffer[CHAIN_TEXT_BUFFER])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < CHAIN_HASH_BYTES; i++) {
        buffer[2 * i] = digits[hash[i] >> 4];
        buffer[2 * i + 1] = digits[hash[i] & 15];
    }
    buffer[CHAIN_TEXT_BYTES] = '\0';
    return buffer;
}
