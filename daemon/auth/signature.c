// SPDX-License-Identifier: MIT
#include "daemon/auth/signature.h"

#include <openssl/err.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/memory_watch.h"

#define SCALAR_BYTES      32
#define DER_INTEGER_BYTES (2 + 1 + SCALAR_BYTES)
#define DER_BYTES         (2 + 2 * DER_INTEGER_BYTES)

/* Writes an unsigned number as a DER INTEGER: no needless zeros, one zero when the top bit is set.
 */
static size_t der_integer(const uint8_t scalar[SCALAR_BYTES], uint8_t output[DER_INTEGER_BYTES])
{
    size_t skip = 0;
    size_t pad;

    while (skip < SCALAR_BYTES - 1 && scalar[skip] == 0)
        skip++;
    pad = scalar[skip] >> 7;
    output[0] = 0x02;
    output[1] = (uint8_t)(pad + SCALAR_BYTES - skip);
    output[2] = 0;
    memcpy(output + 2 + pad, scalar + skip, SCALAR_BYTES - skip);
    return 2 + pad + SCALAR_BYTES - skip;
}

/* JWS holds r and s side by side, libcrypto wants a DER SEQUENCE. The caller has checked that there
 * are exactly 64 bytes; that r and s are in range is checked by libcrypto. */
static size_t der_signature(const uint8_t raw[2 * SCALAR_BYTES], uint8_t output[DER_BYTES])
{
    size_t size = 2;

    size += der_integer(raw, output + size);
    size += der_integer(raw + SCALAR_BYTES, output + size);
    output[0] = 0x30;
    output[1] = (uint8_t)(size - 2);
    return size;
}

static int verify_digest(const struct key *key, const void *data, size_t data_bytes,
                         const uint8_t *signature, size_t signature_bytes)
{
    uint8_t digest[SHA256_BYTES];

    if (sha256_digest(&key->sha256, data, data_bytes, digest) != 0)
        return 0;
    return EVP_PKEY_verify(key->verification, signature, signature_bytes, digest, sizeof(digest));
}

static int verify_ecdsa(const struct key *key, const void *data, size_t data_bytes,
                        const uint8_t *signature, size_t signature_bytes)
{
    uint8_t der[DER_BYTES];

    (void)signature_bytes;
    return verify_digest(key, data, data_bytes, der, der_signature(signature, der));
}

static int verify_eddsa(const struct key *key, const void *data, size_t data_bytes,
                        const uint8_t *signature, size_t signature_bytes)
{
    if (EVP_DigestVerifyInit_ex(key->message, NULL, NULL, NULL, NULL, key->public_key, NULL) != 1)
        return 0;
    return EVP_DigestVerify(key->message, signature, signature_bytes, data, data_bytes);
}

int signature_verify(const struct key *key, const void *data, size_t data_bytes,
                     const uint8_t *signature, size_t signature_bytes)
{
    static int (*const verify[ALGORITHM_COUNT])(const struct key *, const void *, size_t,
                                                const uint8_t *, size_t) = {
        [ALGORITHM_RS256] = verify_digest,
        [ALGORITHM_PS256] = verify_digest,
        [ALGORITHM_ES256] = verify_ecdsa,
        [ALGORITHM_EDDSA] = verify_eddsa,
    };
    int verdict;

    if (signature_bytes != key->signature_bytes)
        return -ERROR_TOKEN_SIGNATURE_LENGTH;
    memory_watch_begin();
    verdict = verify[key->algorithm](key, data, data_bytes, signature, signature_bytes);
    ERR_clear_error();
    /* Only 1 is a yes: 0 is a wrong signature, less than 0 a failure. */
    if (verdict == 1)
        return 0;
    /* A good token must not be called a bad one for want of memory. */
    return memory_watch_has_run_out() ? -ERROR_MEMORY : -ERROR_TOKEN_SIGNATURE;
}
