// SPDX-License-Identifier: MIT
/* Key set files, and the members of their keys. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schemas/base/limits.h"
#include "tests/unit/daemon/auth/key_set_expect.h"

static void keys_of_every_algorithm_are_found_by_kid(void **state)
{
    const struct key_set *set = fixture_keys();

    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *kid = fixture_format("key-%s", mint_algorithm_name((enum mint_algorithm)i));
        const struct key *key = key_set_find(set, text_of(kid));
        assert_non_null(key);
        assert_string_equal(algorithm_name(key->algorithm),
                            mint_algorithm_name((enum mint_algorithm)i));
        free(kid);
    }
    assert_null(key_set_find(set, TEXT("key-RS25")));
    assert_null(key_set_find(set, TEXT("key-RS2566")));
    assert_null(key_set_find(set, TEXT("KEY-RS256")));
    assert_null(key_set_find(set, TEXT("")));
}

static void expect_default(enum mint_algorithm of, enum algorithm expected)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *jwk = mint_jwk(fixture_mint(of), NULL);
    char *kid = fixture_format("key-%s", mint_algorithm_name(of));
    char *content;

    memcpy(strstr(jwk, "\"alg\"") + 1, (const char[]){'A', 'L', 'G'}, 3); /* now it means nothing */
    content = fixture_format("{\"keys\":[%s]}", jwk);
    assert_int_equal(fixture_load(content, &set, message), 0);
    assert_int_equal(key_set_find(set, text_of(kid))->algorithm, expected);
    key_set_destroy(&set);
    free(content);
    free(kid);
    free(jwk);
}

static void a_key_without_alg_means_the_usual_algorithm_of_its_type(void **state)
{
    (void)state;
    expect_default(MINT_PS256, ALGORITHM_RS256);
    expect_default(MINT_RS256, ALGORITHM_RS256);
    expect_default(MINT_ES256, ALGORITHM_ES256);
    expect_default(MINT_EDDSA, ALGORITHM_EDDSA);
}

static void members_without_meaning_to_us_are_ignored(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_RS256),
                         ",\"x5t\":\"AAAA\",\"x5c\":[\"AAAA\"],\"cloud\":{\"name\":\"example\"},"
                         "\"key_ops\":[\"verify\"]");
    char *content = fixture_format("{\"keys\":[%s],\"more\":1}", jwk);

    (void)state;
    assert_int_equal(fixture_load(content, &set, message), 0);
    key_set_destroy(&set);
    key_set_destroy(&set);
    free(content);
    free(jwk);
}

static void a_file_that_is_no_key_set_is_refused(void **state)
{
    (void)state;
    key_set_expect_refusal(fixture_format("%s", ""), "not well-formed JSON");
    key_set_expect_refusal(fixture_format("{\"keys\":["), "not well-formed JSON");
    key_set_expect_refusal(fixture_format("[]"), "not a JSON object");
    key_set_expect_refusal(fixture_format("{}"), "member \"keys\"");
    key_set_expect_refusal(fixture_format("{\"keys\":{}}"), "member \"keys\"");
    key_set_expect_refusal(fixture_format("{\"keys\":[]}"), "member \"keys\"");
    key_set_expect_refusal(fixture_format("{\"keys\":[1]}"), "keys[0]: expected an object");
    key_set_expect_refusal(fixture_format("{\"keys\":[],\"keys\":[]}"), "given twice");
    key_set_expect_refusal(fixture_format("{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}"),
                           "given twice");
    key_set_expect_refusal(fixture_format("{\"a\":[[[[[[[[]]]]]]]]}"), "too deep");
}

static void sixty_thousand_brackets_are_refused(void **state)
{
    char *deep = malloc(60001);

    (void)state;
    assert_non_null(deep);
    memset(deep, '[', 60000);
    deep[60000] = '\0';
    key_set_expect_refusal(deep, "too deep");
}

