// SPDX-License-Identifier: MIT
#include "schemas/base/sha256.h"

#include <openssl/err.h>

#include "schemas/base/errors.h"

int sha256_init(struct sha256 *sha256)
{
    EVP_MD *algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int rc = -ERROR_MEMORY;

    if (algorithm && context && EVP_DigestInit_ex2(context, algorithm, NULL) == 1) {
        sha256->context = context;
        context = NULL;
        rc = 0;
    } else {
        ERR_clear_error();
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm); /* the context holds its own reference */
    return rc;
}

void sha256_release(struct sha256 *sha256)
{
    EVP_MD_CTX_free(sha256->context);
    sha256->context = NULL;
}

int sha256_digest(const struct sha256 *sha256, const void *data, size_t size_bytes,
                  uint8_t digest[SHA256_BYTES])
{
    uint8_t result[SHA256_BYTES];

    /* No algorithm given: the one of sha256_init is used again. */
    if (EVP_DigestInit_ex2(sha256->context, NULL, NULL) != 1 ||
        EVP_DigestUpdate(sha256->context, data, size_bytes) != 1 ||
        EVP_DigestFinal_ex(sha256->context, result, NULL) != 1) {
        ERR_clear_error();
        return -ERROR_MEMORY;
    }
    for (size_t i = 0; i < SHA256_BYTES; i++)
        digest[i] = result[i];
    return 0;
}
