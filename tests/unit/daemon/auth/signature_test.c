// SPDX-License-Identifier: MIT
/* Signatures below the level of tokens: lengths, encodings, ranges and paddings. */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/signature.h"
#include "tests/unit/daemon/auth/fixture.h"

static const char message[] = "a message";

#define MESSAGE_BYTES (sizeof(message) - 1)

static const struct key *key_of(enum mint_algorithm algorithm)
{
    char kid[32];

    (void)snprintf(kid, sizeof(kid), "key-%s", mint_algorithm_name(algorithm));
    return key_set_find(fixture_keys(), text_of(kid));
}

static int verify(enum mint_algorithm algorithm, const uint8_t *signature, size_t size)
{
    return signature_verify(key_of(algorithm), message, MESSAGE_BYTES, signature, size);
}

static size_t sign(enum mint_algorithm algorithm, uint8_t signature[1024])
{
    return mint_sign(fixture_mint(algorithm), message, MESSAGE_BYTES, signature);
}

static void a_right_signature_is_accepted_again_and_again(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        uint8_t signature[1024];
        size_t size = sign((enum mint_algorithm)i, signature);
        for (int round = 0; round < 20; round++)
            assert_int_equal(verify((enum mint_algorithm)i, signature, size), 0);
    }
}

/* r and s with leading zeros and with their top bit set need every shape of DER; 2,000 signatures
 * have all. */
static void es256_signatures_of_every_shape_are_accepted(void **state)
{
    int shapes[2][2] = {{0}};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t signature[1024];
        size_t size = sign(MINT_ES256, signature);
        assert_int_equal(verify(MINT_ES256, signature, size), 0);
        shapes[signature[0] >> 7][signature[0] == 0 || signature[32] == 0]++;
    }
    assert_true(shapes[0][0] > 0 && shapes[1][0] > 0 && shapes[0][1] > 0);
}

static void every_changed_bit_of_a_signature_is_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        uint8_t signature[1024];
        size_t size = sign((enum mint_algorithm)i, signature);
        for (size_t bit = 0; bit < size * 8; bit++) {
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(verify((enum mint_algorithm)i, signature, size),
                             -ERROR_TOKEN_SIGNATURE);
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(verify((enum mint_algorithm)i, signature, size), 0);
    }
}

static void a_signature_has_one_length(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        uint8_t signature[1024] = {0};
        size_t right = sign((enum mint_algorithm)i, signature);
        for (size_t size = 0; size <= sizeof(signature); size++)
            assert_int_equal(verify((enum mint_algorithm)i, signature, size),
                             size == right ? 0 : -ERROR_TOKEN_SIGNATURE_LENGTH);
    }
}

static void another_message_has_another_signature(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        const struct key *key = key_of((enum mint_algorithm)i);
        uint8_t signature[1024];
        size_t size = sign((enum mint_algorithm)i, signature);
        assert_int_equal(signature_verify(key, "b message", 9, signature, size),
                         -ERROR_TOKEN_SIGNATURE);
        assert_int_equal(signature_verify(key, message, MESSAGE_BYTES - 1, signature, size),
                         -ERROR_TOKEN_SIGNATURE);
        assert_int_equal(signature_verify(key, "", 0, signature, size), -ERROR_TOKEN_SIGNATURE);
    }
}

/* 0, 1, n - 1, n, n + 1 and 2^256 - 1 for r and s in every pair: the "psychic" signatures among
 * them. */
static void es256_scalars_at_the_ends_of_their_range_are_refused(void **state)
{
    static const char n[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    uint8_t scalars[6][32] = {{0}};
    BIGNUM *order = NULL;

    (void)state;
    assert_true(BN_hex2bn(&order, n) > 0);
    scalars[1][31] = 1;
    assert_int_equal(BN_bn2binpad(order, scalars[3], 32), 32);
    assert_true(BN_sub_word(order, 1));
    assert_int_equal(BN_bn2binpad(order, scalars[2], 32), 32);
    assert_true(BN_add_word(order, 2));
    assert_int_equal(BN_bn2binpad(order, scalars[4], 32), 32);
    memset(scalars[5], 0xff, 32);
    BN_free(order);
    for (int r = 0; r < 6; r++) {
        for (int s = 0; s < 6; s++) {
            uint8_t signature[64];
            memcpy(signature, scalars[r], 32);
            memcpy(signature + 32, scalars[s], 32);
            assert_int_equal(verify(MINT_ES256, signature, 64), -ERROR_TOKEN_SIGNATURE);
        }
    }
}

static void an_es256_signature_in_der_is_refused(void **state)
{
    uint8_t raw[1024];
    unsigned char *der = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int size;

    (void)state;
    assert_int_equal(sign(MINT_ES256, raw), 64);
    assert_non_null(pair);
    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)),
                     1);
    size = i2d_ECDSA_SIG(pair, &der);
    assert_true(size > 64);
    assert_int_equal(verify(MINT_ES256, der, (size_t)size), -ERROR_TOKEN_SIGNATURE_LENGTH);
    assert_int_equal(verify(MINT_ES256, der, 64), -ERROR_TOKEN_SIGNATURE);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
}

/* S + L verifies the same equation; RFC 8032 section 5.1.7 wants S below L. */
static void an_ed25519_signature_with_a_large_s_is_refused(void **state)
{
    static const char l[] = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    uint8_t signature[1024];
    BIGNUM *order = NULL;
    BIGNUM *s = BN_new();

    (void)state;
    assert_int_equal(sign(MINT_EDDSA, signature), 64);
    assert_true(BN_hex2bn(&order, l) > 0);
    assert_non_null(BN_lebin2bn(signature + 32, 32, s));
    assert_true(BN_add(s, s, order));
    assert_int_equal(BN_bn2lebinpad(s, signature + 32, 32), 32);
    assert_int_equal(verify(MINT_EDDSA, signature, 64), -ERROR_TOKEN_SIGNATURE);
    memset(signature, 0, 64);
    assert_int_equal(verify(MINT_EDDSA, signature, 64), -ERROR_TOKEN_SIGNATURE);
    BN_free(s);
    BN_free(order);
}