static void a_file_is_bounded(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *content =
        fixture_format("{\"keys\":[%s]}%*s", jwk, LIMIT_KEY_SET_BYTES - (int)strlen(jwk) - 11, "");

    (void)state;
    assert_int_equal(strlen(content), LIMIT_KEY_SET_BYTES);
    assert_int_equal(fixture_load(content, &set, message), 0);
    key_set_destroy(&set);
    key_set_expect_refusal(fixture_format("%s ", content), "longer than 65536 bytes");
    free(content);
    free(jwk);
}

/* Whoever writes it decides whose tokens are good. */
static void a_file_that_everybody_may_write_is_refused(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *content = fixture_format("{\"keys\":[%s]}", jwk);
    char *path = fixture_path("written.json");

    (void)state;
    assert_int_equal(fixture_load(content, &set, message), 0);
    key_set_destroy(&set);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(key_set_load(&set, path, message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "everybody may write"));
    assert_null(set);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(key_set_load(&set, path, message), 0);
    key_set_destroy(&set);
    free(path);
    free(content);
    free(jwk);
}

static void what_cannot_be_read_is_an_io_error(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *path = fixture_path("absent.json");
    char *fifo = fixture_path("fifo");

    (void)state;
    assert_int_equal(key_set_load(&set, path, message), -ERROR_IO);
    assert_non_null(strstr(message, "absent.json: No such file"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(key_set_load(&set, fifo, message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "not a regular file"));
    assert_int_equal(key_set_load(&set, "/", message), -ERROR_CONFIGURATION);
    assert_null(set);
    free(fifo);
    free(path);
}

static void private_members_are_refused(void **state)
{
    static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char *complaint = fixture_format("member \"%s\": part of a private", members[i]);
        key_expect_member_refusal(MINT_RS256, members[i], "\"AQAB\"", complaint);
        key_expect_member_refusal(MINT_ES256, members[i], "null", complaint);
        free(complaint);
    }
}

static void symmetric_keys_are_refused(void **state)
{
    (void)state;
    key_expect_refusal("{\"kty\":\"oct\",\"kid\":\"s\",\"alg\":\"HS256\",\"k\":\"AAAA\"}",
                       "member \"k\"");
    key_expect_refusal("{\"kty\":\"oct\",\"kid\":\"s\"}", "member \"kty\"");
}

static void keys_for_another_use_are_refused(void **state)
{
    (void)state;
    key_expect_member_refusal(MINT_RS256, "use", "\"enc\"", "member \"use\"");
    key_expect_member_refusal(MINT_RS256, "use", "null", "member \"use\"");
    key_expect_member_refusal(MINT_RS256, "use", "[\"sig\"]", "member \"use\"");
    key_expect_member_refusal(MINT_RS256, "key_ops", "[\"encrypt\"]", "member \"key_ops\"");
    key_expect_member_refusal(MINT_RS256, "key_ops", "[]", "member \"key_ops\"");
    key_expect_member_refusal(MINT_RS256, "key_ops", "\"verify\"", "member \"key_ops\"");
}

static void a_key_needs_a_kid_of_its_own(void **state)
{
    char long_kid[KEY_ID_BYTES + 4];

    (void)state;
    key_expect_member_refusal(MINT_RS256, "kid", NULL,
                              "member \"kid\": expected a non-empty string");
    key_expect_member_refusal(MINT_RS256, "kid", "7",
                              "member \"kid\": expected a non-empty string");
    key_expect_member_refusal(MINT_RS256, "kid", "\"\"",
                              "member \"kid\": expected a non-empty string");
    key_expect_member_refusal(MINT_RS256, "kid", "\"key-EdDSA\"",
                              "member \"kid\": given to an earlier");
    memset(long_kid, 'k', sizeof(long_kid));
    long_kid[0] = '"';
    long_kid[KEY_ID_BYTES + 2] = '"';
    long_kid[KEY_ID_BYTES + 3] = '\0';
    key_expect_member_refusal(MINT_RS256, "kid", long_kid, "member \"kid\": too long");
}

static void a_kid_with_nul_is_refused(void **state)
{
    (void)state;
    key_set_expect_refusal(fixture_format("{\"keys\":[{\"kid\":\"a\\u0000b\"}]}"),
                           "not well-formed JSON");
}

static void the_issuer_of_a_key_is_a_string(void **state)
{
    (void)state;
    key_expect_member_refusal(MINT_RS256, "issuer", "1", "member \"issuer\"");
    key_expect_member_refusal(MINT_RS256, "issuer", "\"\"", "member \"issuer\"");
    key_expect_member_refusal(MINT_RS256, "issuer", "null", "member \"issuer\"");
}

static void type_curve_and_algorithm_must_agree(void **state)
{
    (void)state;
    key_expect_member_refusal(MINT_RS256, "kty", NULL, "member \"kty\"");
    key_expect_member_refusal(MINT_RS256, "kty", "\"rsa\"", "member \"kty\"");
    key_expect_member_refusal(MINT_RS256, "kty", "\"EC\"", "member \"crv\"");
    key_expect_member_refusal(MINT_ES256, "kty", "\"RSA\"", "member \"alg\"");
    key_expect_member_refusal(MINT_ES256, "crv", "\"P-384\"", "member \"crv\"");
    key_expect_member_refusal(MINT_ES256, "crv", "\"secp256k1\"", "member \"crv\"");
    key_expect_member_refusal(MINT_ES256, "crv", NULL, "member \"crv\"");
    key_expect_member_refusal(MINT_EDDSA, "crv", "\"Ed448\"", "member \"crv\"");
    key_expect_member_refusal(MINT_EDDSA, "crv", "\"X25519\"", "member \"crv\"");
    key_expect_member_refusal(MINT_ES256, "alg", "\"ES384\"", "member \"alg\"");
    key_expect_member_refusal(MINT_RS256, "alg", "\"HS256\"", "member \"alg\"");
    key_expect_member_refusal(MINT_RS256, "alg", "\"none\"", "member \"alg\"");
    key_expect_member_refusal(MINT_RS256, "alg", "\"RS512\"", "member \"alg\"");
    key_expect_member_refusal(MINT_RS256, "alg", "\"ES256\"", "member \"alg\"");
    key_expect_member_refusal(MINT_RS256, "alg", "null", "member \"alg\"");
}

static void sets_are_equal_when_their_files_are(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *first = NULL;
    struct key_set *second = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *content = fixture_format("{\"keys\":[%s]}", jwk);
    char *other = fixture_format("{\"keys\":[%s]} ", jwk);

    (void)state;
    assert_int_equal(fixture_load(content, &first, message), 0);
    assert_int_equal(fixture_load(content, &second, message), 0);
    assert_true(key_set_equal(first, second));
    key_set_destroy(&second);
    assert_int_equal(fixture_load(other, &second, message), 0);
    assert_false(key_set_equal(first, second));
    key_set_destroy(&first);
    key_set_destroy(&second);
    free(other);
    free(content);
    free(jwk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_algorithm_are_found_by_kid),
        cmocka_unit_test(a_key_without_alg_means_the_usual_algorithm_of_its_type),
        cmocka_unit_test(members_without_meaning_to_us_are_ignored),
        cmocka_unit_test(a_file_that_is_no_key_set_is_refused),
        cmocka_unit_test(sixty_thousand_brackets_are_refused),
        cmocka_unit_test(a_file_is_bounded),
        cmocka_unit_test(a_file_that_everybody_may_write_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_an_io_error),
        cmocka_unit_test(private_members_are_refused),
        cmocka_unit_test(symmetric_keys_are_refused),
        cmocka_unit_test(keys_for_another_use_are_refused),
        cmocka_unit_test(a_key_needs_a_kid_of_its_own),
        cmocka_unit_test(a_kid_with_nul_is_refused),
        cmocka_unit_test(the_issuer_of_a_key_is_a_string),
        cmocka_unit_test(type_curve_and_algorithm_must_agree),
        cmocka_unit_test(sets_are_equal_when_their_files_are),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
