// SPDX-License-Identifier: MIT
/* A JWS in compact form (RFC 7515 section 7.1), opened: what is in here was signed with a key of
 * our set. */
#ifndef DAEMON_AUTH_JWS_H
#define DAEMON_AUTH_JWS_H

#include "daemon/auth/base64url.h"
#include "daemon/auth/key_set.h"
#include "schemas/base/limits.h"

struct jws {
    const struct key *key; /* borrowed from the set */
    size_t payload_bytes;
    uint8_t payload[BASE64URL_DECODED_BYTES(LIMIT_TOKEN_BYTES)];
};

/* Opens a token of at most LIMIT_TOKEN_BYTES. Checked in this order: the form of all three parts
 * and the header
 * (-ERROR_TOKEN_MALFORMED), its algorithm (-ERROR_TOKEN_ALGORITHM), its key (-ERROR_TOKEN_KEY),
 * that the algorithm is the key's (-ERROR_TOKEN_ALGORITHM), the signature (-ERROR_TOKEN_SIGNATURE).
 * The payload is any bytes; *jws is undefined on failure. */
int jws_open(struct jws *jws, const struct key_set *set, struct text token);

#endif