static EVP_PKEY *private_key(enum mint_algorithm algorithm)
{
    char *path = fixture_path("private.pem");
    EVP_PKEY *key;
    FILE *file;

    assert_int_equal(mint_write_private_key(fixture_mint(algorithm), path), 0);
    file = fopen(path, "re");
    assert_non_null(file);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(fclose(file), 0);
    free(path);
    return key;
}

/* An RSA signature of the message with the private key of the algorithm's mint, but other
 * parameters. */
static size_t sign_rsa(enum mint_algorithm algorithm, int padding, int salt_bytes,
                       const char *digest, const char *mask_digest, uint8_t signature[1024])
{
    EVP_PKEY *key = private_key(algorithm);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    size_t size = 1024;

    assert_int_equal(EVP_DigestSignInit_ex(context, &options, digest, NULL, NULL, key, NULL), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(options, padding) > 0);
    if (padding == RSA_PKCS1_PSS_PADDING) {
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_bytes) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md_name(options, mask_digest, NULL) > 0);
    }
    assert_int_equal(
        EVP_DigestSign(context, signature, &size, (const uint8_t *)message, MESSAGE_BYTES), 1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return size;
}

static void ps256_takes_one_salt_length_and_one_digest(void **state)
{
    static const int salts[] = {0, 1, 20, 31, 33, 64, 222};
    uint8_t signature[1024];
    size_t size;

    (void)state;
    size = sign_rsa(MINT_PS256, RSA_PKCS1_PSS_PADDING, 32, "SHA256", "SHA256", signature);
    assert_int_equal(verify(MINT_PS256, signature, size), 0);
    for (size_t i = 0; i < sizeof(salts) / sizeof(salts[0]); i++) {
        size = sign_rsa(MINT_PS256, RSA_PKCS1_PSS_PADDING, salts[i], "SHA256", "SHA256", signature);
        assert_int_equal(verify(MINT_PS256, signature, size), -ERROR_TOKEN_SIGNATURE);
    }
    size = sign_rsa(MINT_PS256, RSA_PKCS1_PSS_PADDING, 32, "SHA256", "SHA1", signature);
    assert_int_equal(verify(MINT_PS256, signature, size), -ERROR_TOKEN_SIGNATURE);
    size = sign_rsa(MINT_PS256, RSA_PKCS1_PSS_PADDING, 32, "SHA512", "SHA512", signature);
    assert_int_equal(verify(MINT_PS256, signature, size), -ERROR_TOKEN_SIGNATURE);
}

static void rsa_paddings_are_not_interchangeable(void **state)
{
    uint8_t signature[1024];
    size_t size;

    (void)state;
    size = sign_rsa(MINT_RS256, RSA_PKCS1_PADDING, 0, "SHA256", NULL, signature);
    assert_int_equal(verify(MINT_RS256, signature, size), 0);
    size = sign_rsa(MINT_RS256, RSA_PKCS1_PSS_PADDING, 32, "SHA256", "SHA256", signature);
    assert_int_equal(verify(MINT_RS256, signature, size), -ERROR_TOKEN_SIGNATURE);
    size = sign_rsa(MINT_PS256, RSA_PKCS1_PADDING, 0, "SHA256", NULL, signature);
    assert_int_equal(verify(MINT_PS256, signature, size), -ERROR_TOKEN_SIGNATURE);
    size = sign_rsa(MINT_RS256, RSA_PKCS1_PADDING, 0, "SHA1", NULL, signature);
    assert_int_equal(verify(MINT_RS256, signature, size), -ERROR_TOKEN_SIGNATURE);
    size = sign_rsa(MINT_RS256, RSA_PKCS1_PADDING, 0, "SHA512", NULL, signature);
    assert_int_equal(verify(MINT_RS256, signature, size), -ERROR_TOKEN_SIGNATURE);
}

static void rsa_numbers_at_the_ends_are_refused(void **state)
{
    static const enum mint_algorithm algorithms[] = {MINT_RS256, MINT_PS256};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t signature[256] = {0};
        assert_int_equal(verify(algorithms[i], signature, 256), -ERROR_TOKEN_SIGNATURE);
        signature[255] = 1;
        assert_int_equal(verify(algorithms[i], signature, 256), -ERROR_TOKEN_SIGNATURE);
        memset(signature, 0xff, sizeof(signature));
        assert_int_equal(verify(algorithms[i], signature, 256), -ERROR_TOKEN_SIGNATURE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_signature_is_accepted_again_and_again),
        cmocka_unit_test(es256_signatures_of_every_shape_are_accepted),
        cmocka_unit_test(every_changed_bit_of_a_signature_is_noticed),
        cmocka_unit_test(a_signature_has_one_length),
        cmocka_unit_test(another_message_has_another_signature),
        cmocka_unit_test(es256_scalars_at_the_ends_of_their_range_are_refused),
        cmocka_unit_test(an_es256_signature_in_der_is_refused),
        cmocka_unit_test(an_ed25519_signature_with_a_large_s_is_refused),
        cmocka_unit_test(ps256_takes_one_salt_length_and_one_digest),
        cmocka_unit_test(rsa_paddings_are_not_interchangeable),
        cmocka_unit_test(rsa_numbers_at_the_ends_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
