// SPDX-License-Identifier: MIT
#include "daemon/auth/key.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "daemon/auth/base64url.h"
#include "daemon/auth/bounded_json.h"
#include "daemon/auth/key_material.h"
#include "schemas/base/errors.h"
#include "schemas/base/memory_watch.h"

#define NUMBER_BYTES (SIGNATURE_BYTES + 1) /* an RSA modulus may be written with a leading zero */

static int make_rsa(struct key *key, const json_t *jwk, char *reason);
static int make_p256(struct key *key, const json_t *jwk, char *reason);
static int make_ed25519(struct key *key, const json_t *jwk, char *reason);

/* The first row of a type is what a key of it means that names no algorithm. */
static const struct algorithm_row {
    const char *name;  /* JWA "alg" */
    const char *type;  /* JWK "kty" */
    const char *curve; /* JWK "crv"; NULL: the type has none */
    int padding;       /* of RSA */
    int (*make)(struct key *key, const json_t *jwk, char *reason);
} rows[ALGORITHM_COUNT] = {
    [ALGORITHM_RS256] = {"RS256", "RSA", NULL, RSA_PKCS1_PADDING, make_rsa},
    [ALGORITHM_PS256] = {"PS256", "RSA", NULL, RSA_PKCS1_PSS_PADDING, make_rsa},
    [ALGORITHM_ES256] = {"ES256", "EC", "P-256", 0, make_p256},
    [ALGORITHM_EDDSA] = {"EdDSA", "OKP", "Ed25519", 0, make_ed25519},
};

/* Members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1). */
static const char *const secret_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

int algorithm_find(struct text name, enum algorithm *algorithm)
{
    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        if (text_equal(name, text_of(rows[i].name))) {
            *algorithm = (enum algorithm)i;
            return 0;
        }
    }
    return -ERROR_TOKEN_ALGORITHM;
}

const char *algorithm_name(enum algorithm algorithm)
{
    return rows[algorithm].name;
}

static int refuse(char *reason, const char *member, const char *text)
{
    (void)snprintf(reason, KEY_REASON_BYTES, "member \"%s\": %s", member, text);
    return -ERROR_CONFIGURATION;
}

static int copy_member(const json_t *jwk, const char *member, char *buffer, size_t buffer_bytes,
                       char *reason)
{
    struct text t;

    if (!bounded_json_text(json_object_get(jwk, member), &t) || t.size_bytes == 0)
        return refuse(reason, member, "expected a non-empty string");
    if (text_copy(t, buffer, buffer_bytes) != 0)
        return refuse(reason, member, "too long");
    return 0;
}

static int check_secrets(const json_t *jwk, char *reason)
{
    for (size_t i = 0; i < sizeof(secret_members) / sizeof(secret_members[0]); i++) {
        if (json_object_get(jwk, secret_members[i]))
            return refuse(reason, secret_members[i],
                          "part of a private or symmetric key, which has no place here");
    }
    return 0;
}

/* A key that is meant for encryption verifies nothing (RFC 7517 sections 4.2 and 4.3). */
static int check_use(const json_t *jwk, char *reason)
{
    const json_t *use = json_object_get(jwk, "use");
    const json_t *operations = json_object_get(jwk, "key_ops");

    if (use && !bounded_json_equal(use, TEXT("sig")))
        return refuse(reason, "use", "expected \"sig\"");
    if (!operations)
        return 0;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        if (bounded_json_equal(json_array_get(operations, i), TEXT("verify")))
            return 0;
    }
    return refuse(reason, "key_ops", "expected a list with \"verify\"");
}

static bool is_curve_of(const json_t *curve, const struct algorithm_row *row)
{
    return !row->curve || bounded_json_equal(curve, text_of(row->curve));
}

/* The algorithm comes from kty, crv and alg of the key alone, and they must agree. */
static int choose_algorithm(const json_t *jwk, enum algorithm *algorithm, char *reason)
{
    const json_t *type = json_object_get(jwk, "kty");
    const json_t *curve = json_object_get(jwk, "crv");
    const json_t *name = json_object_get(jwk, "alg");
    const char *member = "kty";

    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        if (!bounded_json_equal(type, text_of(rows[i].type)))
            continue;
        member = "crv";
        if (!is_curve_of(curve, &rows[i]))
            continue;
        member = "alg";
        if (name && !bounded_json_equal(name, text_of(rows[i].name)))
            continue;
        *algorithm = (enum algorithm)i;
        return 0;
    }
    return refuse(reason, member,
                  "only RSA with RS256 or PS256, EC on P-256 with ES256 and OKP on Ed25519 with "
                  "EdDSA are accepted");
}

static int read_number(const json_t *jwk, const char *member, uint8_t buffer[NUMBER_BYTES],
                       struct octets *number, char *reason)
{
    struct text t;

    if (!bounded_json_text(json_object_get(jwk, member), &t))
        return refuse(reason, member, "expected a string");
    if (base64url_decode(t, buffer, NUMBER_BYTES, &number->size_bytes) != 0)
        return refuse(reason, member, "not base64url without padding, or too long");
    number->data = buffer;
    return 0;
}

