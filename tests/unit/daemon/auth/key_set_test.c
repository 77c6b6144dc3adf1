// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Takes the content. */
static void expect_refusal(char *content, const char *complaint)
{
    char message[KEY_SET_MESSAGE_BYTES] = "";
    struct key_set *set = NULL;
    int rc = fixture_load(content, &set, message);

    free(content);
    if (rc != -ERROR_CONFIGURATION || !strstr(message, complaint))
        print_error("got %d \"%s\" instead of \"%s\"\n", rc, message, complaint);
    assert_int_equal(rc, -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, complaint));
    assert_non_null(strstr(message, "written.json: "));
    assert_null(set);
}

/* A set of a good key and this JWK, which must be refused with its index and this complaint. */
static void expect_key_refusal(const char *jwk, const char *complaint)
{
    char *good = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *indexed = format("keys[1]: %s", complaint);

    expect_refusal(format("{\"keys\":[%s,%s]}", good, jwk), indexed);
    free(indexed);
    free(good);
}

static void expect_member_refusal(enum mint_algorithm algorithm, const char *member,
                                  const char *json_value, const char *complaint)
{
    char *jwk = mint_jwk(fixture_mint(algorithm), NULL);
    json_t *object = json_loads(jwk, 0, NULL);

    free(jwk);
    assert_non_null(object);
    if (json_value)
        assert_int_equal(
            json_object_set_new(object, member, json_loads(json_value, JSON_DECODE_ANY, NULL)), 0);
    else
        assert_int_equal(json_object_del(object, member), 0);
    jwk = json_dumps(object, 0);
    json_decref(object);
    expect_key_refusal(jwk, complaint);
    free(jwk);
}

/* Takes the text of x. */
static void expect_ed25519_refusal(char *x, const char *complaint)
{
    char *jwk = format("{\"kid\":\"b\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}", x);

    expect_key_refusal(jwk, complaint);
    free(jwk);
    free(x);
}

static void keys_of_every_algorithm_are_found_by_kid(void **state)
{
    const struct key_set *set = fixture_keys();

    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *kid = format("key-%s", mint_algorithm_name((enum mint_algorithm)i));
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
    char *kid = format("key-%s", mint_algorithm_name(of));
    char *content;

    memcpy(strstr(jwk, "\"alg\"") + 1, (const char[]){'A', 'L', 'G'}, 3); /* now it means nothing */
    content = format("{\"keys\":[%s]}", jwk);
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
    char *content = format("{\"keys\":[%s],\"more\":1}", jwk);

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
    expect_refusal(format("%s", ""), "not well-formed JSON");
    expect_refusal(format("{\"keys\":["), "not well-formed JSON");
    expect_refusal(format("[]"), "not a JSON object");
    expect_refusal(format("{}"), "member \"keys\"");
    expect_refusal(format("{\"keys\":{}}"), "member \"keys\"");
    expect_refusal(format("{\"keys\":[]}"), "member \"keys\"");
    expect_refusal(format("{\"keys\":[1]}"), "keys[0]: expected an object");
    expect_refusal(format("{\"keys\":[],\"keys\":[]}"), "given twice");
    expect_refusal(format("{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}"), "given twice");
    expect_refusal(format("{\"a\":[[[[[[[[]]]]]]]]}"), "too deep");
}

static void sixty_thousand_brackets_are_refused(void **state)
{
    char *deep = malloc(60001);

    (void)state;
    assert_non_null(deep);
    memset(deep, '[', 60000);
    deep[60000] = '\0';
    expect_refusal(deep, "too deep");
}

