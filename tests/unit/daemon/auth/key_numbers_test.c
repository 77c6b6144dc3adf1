// SPDX-License-Identifier: MIT
/* The numbers of a key: moduli and exponents that are too weak, points that are off their curve. */
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/key_set_expect.h"

/* Takes the text of x. */
static void expect_ed25519_refusal(char *x, const char *complaint)
{
    char *jwk =
        fixture_format("{\"kid\":\"b\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}", x);

    key_expect_refusal(jwk, complaint);
    free(jwk);
    free(x);
}

static void numbers_must_be_strict_base64url(void **state)
{
    (void)state;
    key_expect_member_refusal(MINT_RS256, "n", NULL, "member \"n\": expected a string");
    key_expect_member_refusal(MINT_RS256, "n", "\"AQAB=\"", "member \"n\": not base64url");
    key_expect_member_refusal(MINT_RS256, "e", "\"AQ AB\"", "member \"e\": not base64url");
    key_expect_member_refusal(MINT_RS256, "e", "65537", "member \"e\": expected a string");
    key_expect_member_refusal(MINT_ES256, "x", "\"+/+/\"", "member \"x\": not base64url");
    key_expect_member_refusal(MINT_EDDSA, "x", "[]", "member \"x\": expected a string");
}

static void expect_rsa_refusal(struct mint *mint, const char *complaint)
{
    char *jwk = mint_jwk(mint, NULL);

    key_expect_refusal(jwk, complaint);
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
    value = fixture_format("\"%s\"", text);
    key_expect_member_refusal(MINT_RS256, "n", value, "member \"n\": an RSA modulus is odd");
    free(value);
    free(text);
    memset(large, 0x01, sizeof(large));
    text = mint_base64url(large, sizeof(large));
    value = fixture_format("\"%s\"", text);
    key_expect_member_refusal(MINT_RS256, "n", value, "member \"n\": an RSA key may have at most");
    free(value);
    free(text);
    key_expect_member_refusal(MINT_RS256, "n", "\"\"", "member \"n\": an RSA key needs at least");
}

/* Modulo the product of these primes, a modulus of the flawed generator is a power of 65537; this
 * is one of 2048 bits that is, or, one more, is not. */
static char *modulus_like_that_of_the_flawed_generator(int power, unsigned long more)
{
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};
    BN_CTX *context = BN_CTX_new();
    BIGNUM *product = BN_new();
    BIGNUM *residue = BN_new();
    BIGNUM *modulus = BN_new();
    BIGNUM *exponent = BN_new();
    uint8_t bytes[256];
    char *text;

    assert_true(BN_one(product) && BN_set_word(residue, 65537) &&
                BN_set_word(exponent, (BN_ULONG)power));
    for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
        assert_int_equal(BN_mul_word(product, primes[i]), 1);
    assert_int_equal(BN_mod_exp(residue, residue, exponent, product, context), 1);
    assert_true(BN_one(modulus) && BN_lshift(modulus, modulus, 2047));
    assert_true(BN_div(modulus, NULL, modulus, product, context) && BN_add_word(modulus, 1));
    assert_true(BN_mul(modulus, modulus, product, context) && BN_add(modulus, modulus, residue));
    if (!BN_is_odd(modulus))
        assert_int_equal(BN_add(modulus, modulus, product), 1);
    assert_int_equal(BN_add_word(modulus, more), 1);
    assert_int_equal(BN_bn2binpad(modulus, bytes, sizeof(bytes)), (int)sizeof(bytes));
    text = mint_base64url(bytes, sizeof(bytes));
    BN_free(exponent);
    BN_free(modulus);
    BN_free(residue);
    BN_free(product);
    BN_CTX_free(context);
    return text;
}

static void keys_of_the_generator_that_can_be_factored_are_refused(void **state)
{
    (void)state;
    for (int power = 1; power < 100; power += 7) {
        for (unsigned long more = 0; more <= 2; more += 2) {
            char *text = modulus_like_that_of_the_flawed_generator(power, more);
            char *jwk = fixture_format(
                "{\"keys\":[{\"kid\":\"b\",\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}]}", text);
            struct key_set *set = NULL;
            char message[KEY_SET_MESSAGE_BYTES] = "";

            assert_int_equal(fixture_load(jwk, &set, message),
                             more == 0 ? -ERROR_CONFIGURATION : 0);
            assert_int_equal(strstr(message, "(ROCA)") != NULL, more == 0);
            key_set_destroy(&set);
            free(jwk);
            free(text);
        }
    }
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
        key_expect_member_refusal(MINT_RS256, "e", exponents[i], "member \"e\": an RSA exponent");
    expect_rsa_refusal(mint_new_rsa(2048, 3, "weak"), "member \"e\": an RSA exponent");
}

static void points_off_the_p256_curve_are_refused(void **state)
{
    char zeros[] = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    char ones[] = "\"__________________________________________8\"";

    (void)state;
    key_expect_member_refusal(MINT_ES256, "y", zeros, "members \"x\" and \"y\": no point on P-256");
    key_expect_member_refusal(MINT_ES256, "x", zeros, "members \"x\" and \"y\": no point on P-256");
    key_expect_member_refusal(MINT_ES256, "x", ones, "members \"x\" and \"y\": no point on P-256");
    key_expect_member_refusal(MINT_ES256, "x", "\"AAAA\"", "member \"x\": a coordinate");
    key_expect_member_refusal(MINT_ES256, "y", "\"AAAA\"", "member \"y\": a coordinate");
    key_expect_member_refusal(MINT_ES256, "y", NULL, "member \"y\": expected a string");
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
        char *content = fixture_format("{\"keys\":[%s]}", jwk);
        assert_int_equal(fixture_load(content, &set, message), 0);
        key_set_destroy(&set);
        free(content);
        free(jwk);
        mint_destroy(&mint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_must_be_strict_base64url),
        cmocka_unit_test(weak_rsa_moduli_are_refused),
        cmocka_unit_test(keys_of_the_generator_that_can_be_factored_are_refused),
        cmocka_unit_test(weak_rsa_exponents_are_refused),
        cmocka_unit_test(points_off_the_p256_curve_are_refused),
        cmocka_unit_test(ed25519_points_of_small_order_are_refused),
        cmocka_unit_test(ed25519_keys_that_are_no_points_are_refused),
        cmocka_unit_test(many_random_ed25519_keys_are_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
