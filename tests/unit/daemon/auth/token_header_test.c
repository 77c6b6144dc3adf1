// SPDX-License-Identifier: MIT
/* The header of tokens: the algorithm, the key, and members that must not be there. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/token_expect.h"

static void eight_spellings_of_none_are_refused(void **state)
{
    static const char *const spellings[] = {"none", "None", "NONE", "nOnE",
                                            "nonE", "noNe", "NoNe", "none "};

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        char *json = fixture_format("{\"alg\":\"%s\",\"kid\":\"key-ES256\"}", spellings[i]);
        char *header = mint_base64url(json, strlen(json));
        char *good = token_good(MINT_ES256);
        char *payload = strchr(good, '.');
        *strrchr(good, '.') = '\0';
        int error = i < 7 ? ERROR_TOKEN_UNSIGNED : ERROR_TOKEN_ALGORITHM;
        token_expect_header(MINT_ES256, json, error);
        token_expect(fixture_format("%s%s.", header, payload), error);
        token_expect(fixture_format("%s%s", header, payload), ERROR_TOKEN_PARTS);
        free(good);
        free(header);
        free(json);
    }
}

static void expect_hmac(const void *secret, size_t secret_bytes, const char *kid, const char *alg)
{
    char *header_json = fixture_format("{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    char *payload_json = fixture_payload(NULL, NULL);
    char *header = mint_base64url(header_json, strlen(header_json));
    char *payload = mint_base64url(payload_json, strlen(payload_json));
    char *input = fixture_format("%s.%s", header, payload);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_bytes = 0;
    char *tail;

    assert_non_null(HMAC(EVP_sha256(), secret, (int)secret_bytes, (const uint8_t *)input,
                         strlen(input), mac, &mac_bytes));
    tail = mint_base64url(mac, mac_bytes);
    token_expect(fixture_format("%s.%s", input, tail),
                 strcmp(alg, "HS256") == 0 ? ERROR_TOKEN_ALGORITHM : ERROR_TOKEN_SIGNATURE_LENGTH);
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
        char *kid = fixture_format("key-%s", alg);
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
        char *header = fixture_format("{\"alg\":\"%s\",\"kid\":\"key-ES256\"}", names[i]);
        token_expect_header(MINT_ES256, header, ERROR_TOKEN_ALGORITHM);
        free(header);
    }
}

static void the_algorithm_of_the_token_must_be_that_of_the_key(void **state)
{
    (void)state;
    for (int alg = 0; alg < MINT_ALGORITHM_COUNT; alg++) {
        for (int key = 0; key < MINT_ALGORITHM_COUNT; key++) {
            char *header = fixture_format("{\"alg\":\"%s\",\"kid\":\"key-%s\"}",
                                          mint_algorithm_name((enum mint_algorithm)alg),
                                          mint_algorithm_name((enum mint_algorithm)key));
            token_expect_header((enum mint_algorithm)key, header,
                                alg == key ? 0 : ERROR_TOKEN_KEY_ALGORITHM);
            free(header);
        }
    }
}

static void alg_must_be_a_string(void **state)
{
    (void)state;
    token_expect_header(MINT_ES256, "{\"kid\":\"key-ES256\"}", ERROR_TOKEN_HEADER);
    token_expect_header(MINT_ES256, "{\"alg\":null,\"kid\":\"key-ES256\"}", ERROR_TOKEN_HEADER);
    token_expect_header(MINT_ES256, "{\"alg\":[\"ES256\"],\"kid\":\"key-ES256\"}",
                        ERROR_TOKEN_HEADER);
    token_expect_header(MINT_ES256, "{\"alg\":256,\"kid\":\"key-ES256\"}", ERROR_TOKEN_HEADER);
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
        char *header = fixture_format("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kids[i]);
        token_expect_header(MINT_ES256, header, ERROR_TOKEN_KEY);
        free(header);
    }
}

static void a_kid_that_is_no_string_names_no_key(void **state)
{
    static const char *const values[] = {
        "null", "7", "[\"key-ES256\"]", "{}", "true", "\"key-ES256\\u0000\"", "\"\\u0000\""};

    (void)state;
    token_expect_header(MINT_ES256, "{\"alg\":\"ES256\"}", ERROR_TOKEN_KEY_MISSING);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char *header = fixture_format("{\"alg\":\"ES256\",\"kid\":%s}", values[i]);
        token_expect_header(MINT_ES256, header,
                            strstr(values[i], "\\u0000") ? ERROR_TOKEN_HEADER
                                                         : ERROR_TOKEN_KEY_MISSING);
        free(header);
    }
}

static void a_kid_of_64_kib_is_too_long(void **state)
{
    char *kid = malloc(65537);
    char *header;

    (void)state;
    assert_non_null(kid);
    memset(kid, 'k', 65536);
    kid[65536] = '\0';
    header = fixture_format("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    token_expect_header(MINT_ES256, header, ERROR_TOKEN_TOO_LONG);
    free(header);
    free(kid);
}

static void the_kid_of_another_key_fails_its_signature(void **state)
{
    struct mint *stranger = mint_new(MINT_ES256, "key-ES256");
    char *payload = fixture_payload(NULL, NULL);

    (void)state;
    token_expect(mint_token(stranger, payload), ERROR_TOKEN_SIGNATURE);
    free(payload);
    mint_destroy(&stranger);
}

static void keys_in_the_header_are_refused(void **state)
{
    struct mint *stranger = mint_new(MINT_ES256, "key-ES256");
    char *jwk = mint_jwk(stranger, NULL);
    char *header = fixture_format("{\"alg\":\"ES256\",\"kid\":\"key-ES256\",\"jwk\":%s}", jwk);
    char *payload = fixture_payload(NULL, NULL);

    (void)state;
    token_expect(mint_token_with(stranger, header, payload, strlen(payload)),
                 ERROR_TOKEN_HEADER_KEY);
    token_expect_more(",\"jku\":\"https://keys.example.org/\"", ERROR_TOKEN_HEADER_KEY);
    token_expect_more(",\"x5u\":\"https://keys.example.org/\"", ERROR_TOKEN_HEADER_KEY);
    token_expect_more(",\"x5c\":[\"AAAA\"]", ERROR_TOKEN_HEADER_KEY);
    token_expect_more(",\"jwk\":null", ERROR_TOKEN_HEADER_KEY);
    token_expect_more(",\"x5t\":\"AAAA\"", 0); /* a name, not a key */
    free(payload);
    free(header);
    free(jwk);
    mint_destroy(&stranger);
}

