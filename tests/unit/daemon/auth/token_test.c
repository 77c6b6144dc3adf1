// SPDX-License-Identifier: MIT
/* The form, header, algorithm, key and signature of tokens. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/limits.h"
#include "tests/unit/daemon/auth/fixture.h"

static char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *text, ...)
{
    char *string = NULL;
    va_list arguments;

    va_start(arguments, text);
    assert_true(vasprintf(&string, text, arguments) >= 0);
    va_end(arguments);
    return string;
}

static char *good_token(enum mint_algorithm algorithm)
{
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token(fixture_mint(algorithm), payload);

    free(payload);
    return token;
}

/* Takes the token. */
static void expect(char *token, int error)
{
    struct claims claims;
    char *kept = format("%s", token);
    int rc = fixture_verify(token, &claims);

    if (rc != -error)
        print_error("%.300s\n", kept);
    free(kept);
    assert_int_equal(rc, -error);
}

static void expect_header_of(enum mint_algorithm signer, const char *header, int error)
{
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token_with(fixture_mint(signer), header, payload, strlen(payload));

    free(payload);
    expect(token, error);
}

/* A header of the ES256 key with these members more, rightly signed. */
static void expect_more(const char *members, int error)
{
    char *header = format("{\"alg\":\"ES256\",\"kid\":\"key-ES256\"%s}", members);

    expect_header_of(MINT_ES256, header, error);
    free(header);
}

static void expect_payload(const char *payload, size_t size, int error)
{
    expect(mint_token_with(fixture_mint(MINT_ES256), "{\"alg\":\"ES256\",\"kid\":\"key-ES256\"}",
                           payload, size),
           error);
}

static void a_good_token_of_every_algorithm_is_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++)
        expect(good_token((enum mint_algorithm)i), 0);
    expect(mint_delegated(fixture_mint(MINT_ES256), TENANT, PERSON, READ_ALL, NOW_SECONDS + 1), 0);
}

static void refusing_a_token_does_not_disturb_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        for (int round = 0; round < 3; round++) {
            char *bad = good_token((enum mint_algorithm)i);
            char *signature = strrchr(bad, '.') + 1;
            signature[10] = signature[10] == 'A' ? 'B' : 'A';
            expect(bad, ERROR_TOKEN_SIGNATURE);
            expect(good_token((enum mint_algorithm)i), 0);
        }
    }
}

static void eight_spellings_of_none_are_refused(void **state)
{
    static const char *const spellings[] = {"none", "None", "NONE", "nOnE",
                                            "nonE", "noNe", "NoNe", "none "};

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        char *json = format("{\"alg\":\"%s\",\"kid\":\"key-ES256\"}", spellings[i]);
        char *header = mint_base64url(json, strlen(json));
        char *good = good_token(MINT_ES256);
        char *payload = strchr(good, '.');
        *strrchr(good, '.') = '\0';
        expect_header_of(MINT_ES256, json, ERROR_TOKEN_ALGORITHM);
        expect(format("%s%s.", header, payload), ERROR_TOKEN_ALGORITHM);
        expect(format("%s%s", header, payload), ERROR_TOKEN_MALFORMED);
        free(good);
        free(header);
        free(json);
    }
}

static void an_empty_signature_is_wrong(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *token = good_token((enum mint_algorithm)i);
        strrchr(token, '.')[1] = '\0';
        expect(token, ERROR_TOKEN_SIGNATURE);
    }
}

static void anything_but_three_parts_is_malformed(void **state)
{
    char *good = good_token(MINT_ES256);
    char *two = format("%s", good);

    (void)state;
    *strrchr(two, '.') = '\0';
    expect(two, ERROR_TOKEN_MALFORMED);
    expect(format("%s.", good), ERROR_TOKEN_MALFORMED);
    expect(format("%s.AAAA", good), ERROR_TOKEN_MALFORMED);
    expect(format(".%s", good), ERROR_TOKEN_MALFORMED);
    expect(format("%s.AAAA.AAAA", good), ERROR_TOKEN_MALFORMED); /* the five of a JWE */
    expect(format("a"), ERROR_TOKEN_MALFORMED);
    expect(format("."), ERROR_TOKEN_MALFORMED);
    expect(format(".."), ERROR_TOKEN_MALFORMED);
    expect(format("..."), ERROR_TOKEN_MALFORMED);
    expect(format("%s", ""), ERROR_TOKEN_MALFORMED);
    free(good);
}

