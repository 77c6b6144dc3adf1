// SPDX-License-Identifier: MIT
/* SHA-256 with the algorithm fetched once, which is what makes one-shot digests of libcrypto slow.
 * (A digest still costs one small allocation inside libcrypto 3.0.) One thread at a time. */
#ifndef SCHEMAS_BASE_SHA256_H
#define SCHEMAS_BASE_SHA256_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct sha256 {
    EVP_MD_CTX *context;
};

/* 0 or -ERROR_MEMORY (also when libcrypto offers no SHA-256). */
int sha256_init(struct sha256 *sha256);
void sha256_release(struct sha256 *sha256);

/* 0 or -ERROR_MEMORY (nothing else makes it fail), when digest is not written. */
int sha256_digest(const struct sha256 *sha256, const void *data, size_t size_bytes,
                  uint8_t digest[SHA256_BYTES]);

#endif
