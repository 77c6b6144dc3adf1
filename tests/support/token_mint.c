// SPDX-License-Identifier: MIT
#include "tests/support/token_mint.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIGNATURE_BYTES 1024
#define NUMBER_BYTES    2048
#define SCALAR_BYTES    32

struct mint {
    enum mint_algorithm algorithm;
    char *kid;
    EVP_PKEY *key;
    unsigned long minted;
};

static const struct algorithm_row {
    const char *name;
    const char *type; /* as EVP_PKEY_is_a knows it */
} rows[MINT_ALGORITHM_COUNT] = {
    [MINT_RS256] = {"RS256", "RSA"},
    [MINT_PS256] = {"PS256", "RSA"},
    [MINT_ES256] = {"ES256", "EC"},
    [MINT_EDDSA] = {"EdDSA", "ED25519"},
};

static void require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "token_mint: %s failed\n", what);
        abort();
    }
}

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print(const char *format, ...)
{
    char *string = NULL;
    va_list arguments;

    va_start(arguments, format);
    require(vasprintf(&string, format, arguments) >= 0, "vasprintf");
    va_end(arguments);
    return string;
}

const char *mint_algorithm_name(enum mint_algorithm algorithm)
{
    return rows[algorithm].name;
}

enum mint_algorithm mint_algorithm_find(const char *name)
{
    int algorithm = 0;

    while (algorithm < MINT_ALGORITHM_COUNT && strcmp(rows[algorithm].name, name) != 0)
        algorithm++;
    return (enum mint_algorithm)algorithm;
}

/* Takes the key. */
static struct mint *wrap(enum mint_algorithm algorithm, const char *kid, EVP_PKEY *key)
{
    struct mint *mint = calloc(1, sizeof(*mint));

    require(mint && key, "making a key");
    mint->algorithm = algorithm;
    mint->kid = print("%s", kid);
    mint->key = key;
    return mint;
}

struct mint *mint_new_rsa(unsigned bits, unsigned long exponent, const char *kid)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;

    require(context && e && BN_set_word(e, exponent) == 1, "RSA context");
    require(EVP_PKEY_keygen_init(context) == 1, "EVP_PKEY_keygen_init");
    require(EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1, "RSA size");
    require(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1, "RSA exponent");
    require(EVP_PKEY_generate(context, &key) == 1, "EVP_PKEY_generate");
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return wrap(MINT_RS256, kid, key);
}

struct mint *mint_new(enum mint_algorithm algorithm, const char *kid)
{
    struct mint *mint;

    switch (algorithm) {
    case MINT_ES256:
        return wrap(algorithm, kid, EVP_EC_gen("P-256"));
    case MINT_EDDSA:
        return wrap(algorithm, kid, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    default:
        mint = mint_new_rsa(2048, 65537, kid);
        mint->algorithm = algorithm;
        return mint;
    }
}

struct mint *mint_new_fixed(const uint8_t private_key[SCALAR_BYTES], const char *kid)
{
    return wrap(MINT_EDDSA, kid,
                EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, SCALAR_BYTES));
}

struct mint *mint_read(enum mint_algorithm algorithm, const char *kid, const char *pem_path)
{
    FILE *file = fopen(pem_path, "re");
    EVP_PKEY *key;

    if (!file)
        return NULL;
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    if (!key || !EVP_PKEY_is_a(key, rows[algorithm].type)) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return wrap(algorithm, kid, key);
}

void mint_destroy(struct mint **mint)
{
    if (!*mint)
        return;
    EVP_PKEY_free((*mint)->key);
    free((*mint)->kid);
    free(*mint);
    *mint = NULL;
}