static void expect_hmac(const void *secret, size_t secret_bytes, const char *kid, const char *alg)
{
    char *header_json = format("{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    char *payload_json = fixture_payload(NULL, NULL);
    char *header = mint_base64url(header_json, strlen(header_json));
    char *payload = mint_base64url(payload_json, strlen(payload_json));
    char *input = format("%s.%s", header, payload);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_bytes = 0;
    char *tail;

    assert_non_null(HMAC(EVP_sha256(), secret, (int)secret_bytes, (const uint8_t *)input,
                         strlen(input), mac, &mac_bytes));
    tail = mint_base64url(mac, mac_bytes);
    expect(format("%s.%s", input, tail),
           strcmp(alg, "HS256") == 0 ? ERROR_TOKEN_ALGORITHM : ERROR_TOKEN_SIGNATURE);
    free(tail);
    free(input);
    free(payload);
    free(header);
    free(payload_json);
    free(header_json);
}

static void a_public_key_is_never_an_hmac_secret(void **state)
{
    static const enum mint_algorithm algorithms[] = {MINT_RS256, MINT_ES256};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mint *mint = fixture_mint(algorithms[i]);
        const char *alg = mint_algorithm_name(algorithms[i]);
        char *kid = format("key-%s", alg);
        char *pem = mint_public_pem(mint);
        char *jwk = mint_jwk(mint, NULL);
        size_t der_bytes = 0;
        uint8_t *der = mint_public_der(mint, &der_bytes);
        expect_hmac(pem, strlen(pem), kid, "HS256");
        expect_hmac(jwk, strlen(jwk), kid, "HS256");
        expect_hmac(der, der_bytes, kid, "HS256");
        expect_hmac("", 0, kid, "HS256");
        expect_hmac(pem, strlen(pem), kid, alg); /* a MAC where a signature belongs */
        free(der);
        free(jwk);
        free(pem);
        free(kid);
    }
}

static void algorithms_outside_the_four_are_refused(void **state)
{
    static const char *const names[] = {"RS384",    "RS512", "PS384", "PS512",   "ES384", "ES512",
                                        "ES256K",   "HS384", "HS512", "es256",   "EDDSA", "Ed25519",
                                        "RSA-OAEP", "dir",   "",      "ES256\\t"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *header = format("{\"alg\":\"%s\",\"kid\":\"key-ES256\"}", names[i]);
        expect_header_of(MINT_ES256, header, ERROR_TOKEN_ALGORITHM);
        free(header);
    }
}

static void the_algorithm_of_the_token_must_be_that_of_the_key(void **state)
{
    (void)state;
    for (int alg = 0; alg < MINT_ALGORITHM_COUNT; alg++) {
        for (int key = 0; key < MINT_ALGORITHM_COUNT; key++) {
            char *header = format("{\"alg\":\"%s\",\"kid\":\"key-%s\"}",
                                  mint_algorithm_name((enum mint_algorithm)alg),
                                  mint_algorithm_name((enum mint_algorithm)key));
            expect_header_of((enum mint_algorithm)key, header,
                             alg == key ? 0 : ERROR_TOKEN_ALGORITHM);
            free(header);
        }
    }
}

static void alg_must_be_a_string(void **state)
{
    (void)state;
    expect_header_of(MINT_ES256, "{\"kid\":\"key-ES256\"}", ERROR_TOKEN_MALFORMED);
    expect_header_of(MINT_ES256, "{\"alg\":null,\"kid\":\"key-ES256\"}", ERROR_TOKEN_MALFORMED);
    expect_header_of(MINT_ES256, "{\"alg\":[\"ES256\"],\"kid\":\"key-ES256\"}",
                     ERROR_TOKEN_MALFORMED);
    expect_header_of(MINT_ES256, "{\"alg\":256,\"kid\":\"key-ES256\"}", ERROR_TOKEN_MALFORMED);
}

static void a_kid_that_is_not_in_the_set_is_unknown(void **state)
{
    static const char *const kids[] = {"",
                                       "../../../../dev/null",
                                       "/etc/passwd",
                                       "key-ES256' OR '1'='1",
                                       "'; DROP TABLE keys; --",
                                       "key-ES256 ",
                                       "KEY-ES256",
                                       "key-ES25",
                                       "%6bey-ES256",
                                       "https://attacker.example.org/keys.json"};

    (void)state;
    for (size_t i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
        char *header = format("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kids[i]);
        expect_header_of(MINT_ES256, header, ERROR_TOKEN_KEY);
        free(header);
    }
}

static void a_kid_that_is_no_string_is_malformed(void **state)
{
    static const char *const values[] = {
        "null", "7", "[\"key-ES256\"]", "{}", "true", "\"key-ES256\\u0000\"", "\"\\u0000\""};

    (void)state;
    expect_header_of(MINT_ES256, "{\"alg\":\"ES256\"}", ERROR_TOKEN_MALFORMED);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char *header = format("{\"alg\":\"ES256\",\"kid\":%s}", values[i]);
        expect_header_of(MINT_ES256, header, ERROR_TOKEN_MALFORMED);
        free(header);
    }
}

