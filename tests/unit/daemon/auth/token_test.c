// SPDX-License-Identifier: MIT
/* The form of tokens: parts, alphabet, JSON and bounds. */
#include <stdlib.h>
#include <string.h>

#include "schemas/base/limits.h"
#include "tests/unit/daemon/auth/token_expect.h"

static void a_good_token_of_every_algorithm_is_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++)
        token_expect(token_good((enum mint_algorithm)i), 0);
    token_expect(
        mint_delegated(fixture_mint(MINT_ES256), TENANT, PERSON, READ_ALL, NOW_SECONDS + 1), 0);
}

static void refusing_a_token_does_not_disturb_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        for (int round = 0; round < 3; round++) {
            char *bad = token_good((enum mint_algorithm)i);
            char *signature = strrchr(bad, '.') + 1;
            signature[10] = signature[10] == 'A' ? 'B' : 'A';
            token_expect(bad, ERROR_TOKEN_SIGNATURE);
            token_expect(token_good((enum mint_algorithm)i), 0);
        }
    }
}

static void an_empty_signature_is_wrong(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *token = token_good((enum mint_algorithm)i);
        strrchr(token, '.')[1] = '\0';
        token_expect(token, ERROR_TOKEN_SIGNATURE_LENGTH);
    }
}

static void anything_but_three_parts_is_no_token(void **state)
{
    char *good = token_good(MINT_ES256);
    char *two = fixture_format("%s", good);

    (void)state;
    *strrchr(two, '.') = '\0';
    token_expect(two, ERROR_TOKEN_PARTS);
    token_expect(fixture_format("%s.", good), ERROR_TOKEN_PARTS);
    token_expect(fixture_format("%s.AAAA", good), ERROR_TOKEN_PARTS);
    token_expect(fixture_format(".%s", good), ERROR_TOKEN_PARTS);
    token_expect(fixture_format("%s.AAAA.AAAA", good), ERROR_TOKEN_PARTS); /* the five of a JWE */
    token_expect(fixture_format("a"), ERROR_TOKEN_PARTS);
    token_expect(fixture_format("."), ERROR_TOKEN_PARTS);
    token_expect(fixture_format(".."), ERROR_TOKEN_HEADER);
    token_expect(fixture_format("..."), ERROR_TOKEN_PARTS);
    token_expect(fixture_format("%s", ""), ERROR_TOKEN_PARTS);
    free(good);
}

static void members_given_twice_are_refused(void **state)
{
    char *payload = fixture_payload(NULL, NULL);
    char *twice = fixture_format("{\"tid\":\"%s\",%s", OTHER_TENANT, payload + 1);
    char *escaped = fixture_format("{\"t\\u0069d\":\"%s\",%s", OTHER_TENANT, payload + 1);
    char *nested = fixture_format("{\"more\":{\"a\":1,\"a\":2},%s", payload + 1);

    (void)state;
    token_expect_more(",\"alg\":\"ES256\"", ERROR_TOKEN_DUPLICATE_MEMBER);
    token_expect_more(",\"kid\":\"key-ES256\"", ERROR_TOKEN_DUPLICATE_MEMBER);
    token_expect_more(",\"\\u006bid\":\"key-RS256\"", ERROR_TOKEN_DUPLICATE_MEMBER);
    token_expect_payload(twice, strlen(twice), ERROR_TOKEN_DUPLICATE_MEMBER);
    token_expect_payload(escaped, strlen(escaped), ERROR_TOKEN_DUPLICATE_MEMBER);
    token_expect_payload(nested, strlen(nested), ERROR_TOKEN_DUPLICATE_MEMBER);
    free(nested);
    free(escaped);
    free(twice);
    free(payload);
}

static void a_header_or_payload_that_is_no_object_is_refused(void **state)
{
    static const char *const values[] = {"",     "null",    "[]",         "\"a\"",
                                         "1",    "{",       "{}}",        "{},",
                                         "{}{}", "{'a':1}", "{\"a\":1,}", "{\"a\":\"\xff\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        token_expect_header(MINT_ES256, values[i], ERROR_TOKEN_HEADER);
        token_expect_payload(values[i], strlen(values[i]), ERROR_TOKEN_PAYLOAD);
    }
    token_expect_payload("{}\0", 3, ERROR_TOKEN_PAYLOAD);
}