static void a_file_is_bounded(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *content =
        format("{\"keys\":[%s]}%*s", jwk, LIMIT_KEY_SET_BYTES - (int)strlen(jwk) - 11, "");

    (void)state;
    assert_int_equal(strlen(content), LIMIT_KEY_SET_BYTES);
    assert_int_equal(fixture_load(content, &set, message), 0);
    key_set_destroy(&set);
    expect_refusal(format("%s ", content), "longer than 65536 bytes");
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
        char *complaint = format("member \"%s\": part of a private", members[i]);
        expect_member_refusal(MINT_RS256, members[i], "\"AQAB\"", complaint);
        expect_member_refusal(MINT_ES256, members[i], "null", complaint);
        free(complaint);
    }
}

static void symmetric_keys_are_refused(void **state)
{
    (void)state;
    expect_key_refusal("{\"kty\":\"oct\",\"kid\":\"s\",\"alg\":\"HS256\",\"k\":\"AAAA\"}",
                       "member \"k\"");
    expect_key_refusal("{\"kty\":\"oct\",\"kid\":\"s\"}", "member \"kty\"");
}

static void keys_for_another_use_are_refused(void **state)
{
    (void)state;
    expect_member_refusal(MINT_RS256, "use", "\"enc\"", "member \"use\"");
    expect_member_refusal(MINT_RS256, "use", "null", "member \"use\"");
    expect_member_refusal(MINT_RS256, "use", "[\"sig\"]", "member \"use\"");
    expect_member_refusal(MINT_RS256, "key_ops", "[\"encrypt\"]", "member \"key_ops\"");
    expect_member_refusal(MINT_RS256, "key_ops", "[]", "member \"key_ops\"");
    expect_member_refusal(MINT_RS256, "key_ops", "\"verify\"", "member \"key_ops\"");
}

static void a_key_needs_a_kid_of_its_own(void **state)
{
    char long_kid[KEY_ID_BYTES + 4];

    (void)state;
    expect_member_refusal(MINT_RS256, "kid", NULL, "member \"kid\": expected a non-empty string");
    expect_member_refusal(MINT_RS256, "kid", "7", "member \"kid\": expected a non-empty string");
    expect_member_refusal(MINT_RS256, "kid", "\"\"", "member \"kid\": expected a non-empty string");
    expect_member_refusal(MINT_RS256, "kid", "\"key-EdDSA\"",
                          "member \"kid\": given to an earlier");
    memset(long_kid, 'k', sizeof(long_kid));
    long_kid[0] = '"';
    long_kid[KEY_ID_BYTES + 2] = '"';
    long_kid[KEY_ID_BYTES + 3] = '\0';
    expect_member_refusal(MINT_RS256, "kid", long_kid, "member \"kid\": too long");
}

static void a_kid_with_nul_is_refused(void **state)
{
    (void)state;
    expect_refusal(format("{\"keys\":[{\"kid\":\"a\\u0000b\"}]}"), "not well-formed JSON");
}

static void the_issuer_of_a_key_is_a_string(void **state)
{
    (void)state;
    expect_member_refusal(MINT_RS256, "issuer", "1", "member \"issuer\"");
    expect_member_refusal(MINT_RS256, "issuer", "\"\"", "member \"issuer\"");
    expect_member_refusal(MINT_RS256, "issuer", "null", "member \"issuer\"");
}

static void type_curve_and_algorithm_must_agree(void **state)
{
    (void)state;
    expect_member_refusal(MINT_RS256, "kty", NULL, "member \"kty\"");
    expect_member_refusal(MINT_RS256, "kty", "\"rsa\"", "member \"kty\"");
    expect_member_refusal(MINT_RS256, "kty", "\"EC\"", "member \"crv\"");
    expect_member_refusal(MINT_ES256, "kty", "\"RSA\"", "member \"alg\"");
    expect_member_refusal(MINT_ES256, "crv", "\"P-384\"", "member \"crv\"");
    expect_member_refusal(MINT_ES256, "crv", "\"secp256k1\"", "member \"crv\"");
    expect_member_refusal(MINT_ES256, "crv", NULL, "member \"crv\"");
    expect_member_refusal(MINT_EDDSA, "crv", "\"Ed448\"", "member \"crv\"");
    expect_member_refusal(MINT_EDDSA, "crv", "\"X25519\"", "member \"crv\"");
    expect_member_refusal(MINT_ES256, "alg", "\"ES384\"", "member \"alg\"");
    expect_member_refusal(MINT_RS256, "alg", "\"HS256\"", "member \"alg\"");
    expect_member_refusal(MINT_RS256, "alg", "\"none\"", "member \"alg\"");
    expect_member_refusal(MINT_RS256, "alg", "\"RS512\"", "member \"alg\"");
    expect_member_refusal(MINT_RS256, "alg", "\"ES256\"", "member \"alg\"");
    expect_member_refusal(MINT_RS256, "alg", "null", "member \"alg\"");
}