int mint_write_private_key(const struct mint *mint, const char *pem_path)
{
    int descriptor = open(pem_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool is_written;

    if (!file) {
        if (descriptor >= 0)
            (void)close(descriptor);
        return -1;
    }
    is_written = PEM_write_PrivateKey(file, mint->key, NULL, NULL, 0, NULL, NULL) == 1;
    return fclose(file) == 0 && is_written ? 0 : -1;
}

int mint_write_key_set(const char *path, struct mint *const mints[], size_t count)
{
    char *fresh_path = print("%s.new", path);
    FILE *file = fopen(fresh_path, "we");
    bool is_written = file != NULL;

    for (size_t i = 0; file && i < count; i++) {
        char *jwk = mint_jwk(mints[i], NULL);
        is_written = is_written && fprintf(file, "%s%s", i ? ",\n" : "{\"keys\":[\n", jwk) > 0;
        free(jwk);
    }
    is_written = is_written && fputs("]}\n", file) >= 0;
    if (file && fclose(file) != 0)
        is_written = false;
    is_written = is_written && rename(fresh_path, path) == 0;
    free(fresh_path);
    return is_written ? 0 : -1;
}

static char *number_text(const struct mint *mint, const char *parameter, int least_bytes)
{
    uint8_t bytes[NUMBER_BYTES];
    BIGNUM *number = NULL;
    int size;

    require(EVP_PKEY_get_bn_param(mint->key, parameter, &number) == 1, "EVP_PKEY_get_bn_param");
    size = BN_num_bytes(number) > least_bytes ? BN_num_bytes(number) : least_bytes;
    require(size <= NUMBER_BYTES && BN_bn2binpad(number, bytes, size) == size, "BN_bn2binpad");
    BN_free(number);
    return mint_base64url(bytes, (size_t)size);
}

static char *rsa_members(const struct mint *mint)
{
    char *n = number_text(mint, OSSL_PKEY_PARAM_RSA_N, 0);
    char *e = number_text(mint, OSSL_PKEY_PARAM_RSA_E, 0);
    char *members = print("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", n, e);

    free(n);
    free(e);
    return members;
}

static char *ec_members(const struct mint *mint)
{
    char *x = number_text(mint, OSSL_PKEY_PARAM_EC_PUB_X, SCALAR_BYTES);
    char *y = number_text(mint, OSSL_PKEY_PARAM_EC_PUB_Y, SCALAR_BYTES);
    char *members = print("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", x, y);

    free(x);
    free(y);
    return members;
}

static char *okp_members(const struct mint *mint)
{
    uint8_t bytes[SCALAR_BYTES];
    size_t size = sizeof(bytes);
    char *members;
    char *x;

    require(EVP_PKEY_get_raw_public_key(mint->key, bytes, &size) == 1, "raw public key");
    x = mint_base64url(bytes, size);
    members = print("\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"", x);
    free(x);
    return members;
}

char *mint_jwk(const struct mint *mint, const char *extra)
{
    static char *(*const members_of[MINT_ALGORITHM_COUNT])(const struct mint *) = {
        [MINT_RS256] = rsa_members,
        [MINT_PS256] = rsa_members,
        [MINT_ES256] = ec_members,
        [MINT_EDDSA] = okp_members,
    };
    char *members = members_of[mint->algorithm](mint);
    char *jwk = print("{\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",%s%s}", mint->kid,
                      rows[mint->algorithm].name, members, extra ? extra : "");

    free(members);
    return jwk;
}

char *mint_public_pem(const struct mint *mint)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data;
    long size;
    char *pem;

    require(memory && PEM_write_bio_PUBKEY(memory, mint->key) == 1, "PEM_write_bio_PUBKEY");
    size = BIO_get_mem_data(memory, &data);
    pem = print("%.*s", (int)size, data);
    BIO_free(memory);
    return pem;
}

uint8_t *mint_public_der(const struct mint *mint, size_t *size_bytes)
{
    unsigned char *encoded = NULL;
    int size = i2d_PUBKEY(mint->key, &encoded);
    uint8_t *der;

    require(size > 0, "i2d_PUBKEY");
    der = malloc((size_t)size);
    require(der != NULL, "malloc");
    memcpy(der, encoded, (size_t)size);
    OPENSSL_free(encoded);
    *size_bytes = (size_t)size;
    return der;
}

