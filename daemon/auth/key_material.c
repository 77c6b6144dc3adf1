// SPDX-License-Identifier: MIT
#include "daemon/auth/key_material.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdbool.h>

#include "schemas/base/errors.h"

static int refuse(const char **reason, const char *text)
{
    *reason = text;
    return -ERROR_CONFIGURATION;
}

static int out_of_memory(const char **reason)
{
    ERR_clear_error();
    *reason = "libcrypto failed";
    return -ERROR_MEMORY;
}

/* NULL when libcrypto refuses the numbers. */
static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        ERR_clear_error();
    EVP_PKEY_CTX_free(context);
    return key;
}

/* The fingerprint of keys made by the Infineon library of CVE-2017-15361 (ROCA): modulo every small
 * prime, their modulus is a power of 65537. About one sound key in 2^27 would look the same. */
static bool has_roca_fingerprint(const BIGNUM *n)
{
    static const uint8_t primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                     79, 97, 103, 107, 109, 127, 151, 157};

    for (size_t i = 0; i < sizeof(primes); i++) {
        unsigned prime = primes[i];
        unsigned residue = (unsigned)BN_mod_word(n, prime);
        unsigned power = 1;
        do {
            power = power * (65537 % prime) % prime;
        } while (power != residue && power != 1);
        if (power != residue)
            return false;
    }
    return true;
}

static const char *rsa_flaw(const BIGNUM *n, const BIGNUM *e)
{
    if (BN_num_bits(n) < RSA_MODULUS_BITS_LEAST)
        return "member \"n\": an RSA key needs at least 2048 bits";
    if (BN_num_bits(n) > RSA_MODULUS_BITS_MOST)
        return "member \"n\": an RSA key may have at most 8192 bits";
    if (!BN_is_odd(n))
        return "member \"n\": an RSA modulus is odd";
    if (has_roca_fingerprint(n))
        return "member \"n\": the key was made by a generator whose keys can be factored (ROCA)";
    /* Even exponents are no RSA. With 1, every message is its own signature; with small ones, a
     * padding check that is lax anywhere is enough to forge. Beyond 64 bits nothing is gained but
     * slow verification. */
    if (!BN_is_odd(e) || BN_num_bits(e) > 64 || BN_get_word(e) < RSA_EXPONENT_LEAST)
        return "member \"e\": an RSA exponent is odd, at least 65537 and at most 64 bits long";
    return NULL;
}