static void a_kid_of_64_kib_is_malformed(void **state)
{
    char *kid = malloc(65537);
    char *header;

    (void)state;
    assert_non_null(kid);
    memset(kid, 'k', 65536);
    kid[65536] = '\0';
    header = format("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    expect_header_of(MINT_ES256, header, ERROR_TOKEN_MALFORMED);
    free(header);
    free(kid);
}

static void the_kid_of_another_key_fails_its_signature(void **state)
{
    struct mint *stranger = mint_new(MINT_ES256, "key-ES256");
    char *payload = fixture_payload(NULL, NULL);

    (void)state;
    expect(mint_token(stranger, payload), ERROR_TOKEN_SIGNATURE);
    free(payload);
    mint_destroy(&stranger);
}

static void keys_in_the_header_are_refused(void **state)
{
    struct mint *stranger = mint_new(MINT_ES256, "key-ES256");
    char *jwk = mint_jwk(stranger, NULL);
    char *header = format("{\"alg\":\"ES256\",\"kid\":\"key-ES256\",\"jwk\":%s}", jwk);
    char *payload = fixture_payload(NULL, NULL);

    (void)state;
    expect(mint_token_with(stranger, header, payload, strlen(payload)), ERROR_TOKEN_MALFORMED);
    expect_more(",\"jku\":\"https://keys.example.org/\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"x5u\":\"https://keys.example.org/\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"x5c\":[\"AAAA\"]", ERROR_TOKEN_MALFORMED);
    expect_more(",\"jwk\":null", ERROR_TOKEN_MALFORMED);
    expect_more(",\"x5t\":\"AAAA\"", 0); /* a name, not a key */
    free(payload);
    free(header);
    free(jwk);
    mint_destroy(&stranger);
}

static void crit_is_refused_whatever_it_lists(void **state)
{
    (void)state;
    expect_more(",\"crit\":[\"exp\"],\"exp\":1", ERROR_TOKEN_MALFORMED);
    expect_more(",\"crit\":[\"unknown\"]", ERROR_TOKEN_MALFORMED);
    expect_more(",\"crit\":[]", ERROR_TOKEN_MALFORMED);
    expect_more(",\"crit\":[\"alg\",\"alg\"]", ERROR_TOKEN_MALFORMED);
    expect_more(",\"crit\":null", ERROR_TOKEN_MALFORMED);
    expect_more(",\"crit\":[\"b64\"],\"b64\":false", ERROR_TOKEN_MALFORMED);
}

static void unencoded_compressed_encrypted_and_nested_tokens_are_refused(void **state)
{
    char *inner = good_token(MINT_ES256);

    (void)state;
    expect_more(",\"b64\":false", ERROR_TOKEN_MALFORMED);
    expect_more(",\"b64\":true", ERROR_TOKEN_MALFORMED);
    expect_more(",\"zip\":\"DEF\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"enc\":\"A256GCM\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"cty\":\"JWT\"", ERROR_TOKEN_MALFORMED);
    expect_payload(inner, strlen(inner), ERROR_TOKEN_MALFORMED);
    free(inner);
}

static void typ_must_be_that_of_an_access_token(void **state)
{
    (void)state;
    expect_more(",\"typ\":\"JWT\"", 0);
    expect_more(",\"typ\":\"jwt\"", 0);
    expect_more(",\"typ\":\"at+jwt\"", 0);
    expect_more(",\"typ\":\"AT+JWT\"", 0);
    expect_more(",\"typ\":\"application/at+jwt\"", 0);
    expect_more(",\"typ\":\"id+jwt\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":\"dpop+jwt\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":\"logout+jwt\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":\"JWE\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":\"\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":null", ERROR_TOKEN_MALFORMED);
    expect_more(",\"typ\":[\"JWT\"]", ERROR_TOKEN_MALFORMED);
}

static void members_given_twice_are_malformed(void **state)
{
    char *payload = fixture_payload(NULL, NULL);
    char *twice = format("{\"tid\":\"%s\",%s", OTHER_TENANT, payload + 1);
    char *escaped = format("{\"t\\u0069d\":\"%s\",%s", OTHER_TENANT, payload + 1);
    char *nested = format("{\"more\":{\"a\":1,\"a\":2},%s", payload + 1);

    (void)state;
    expect_more(",\"alg\":\"ES256\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"kid\":\"key-ES256\"", ERROR_TOKEN_MALFORMED);
    expect_more(",\"\\u006bid\":\"key-RS256\"", ERROR_TOKEN_MALFORMED);
    expect_payload(twice, strlen(twice), ERROR_TOKEN_MALFORMED);
    expect_payload(escaped, strlen(escaped), ERROR_TOKEN_MALFORMED);
    expect_payload(nested, strlen(nested), ERROR_TOKEN_MALFORMED);
    free(nested);
    free(escaped);
    free(twice);
    free(payload);
}

static void a_header_or_payload_that_is_no_object_is_malformed(void **state)
{
    static const char *const values[] = {"",     "null",    "[]",         "\"a\"",
                                         "1",    "{",       "{}}",        "{},",
                                         "{}{}", "{'a':1}", "{\"a\":1,}", "{\"a\":\"\xff\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        expect_header_of(MINT_ES256, values[i], ERROR_TOKEN_MALFORMED);
        expect_payload(values[i], strlen(values[i]), ERROR_TOKEN_MALFORMED);
    }
    expect_payload("{}\0", 3, ERROR_TOKEN_MALFORMED);
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
    payload = format("{\"a\":%.5000s", deep);
    expect_payload(payload, strlen(payload), ERROR_TOKEN_MALFORMED);
    free(payload);
    payload = fixture_payload("extra", "[[[[[[[]]]]]]]");
    expect_payload(payload, strlen(payload), 0);
    free(payload);
    payload = fixture_payload("extra", "[[[[[[[[]]]]]]]]");
    expect_payload(payload, strlen(payload), ERROR_TOKEN_MALFORMED);
    free(payload);
    payload = fixture_payload("extra", "\"[[[[[[[[[[[[{{{{{{\\\"[[[[[[[[[[\"");
    expect_payload(payload, strlen(payload), 0); /* brackets in a string nest nothing */
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
            format("{\"alg\":\"EdDSA\",\"kid\":\"key-EdDSA\",\"x5t\":\"%*s\"}", shift, "");
        size_t rest = size - encoded_bytes(strlen(header)) - 2 - encoded_bytes(64);
        char *least = fixture_payload("pad", "\"\"");
        char *value = format("\"%*s\"", (int)(rest * 6 / 8 - strlen(least)), "");
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
    expect(longest, 0);
    expect(too_long, ERROR_TOKEN_MALFORMED);
}

static void spaces_padding_and_other_alphabets_are_malformed(void **state)
{
    static const char *const inserts[] = {" ", "\n", "\t", "=", "+", "/", "%", "\xc2\xa0"};

    (void)state;
    for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++) {
        char *good = good_token(MINT_ES256);
        size_t size = strlen(good);
        size_t places[] = {0, 5, (size_t)(strchr(good, '.') - good), size / 2, size - 3, size};
        for (size_t j = 0; j < sizeof(places) / sizeof(places[0]); j++)
            expect(format("%.*s%s%s", (int)places[j], good, inserts[i], good + places[j]),
                   ERROR_TOKEN_MALFORMED);
        free(good);
    }
}

static void unused_bits_of_a_signature_are_zero(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *token = good_token(MINT_ES256); /* 64 bytes: four bits of the last character are unused */
    char *last = token + strlen(token) - 1;

    (void)state;
    *last = alphabet[strchr(alphabet, *last) - alphabet + 1];
    expect(token, ERROR_TOKEN_MALFORMED);
}

static void a_json_serialization_is_malformed(void **state)
{
    (void)state;
    expect(format("{\"payload\":\"e30\",\"signatures\":[]}"), ERROR_TOKEN_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_of_every_algorithm_is_accepted),
        cmocka_unit_test(refusing_a_token_does_not_disturb_the_next),
        cmocka_unit_test(eight_spellings_of_none_are_refused),
        cmocka_unit_test(an_empty_signature_is_wrong),
        cmocka_unit_test(anything_but_three_parts_is_malformed),
        cmocka_unit_test(a_public_key_is_never_an_hmac_secret),
        cmocka_unit_test(algorithms_outside_the_four_are_refused),
        cmocka_unit_test(the_algorithm_of_the_token_must_be_that_of_the_key),
        cmocka_unit_test(alg_must_be_a_string),
        cmocka_unit_test(a_kid_that_is_not_in_the_set_is_unknown),
        cmocka_unit_test(a_kid_that_is_no_string_is_malformed),
        cmocka_unit_test(a_kid_of_64_kib_is_malformed),
        cmocka_unit_test(the_kid_of_another_key_fails_its_signature),
        cmocka_unit_test(keys_in_the_header_are_refused),
        cmocka_unit_test(crit_is_refused_whatever_it_lists),
        cmocka_unit_test(unencoded_compressed_encrypted_and_nested_tokens_are_refused),
        cmocka_unit_test(typ_must_be_that_of_an_access_token),
        cmocka_unit_test(members_given_twice_are_malformed),
        cmocka_unit_test(a_header_or_payload_that_is_no_object_is_malformed),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(a_token_has_at_most_8_kib),
        cmocka_unit_test(spaces_padding_and_other_alphabets_are_malformed),
        cmocka_unit_test(unused_bits_of_a_signature_are_zero),
        cmocka_unit_test(a_json_serialization_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