char *mint_base64url(const void *data, size_t size_bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *bytes = data;
    char *string = malloc(size_bytes / 3 * 4 + 5);
    char *end = string;

    require(string != NULL, "malloc");
    for (size_t i = 0; i < size_bytes; i += 3) {
        size_t left = size_bytes - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes[i + 2] : 0;
        for (size_t j = 0; j < (left > 2 ? 4 : left + 1); j++)
            *end++ = alphabet[group >> (18 - 6 * j) & 63];
    }
    *end = '\0';
    return string;
}

/* ECDSA signatures come as DER; JWS wants r and s of 32 bytes each. */
static size_t raw_signature(const uint8_t *der, size_t der_bytes, uint8_t *raw)
{
    const unsigned char *cursor = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &cursor, (long)der_bytes);

    require(pair != NULL, "d2i_ECDSA_SIG");
    require(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, SCALAR_BYTES) == SCALAR_BYTES, "r");
    require(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + SCALAR_BYTES, SCALAR_BYTES) == SCALAR_BYTES,
            "s");
    ECDSA_SIG_free(pair);
    return 2 * (size_t)SCALAR_BYTES;
}

size_t mint_sign(const struct mint *mint, const void *data, size_t data_bytes,
                 uint8_t signature[1024])
{
    const char *digest = mint->algorithm == MINT_EDDSA ? NULL : "SHA256";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    uint8_t made[SIGNATURE_BYTES];
    size_t size = sizeof(made);

    require(context &&
                EVP_DigestSignInit_ex(context, &options, digest, NULL, NULL, mint->key, NULL) == 1,
            "EVP_DigestSignInit_ex");
    if (mint->algorithm == MINT_PS256)
        require(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1,
                "PSS padding");
    require(EVP_DigestSign(context, made, &size, data, data_bytes) == 1, "EVP_DigestSign");
    EVP_MD_CTX_free(context);
    if (mint->algorithm == MINT_ES256)
        return raw_signature(made, size, signature);
    memcpy(signature, made, size);
    return size;
}

char *mint_token_with(const struct mint *mint, const char *header_json, const void *payload,
                      size_t payload_bytes)
{
    uint8_t signature[SIGNATURE_BYTES];
    char *header = mint_base64url(header_json, strlen(header_json));
    char *body = mint_base64url(payload, payload_bytes);
    char *input = print("%s.%s", header, body);
    char *tail = mint_base64url(signature, mint_sign(mint, input, strlen(input), signature));
    char *token = print("%s.%s", input, tail);

    free(header);
    free(body);
    free(input);
    free(tail);
    return token;
}

char *mint_token(const struct mint *mint, const char *payload_json)
{
    char *header = print("{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                         rows[mint->algorithm].name, mint->kid);
    char *token = mint_token_with(mint, header, payload_json, strlen(payload_json));

    free(header);
    return token;
}

char *mint_delegated(struct mint *mint, const char *tenant_id, const char *object_id,
                     const char *scope, int64_t expires_seconds)
{
    char *payload =
        print("{\"iss\":\"https://login.example.org/%s/v2.0\",\"aud\":\"%s\",\"ver\":\"2.0\","
              "\"tid\":\"%s\",\"oid\":\"%s\",\"sub\":\"made-up-%s\",\"scp\":\"%s\",\"azp\":\"%s\","
              "\"iat\":%d,\"nbf\":%d,\"exp\":%lld,\"uti\":\"mint-%s-%lu\"}",
              tenant_id, MINT_AUDIENCE, tenant_id, object_id, object_id, scope, MINT_APPLICATION_ID,
              MINT_ISSUED_SECONDS, MINT_ISSUED_SECONDS, (long long)expires_seconds, mint->kid,
              ++mint->minted);
    char *token = mint_token(mint, payload);

    free(payload);
    return token;
}