/* Refusals of the numbers name their member themselves. */
static int pass_on(int rc, const char *why, char *reason)
{
    if (rc)
        (void)snprintf(reason, KEY_REASON_BYTES, "%s", why);
    return rc;
}

static int make_rsa(struct key *key, const json_t *jwk, char *reason)
{
    uint8_t n_buffer[NUMBER_BYTES];
    uint8_t e_buffer[NUMBER_BYTES];
    struct octets n;
    struct octets e;
    const char *why = NULL;
    int rc;

    if ((rc = read_number(jwk, "n", n_buffer, &n, reason)) ||
        (rc = read_number(jwk, "e", e_buffer, &e, reason)))
        return rc;
    rc = key_material_rsa(n, e, &key->public_key, &why);
    if (!rc)
        key->signature_bytes = (size_t)EVP_PKEY_get_size(key->public_key);
    return pass_on(rc, why, reason);
}

static int make_p256(struct key *key, const json_t *jwk, char *reason)
{
    uint8_t x_buffer[NUMBER_BYTES];
    uint8_t y_buffer[NUMBER_BYTES];
    struct octets x;
    struct octets y;
    const char *why = NULL;
    int rc;

    if ((rc = read_number(jwk, "x", x_buffer, &x, reason)) ||
        (rc = read_number(jwk, "y", y_buffer, &y, reason)))
        return rc;
    key->signature_bytes = 2 * (size_t)CURVE_COORDINATE_BYTES;
    rc = key_material_p256(x, y, &key->public_key, &why);
    return pass_on(rc, why, reason);
}

static int make_ed25519(struct key *key, const json_t *jwk, char *reason)
{
    uint8_t x_buffer[NUMBER_BYTES];
    struct octets x;
    const char *why = NULL;
    int rc = read_number(jwk, "x", x_buffer, &x, reason);

    if (rc)
        return rc;
    key->signature_bytes = 2 * (size_t)CURVE_COORDINATE_BYTES;
    rc = key_material_ed25519(x, &key->public_key, &why);
    return pass_on(rc, why, reason);
}

static bool prepare_padding(struct key *key, const EVP_MD *digest)
{
    int padding = rows[key->algorithm].padding;

    if (padding == 0)
        return true;
    if (EVP_PKEY_CTX_set_rsa_padding(key->verification, padding) != 1)
        return false;
    return padding != RSA_PKCS1_PSS_PADDING ||
           (EVP_PKEY_CTX_set_rsa_pss_saltlen(key->verification, RSA_PSS_SALTLEN_DIGEST) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(key->verification, digest) == 1);
}

/* Everything about a verification that does not depend on the message is done once, here. */
static bool prepare(struct key *key)
{
    if (key->algorithm == ALGORITHM_EDDSA)
        return (key->message = EVP_MD_CTX_new()) != NULL;
    if (sha256_init(&key->sha256) != 0)
        return false;
    key->verification = EVP_PKEY_CTX_new_from_pkey(NULL, key->public_key, NULL);
    return key->verification && EVP_PKEY_verify_init(key->verification) == 1 &&
           prepare_padding(key, EVP_MD_CTX_get0_md(key->sha256.context)) &&
           EVP_PKEY_CTX_set_signature_md(key->verification,
                                         EVP_MD_CTX_get0_md(key->sha256.context)) == 1;
}

static int make_key(struct key *key, const json_t *jwk, char reason[KEY_REASON_BYTES])
{
    int rc;

    if ((rc = check_secrets(jwk, reason)) || (rc = check_use(jwk, reason)) ||
        (rc = copy_member(jwk, "kid", key->id, sizeof(key->id), reason)) ||
        (rc = choose_algorithm(jwk, &key->algorithm, reason)))
        return rc;
    if (json_object_get(jwk, "issuer") &&
        (rc = copy_member(jwk, "issuer", key->issuer, sizeof(key->issuer), reason)))
        return rc;
    rc = rows[key->algorithm].make(key, jwk, reason);
    if (!rc && !prepare(key)) {
        ERR_clear_error();
        rc = pass_on(-ERROR_MEMORY, "libcrypto failed", reason);
    }
    return rc;
}

/* Without memory, libcrypto may call a good point none, and may make a key that verifies nothing.
 */
int key_init(struct key *key, const json_t *jwk, char reason[KEY_REASON_BYTES])
{
    int rc;

    if (!json_is_object(jwk)) {
        (void)snprintf(reason, KEY_REASON_BYTES, "expected an object");
        return -ERROR_CONFIGURATION;
    }
    memory_watch_begin();
    rc = make_key(key, jwk, reason);
    return memory_watch_has_run_out() ? pass_on(-ERROR_MEMORY, "out of memory", reason) : rc;
}

void key_release(struct key *key)
{
    EVP_PKEY_CTX_free(key->verification);
    EVP_MD_CTX_free(key->message);
    EVP_PKEY_free(key->public_key);
    sha256_release(&key->sha256);
    *key = (struct key){0};
}
