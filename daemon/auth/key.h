// SPDX-License-Identifier: MIT
/* One public key that tokens may be signed with, read from a JWK (RFC 7517). The key decides the
 * algorithm: what a token says about its own algorithm is only ever compared with it (RFC 8725
 * section 3.1). A key holds the prepared contexts of its verifications and so serves one thread at
 * a time. */
#ifndef DAEMON_AUTH_KEY_H
#define DAEMON_AUTH_KEY_H

#include <jansson.h>
#include <openssl/evp.h>

#include "schemas/base/sha256.h"
#include "schemas/base/text.h"

#define KEY_ID_BYTES     256  /* longest kid */
#define KEY_ISSUER_BYTES 512  /* longest issuer a key may be bound to */
#define KEY_REASON_BYTES 160  /* room for why a JWK was refused */
#define SIGNATURE_BYTES  1024 /* longest signature: RSA with 8192 bits */

/* All there are. Neither "none" nor a symmetric algorithm has a name here. */
enum algorithm {
    ALGORITHM_RS256,
    ALGORITHM_PS256,
    ALGORITHM_ES256,
    ALGORITHM_EDDSA,
    ALGORITHM_COUNT
};

struct key {
    char id[KEY_ID_BYTES + 1];
    char issuer[KEY_ISSUER_BYTES + 1]; /* empty: good for every configured issuer */
    enum algorithm algorithm;
    size_t signature_bytes; /* the one length a signature of this key has */
    EVP_PKEY *public_key;
    EVP_PKEY_CTX *verification; /* RSA and ECDSA: key, padding and digest are set */
    EVP_MD_CTX *message;        /* Ed25519, which hashes by itself */
    struct sha256 sha256;
};

/* Finds an algorithm by its exact JWA name; -ERROR_TOKEN_ALGORITHM when it is not one of ours. */
int algorithm_find(struct text name, enum algorithm *algorithm);
const char *algorithm_name(enum algorithm algorithm);

/* Reads a JWK into *key, which must be zeroed. Refuses private and symmetric keys, keys for another
 * use, unknown types and algorithms, and weak numbers with -ERROR_CONFIGURATION and a reason that
 * names the member; -ERROR_MEMORY otherwise. Release the key either way. */
int key_init(struct key *key, const json_t *jwk, char reason[KEY_REASON_BYTES]);
void key_release(struct key *key);

#endif
