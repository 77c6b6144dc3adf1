// SPDX-License-Identifier: MIT
#include "tests/bench/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/measure.h"

#define USER_DIGITS 12
#define KEY_DIGITS  16
#define ID_BYTES    36

static const char first_key[] = "bench-key-0000000000000000";

static size_t offset_after(const struct raw_message *message, const char *text)
{
    const uint8_t *at = memmem(message->bytes, message->size, text, strlen(text));
    if (!at) {
        measure_fail("request");
    }
    return (size_t)(at - message->bytes) + strlen(text);
}

void request_prepare(const struct fixture *fixture, unsigned tenant, bool has_key,
                     struct request *request)
{
    unsigned first = people_person(&fixture->options.people, tenant, 0);
    char token[FIXTURE_TOKEN_BUFFER];
    char user[PEOPLE_ID_BUFFER];
    struct raw_message *message = calloc(1, sizeof(*message));
    if (!message || fixture_token(fixture, tenant, token)) {
        measure_fail("request");
    }
    raw_map(message, has_key ? 5 : 4);
    raw_text_field(message, "type", "exportPersonalData");
    raw_text_field(message, "requestId", "bench");
    raw_text_field(message, "token", token);
    raw_text_field(message, "inboundSharedUserProfileId", people_user_id(first, user));
    if (has_key) {
        raw_text_field(message, "idempotencyKey", first_key);
    }
    if (message->is_too_long || message->size > sizeof(request->bytes)) {
        measure_fail("request");
    }
    request->size = message->size;
    request->first_person = first;
    request->people = people_per_tenant(&fixture->options.people);
    request->user_offset = offset_after(message, user) - USER_DIGITS;
    request->key_offset = has_key ? offset_after(message, first_key) - KEY_DIGITS : 0;
    memcpy(request->bytes, message->bytes, message->size);
    free(message);
}

size_t request_write(const struct request *request, uint64_t number, uint8_t *buffer)
{
    char digits[24];
    memcpy(buffer, request->bytes, request->size);
    snprintf(digits, sizeof(digits), "%012u",
             request->first_person + (unsigned)(number % request->people));
    memcpy(buffer + request->user_offset, digits, USER_DIGITS);
    if (request->key_offset) {
        snprintf(digits, sizeof(digits), "%016" PRIu64, request->first_key + number);
        memcpy(buffer + request->key_offset, digits, KEY_DIGITS);
    }
    return request->size;
}

bool request_is_accepted(const uint8_t *reply, size_t size)
{
    static const char accepted[] = "\xa6status\xcc\xca"; /* 202, as a byte */
    return memmem(reply, size, accepted, sizeof(accepted) - 1) != NULL;
}

const char *request_operation(const uint8_t *reply, size_t size)
{
    static const char key[] = "\xa2id\xd9\x24";
    const char *at = memmem(reply, size, key, sizeof(key) - 1);
    if (!at || size - (size_t)(at - (const char *)reply) < sizeof(key) - 1 + ID_BYTES) {
        return NULL;
    }
    return at + sizeof(key) - 1;
}