static void nesting_is_bounded(void **state)
{
    char *deep = malloc(6001);
    char *payload;

    (void)state;
    assert_non_null(deep);
    memset(deep, '[', 3000);
    memset(deep + 3000, ']', 3000);
    deep[6000] = '\0';
    payload = fixture_format("{\"a\":%.5000s", deep);
    token_expect_payload(payload, strlen(payload), ERROR_TOKEN_TOO_DEEP);
    free(payload);
    payload = fixture_payload("extra", "[[[[[[[]]]]]]]");
    token_expect_payload(payload, strlen(payload), 0);
    free(payload);
    payload = fixture_payload("extra", "[[[[[[[[]]]]]]]]");
    token_expect_payload(payload, strlen(payload), ERROR_TOKEN_TOO_DEEP);
    free(payload);
    payload = fixture_payload("extra", "\"[[[[[[[[[[[[{{{{{{\\\"[[[[[[[[[[\"");
    token_expect_payload(payload, strlen(payload), 0); /* brackets in a string nest nothing */
    free(payload);
    free(deep);
}

static size_t encoded_bytes(size_t bytes)
{
    return (bytes * 8 + 5) / 6;
}

/* A good token of exactly this many characters: the payload fills it, the header takes what
 * base64url cannot reach. */
static char *token_of_size(size_t size)
{
    for (int shift = 0; shift < 4; shift++) {
        char *header =
            fixture_format("{\"alg\":\"EdDSA\",\"kid\":\"key-EdDSA\",\"x5t\":\"%*s\"}", shift, "");
        size_t rest = size - encoded_bytes(strlen(header)) - 2 - encoded_bytes(64);
        char *least = fixture_payload("pad", "\"\"");
        char *value = fixture_format("\"%*s\"", (int)(rest * 6 / 8 - strlen(least)), "");
        char *payload = fixture_payload("pad", value);
        char *token = mint_token_with(fixture_mint(MINT_EDDSA), header, payload, strlen(payload));
        free(payload);
        free(value);
        free(least);
        free(header);
        if (strlen(token) == size)
            return token;
        free(token);
    }
    return NULL;
}

static void a_token_has_at_most_8_kib(void **state)
{
    char *longest = token_of_size(LIMIT_TOKEN_BYTES);
    char *too_long = token_of_size(LIMIT_TOKEN_BYTES + 1);

    (void)state;
    assert_non_null(longest);
    assert_non_null(too_long);
    token_expect(longest, 0);
    token_expect(too_long, ERROR_TOKEN_TOO_LONG);
}

static void spaces_padding_and_other_alphabets_are_refused(void **state)
{
    static const char *const inserts[] = {" ", "\n", "\t", "=", "+", "/", "%", "\xc2\xa0"};

    (void)state;
    for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++) {
        char *good = token_good(MINT_ES256);
        size_t size = strlen(good);
        size_t places[] = {0, 5, (size_t)(strchr(good, '.') - good), size / 2, size - 3, size};
        for (size_t j = 0; j < sizeof(places) / sizeof(places[0]); j++)
            token_expect(
                fixture_format("%.*s%s%s", (int)places[j], good, inserts[i], good + places[j]),
                ERROR_TOKEN_ENCODING);
        free(good);
    }
}

static void unused_bits_of_a_signature_are_zero(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *token = token_good(MINT_ES256); /* 64 bytes: four bits of the last character are unused */
    char *last = token + strlen(token) - 1;

    (void)state;
    *last = alphabet[strchr(alphabet, *last) - alphabet + 1];
    token_expect(token, ERROR_TOKEN_ENCODING);
}

static void a_json_serialization_is_no_token(void **state)
{
    (void)state;
    token_expect(fixture_format("{\"payload\":\"e30\",\"signatures\":[]}"), ERROR_TOKEN_PARTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_of_every_algorithm_is_accepted),
        cmocka_unit_test(refusing_a_token_does_not_disturb_the_next),
        cmocka_unit_test(an_empty_signature_is_wrong),
        cmocka_unit_test(anything_but_three_parts_is_no_token),
        cmocka_unit_test(members_given_twice_are_refused),
        cmocka_unit_test(a_header_or_payload_that_is_no_object_is_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(a_token_has_at_most_8_kib),
        cmocka_unit_test(spaces_padding_and_other_alphabets_are_refused),
        cmocka_unit_test(unused_bits_of_a_signature_are_zero),
        cmocka_unit_test(a_json_serialization_is_no_token),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