static void crit_is_refused_whatever_it_lists(void **state)
{
    (void)state;
    token_expect_more(",\"crit\":[\"exp\"],\"exp\":1", ERROR_TOKEN_CRITICAL);
    token_expect_more(",\"crit\":[\"unknown\"]", ERROR_TOKEN_CRITICAL);
    token_expect_more(",\"crit\":[]", ERROR_TOKEN_CRITICAL);
    token_expect_more(",\"crit\":[\"alg\",\"alg\"]", ERROR_TOKEN_CRITICAL);
    token_expect_more(",\"crit\":null", ERROR_TOKEN_CRITICAL);
    token_expect_more(",\"crit\":[\"b64\"],\"b64\":false", ERROR_TOKEN_CRITICAL);
}

static void unencoded_compressed_encrypted_and_nested_tokens_are_refused(void **state)
{
    char *inner = token_good(MINT_ES256);

    (void)state;
    token_expect_more(",\"b64\":false", ERROR_TOKEN_UNENCODED);
    token_expect_more(",\"b64\":true", ERROR_TOKEN_UNENCODED);
    token_expect_more(",\"zip\":\"DEF\"", ERROR_TOKEN_ENCRYPTED);
    token_expect_more(",\"enc\":\"A256GCM\"", ERROR_TOKEN_ENCRYPTED);
    token_expect_more(",\"cty\":\"JWT\"", ERROR_TOKEN_NESTED);
    token_expect_payload(inner, strlen(inner), ERROR_TOKEN_PAYLOAD);
    free(inner);
}

static void typ_must_be_that_of_an_access_token(void **state)
{
    (void)state;
    token_expect_more(",\"typ\":\"JWT\"", 0);
    token_expect_more(",\"typ\":\"jwt\"", 0);
    token_expect_more(",\"typ\":\"at+jwt\"", 0);
    token_expect_more(",\"typ\":\"AT+JWT\"", 0);
    token_expect_more(",\"typ\":\"application/at+jwt\"", 0);
    token_expect_more(",\"typ\":\"id+jwt\"", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":\"dpop+jwt\"", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":\"logout+jwt\"", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":\"JWE\"", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":\"\"", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":null", ERROR_TOKEN_TYPE);
    token_expect_more(",\"typ\":[\"JWT\"]", ERROR_TOKEN_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_spellings_of_none_are_refused),
        cmocka_unit_test(a_public_key_is_never_an_hmac_secret),
        cmocka_unit_test(algorithms_outside_the_four_are_refused),
        cmocka_unit_test(the_algorithm_of_the_token_must_be_that_of_the_key),
        cmocka_unit_test(alg_must_be_a_string),
        cmocka_unit_test(a_kid_that_is_not_in_the_set_is_unknown),
        cmocka_unit_test(a_kid_that_is_no_string_names_no_key),
        cmocka_unit_test(a_kid_of_64_kib_is_too_long),
        cmocka_unit_test(the_kid_of_another_key_fails_its_signature),
        cmocka_unit_test(keys_in_the_header_are_refused),
        cmocka_unit_test(crit_is_refused_whatever_it_lists),
        cmocka_unit_test(unencoded_compressed_encrypted_and_nested_tokens_are_refused),
        cmocka_unit_test(typ_must_be_that_of_an_access_token),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