static void numbers_must_be_strict_base64url(void **state)
{
    (void)state;
    expect_member_refusal(MINT_RS256, "n", NULL, "member \"n\": expected a string");
    expect_member_refusal(MINT_RS256, "n", "\"AQAB=\"", "member \"n\": not base64url");
    expect_member_refusal(MINT_RS256, "e", "\"AQ AB\"", "member \"e\": not base64url");
    expect_member_refusal(MINT_RS256, "e", "65537", "member \"e\": expected a string");
    expect_member_refusal(MINT_ES256, "x", "\"+/+/\"", "member \"x\": not base64url");
    expect_member_refusal(MINT_EDDSA, "x", "[]", "member \"x\": expected a string");
}

static void expect_rsa_refusal(struct mint *mint, const char *complaint)
{
    char *jwk = mint_jwk(mint, NULL);

    expect_key_refusal(jwk, complaint);
    free(jwk);
    mint_destroy(&mint);
}

static void weak_rsa_moduli_are_refused(void **state)
{
    uint8_t even[256];
    uint8_t large[SIGNATURE_BYTES + 1];
    char *value;
    char *text;

    (void)state;
    expect_rsa_refusal(mint_new_rsa(1024, 65537, "weak"),
                       "member \"n\": an RSA key needs at least");
    expect_rsa_refusal(mint_new_rsa(2047, 65537, "weak"),
                       "member \"n\": an RSA key needs at least");
    memset(even, 0xfe, sizeof(even));
    text = mint_base64url(even, sizeof(even));
    value = format("\"%s\"", text);
    expect_member_refusal(MINT_RS256, "n", value, "member \"n\": an RSA modulus is odd");
    free(value);
    free(text);
    memset(large, 0x01, sizeof(large));
    text = mint_base64url(large, sizeof(large));
    value = format("\"%s\"", text);
    expect_member_refusal(MINT_RS256, "n", value, "member \"n\": an RSA key may have at most");
    free(value);
    free(text);
    expect_member_refusal(MINT_RS256, "n", "\"\"", "member \"n\": an RSA key needs at least");
}

static void weak_rsa_exponents_are_refused(void **state)
{
    static const char *const exponents[] = {
        "\"\"",
        "\"AA\"",
        "\"AQ\"",
        "\"Ag\"",
        "\"Aw\"",
        "\"EQ\"",
        "\"__8\"" /* 65535 */,
        "\"AQAA\"" /* 65536 */,
        "\"AQAC\"" /* 65538 */,
        "\"AQAAAAAAAAAB\"" /* 2^64 + 1 */,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++)
        expect_member_refusal(MINT_RS256, "e", exponents[i], "member \"e\": an RSA exponent");
    expect_rsa_refusal(mint_new_rsa(2048, 3, "weak"), "member \"e\": an RSA exponent");
}