static EVP_PKEY *rsa_key(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *key = NULL;

    if (builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        parameters = OSSL_PARAM_BLD_to_param(builder);
    if (parameters)
        key = key_from_parameters("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

int key_material_rsa(struct octets n, struct octets e, EVP_PKEY **key, const char **reason)
{
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.size_bytes, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.size_bytes, NULL);
    EVP_PKEY *made = NULL;
    const char *flaw = NULL;
    int rc = 0;

    if (modulus && exponent) {
        flaw = rsa_flaw(modulus, exponent);
        made = flaw ? NULL : rsa_key(modulus, exponent);
    }
    if (flaw)
        rc = refuse(reason, flaw);
    else if (!made)
        rc = out_of_memory(reason);
    else
        *key = made;
    BN_free(modulus);
    BN_free(exponent);
    return rc;
}

int key_material_p256(struct octets x, struct octets y, EVP_PKEY **key, const char **reason)
{
    uint8_t point[1 + 2 * CURVE_COORDINATE_BYTES] = {0x04}; /* uncompressed */
    char group[] = "P-256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *made;

    if (x.size_bytes != CURVE_COORDINATE_BYTES)
        return refuse(reason, "member \"x\": a coordinate on P-256 has 32 bytes");
    if (y.size_bytes != CURVE_COORDINATE_BYTES)
        return refuse(reason, "member \"y\": a coordinate on P-256 has 32 bytes");
    for (size_t i = 0; i < CURVE_COORDINATE_BYTES; i++) {
        point[1 + i] = x.data[i];
        point[1 + CURVE_COORDINATE_BYTES + i] = y.data[i];
    }
    made = key_from_parameters("EC", parameters);
    if (!made)
        return refuse(reason, "members \"x\" and \"y\": no point on P-256");
    *key = made;
    return 0;
}

/* What a y coordinate says about an Ed25519 point: on -x^2 + y^2 = 1 + d x^2 y^2 there is an x for
 * it when (y^2 - 1) (d y^2 + 1) is zero or a square, and the point is of order 1, 2, 4 or 8 when y
 * (y^2 - 1) (d y^4 + 2 y^2 - 1) is zero. With such a key everybody can sign. */
struct edwards {
    BN_CTX *context;
    BIGNUM *p; /* 2^255 - 19 */
    BIGNUM *d;
    BIGNUM *y;
    BIGNUM *square;  /* y^2 */
    BIGNUM *product; /* d y^2 */
    BIGNUM *left;    /* y^2 - 1 */
    BIGNUM *work;
};

static bool edwards_prepare(struct edwards *e, const uint8_t y[CURVE_COORDINATE_BYTES])
{
    static const char p_hex[] = "7fffffffffffffffffffffffffffffff"
                                "ffffffffffffffffffffffffffffffed";
    static const char d_hex[] = "52036cee2b6ffe738cc740797779e898"
                                "00700a4d4141d8ab75eb4dca135978a3";

    e->p = BN_CTX_get(e->context);
    e->d = BN_CTX_get(e->context);
    e->y = BN_CTX_get(e->context);
    e->square = BN_CTX_get(e->context);
    e->product = BN_CTX_get(e->context);
    e->left = BN_CTX_get(e->context);
    e->work = BN_CTX_get(e->context);
    return e->work && BN_hex2bn(&e->p, p_hex) && BN_hex2bn(&e->d, d_hex) &&
           BN_lebin2bn(y, CURVE_COORDINATE_BYTES, e->y) &&
           BN_mod_sqr(e->square, e->y, e->p, e->context) &&
           BN_mod_mul(e->product, e->d, e->square, e->p, e->context) &&
           BN_copy(e->left, e->square) && BN_sub_word(e->left, 1);
}

static bool edwards_has_point(struct edwards *e, bool *has_point)
{
    int symbol;

    if (!BN_copy(e->work, e->product) || !BN_add_word(e->work, 1) ||
        !BN_mod_mul(e->work, e->work, e->left, e->p, e->context))
        return false;
    symbol = BN_kronecker(e->work, e->p, e->context);
    *has_point = symbol >= 0;
    return symbol >= -1;
}

static bool edwards_is_small(struct edwards *e, bool *is_small)
{
    /* y^2 (d y^2 + 2) - 1 */
    if (!BN_copy(e->work, e->product) || !BN_add_word(e->work, 2) ||
        !BN_mod_mul(e->work, e->work, e->square, e->p, e->context) || !BN_sub_word(e->work, 1))
        return false;
    *is_small = BN_is_zero(e->y) || BN_is_zero(e->left) || BN_is_zero(e->work);
    return true;
}

static int ed25519_check(const uint8_t x[CURVE_COORDINATE_BYTES], const char **reason)
{
    struct edwards e = {.context = BN_CTX_new()};
    uint8_t y[CURVE_COORDINATE_BYTES];
    bool has_point;
    bool is_small;
    int rc = 0;

    if (!e.context)
        return out_of_memory(reason);
    for (size_t i = 0; i < CURVE_COORDINATE_BYTES; i++)
        y[i] = x[i];
    y[CURVE_COORDINATE_BYTES - 1] &= 0x7f; /* the top bit is the sign of the other coordinate */
    BN_CTX_start(e.context);
    if (!edwards_prepare(&e, y) || !edwards_has_point(&e, &has_point) ||
        !edwards_is_small(&e, &is_small))
        rc = out_of_memory(reason);
    else if (BN_cmp(e.y, e.p) >= 0 || !has_point)
        rc = refuse(reason, "member \"x\": no point on Ed25519");
    else if (is_small)
        rc = refuse(reason, "member \"x\": a point of small order, for which anybody can sign");
    BN_CTX_end(e.context);
    BN_CTX_free(e.context);
    return rc;
}

int key_material_ed25519(struct octets x, EVP_PKEY **key, const char **reason)
{
    EVP_PKEY *made;
    int rc;

    if (x.size_bytes != CURVE_COORDINATE_BYTES)
        return refuse(reason, "member \"x\": an Ed25519 key has 32 bytes");
    rc = ed25519_check(x.data, reason);
    if (rc)
        return rc;
    made = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.data, x.size_bytes);
    if (!made)
        return out_of_memory(reason);
    *key = made;
    return 0;
}
