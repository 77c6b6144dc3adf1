// SPDX-License-Identifier: MIT
/* SHA-256 in the form that manifests want it. */
#ifndef WORKERS_BUNDLE_DIGEST_H
#define WORKERS_BUNDLE_DIGEST_H

#include <openssl/evp.h>

#define DIGEST_BUFFER 65

/* Has OpenSSL set itself up, before anything depends on it: 3.0 does not survive that its first use
 * finds no memory. -ERROR_MEMORY. */
int digest_prepare(void);

/* Ends a running SHA-256 and writes 64 lower case hexadecimal digits, terminated. -ERROR_MEMORY. */
int digest_end(EVP_MD_CTX *context, char hexadecimal[DIGEST_BUFFER]);

#endif