static void points_off_the_p256_curve_are_refused(void **state)
{
    char zeros[] = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    char ones[] = "\"__________________________________________8\"";

    (void)state;
    expect_member_refusal(MINT_ES256, "y", zeros, "members \"x\" and \"y\": no point on P-256");
    expect_member_refusal(MINT_ES256, "x", zeros, "members \"x\" and \"y\": no point on P-256");
    expect_member_refusal(MINT_ES256, "x", ones, "members \"x\" and \"y\": no point on P-256");
    expect_member_refusal(MINT_ES256, "x", "\"AAAA\"", "member \"x\": a coordinate");
    expect_member_refusal(MINT_ES256, "y", "\"AAAA\"", "member \"y\": a coordinate");
    expect_member_refusal(MINT_ES256, "y", NULL, "member \"y\": expected a string");
}

/* Every spelling of the points of order 1, 2, 4 and 8, the non-canonical ones included. */
static void ed25519_points_of_small_order_are_refused(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(points) / sizeof(points[0]); i++) {
        uint8_t x[32];
        for (size_t j = 0; j < sizeof(x); j++) {
            char digits[] = {points[i / 2][2 * j], points[i / 2][2 * j + 1], '\0'};
            x[j] = (uint8_t)strtoul(digits, NULL, 16);
        }
        x[31] |= (uint8_t)(i % 2 << 7); /* both signs */
        /* The last two are not below p, and refused for that already. */
        expect_ed25519_refusal(mint_base64url(x, sizeof(x)),
                               i / 2 < 5 ? "member \"x\": a point of small order"
                                         : "member \"x\": no point on Ed25519");
    }
}

static void ed25519_keys_that_are_no_points_are_refused(void **state)
{
    uint8_t x[32] = {2}; /* no x has y = 2 */

    (void)state;
    expect_ed25519_refusal(mint_base64url(x, sizeof(x)), "member \"x\": no point on Ed25519");
    memset(x, 0xff, sizeof(x));
    expect_ed25519_refusal(mint_base64url(x, sizeof(x)), "member \"x\": no point on Ed25519");
    expect_ed25519_refusal(mint_base64url(x, 31), "member \"x\": an Ed25519 key has 32 bytes");
    expect_ed25519_refusal(mint_base64url(x, 0), "member \"x\": an Ed25519 key has 32 bytes");
}

static void many_random_ed25519_keys_are_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        char message[KEY_SET_MESSAGE_BYTES];
        struct key_set *set = NULL;
        struct mint *mint = mint_new(MINT_EDDSA, "random");
        char *jwk = mint_jwk(mint, NULL);
        char *content = format("{\"keys\":[%s]}", jwk);
        assert_int_equal(fixture_load(content, &set, message), 0);
        key_set_destroy(&set);
        free(content);
        free(jwk);
        mint_destroy(&mint);
    }
}

static void sets_are_equal_when_their_files_are(void **state)
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *first = NULL;
    struct key_set *second = NULL;
    char *jwk = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *content = format("{\"keys\":[%s]}", jwk);
    char *other = format("{\"keys\":[%s]} ", jwk);

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
        cmocka_unit_test(what_cannot_be_read_is_an_io_error),
        cmocka_unit_test(private_members_are_refused),
        cmocka_unit_test(symmetric_keys_are_refused),
        cmocka_unit_test(keys_for_another_use_are_refused),
        cmocka_unit_test(a_key_needs_a_kid_of_its_own),
        cmocka_unit_test(a_kid_with_nul_is_refused),
        cmocka_unit_test(the_issuer_of_a_key_is_a_string),
        cmocka_unit_test(type_curve_and_algorithm_must_agree),
        cmocka_unit_test(numbers_must_be_strict_base64url),
        cmocka_unit_test(weak_rsa_moduli_are_refused),
        cmocka_unit_test(weak_rsa_exponents_are_refused),
        cmocka_unit_test(points_off_the_p256_curve_are_refused),
        cmocka_unit_test(ed25519_points_of_small_order_are_refused),
        cmocka_unit_test(ed25519_keys_that_are_no_points_are_refused),
        cmocka_unit_test(many_random_ed25519_keys_are_accepted),
        cmocka_unit_test(sets_are_equal_when_their_files_are),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
