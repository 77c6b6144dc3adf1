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

/* Opens a token. Checked in this order:
 *   -ERROR_TOKEN_TOO_LONG           more than LIMIT_TOKEN_BYTES
 *   -ERROR_TOKEN_PARTS, _ENCODING   three parts, all strict base64url
 *   -ERROR_TOKEN_TOO_DEEP, _DUPLICATE_MEMBER, _HEADER   the header is one bounded JSON object
 *   -ERROR_TOKEN_CRITICAL, _UNENCODED, _ENCRYPTED, _NESTED, _HEADER_KEY   members that are refused
 *   -ERROR_TOKEN_TYPE               typ of another kind of token
 *   -ERROR_TOKEN_HEADER, _UNSIGNED  alg is no text; is "none"
 *   -ERROR_TOKEN_KEY_MISSING        kid is no text
 *   -ERROR_TOKEN_ALGORITHM, _KEY, _KEY_ALGORITHM   none of ours; unknown kid; not that of the key
 *   -ERROR_TOKEN_SIGNATURE_LENGTH, _SIGNATURE
 * -ERROR_MEMORY may take the place of any of them.
 * The payload is any bytes; *jws is undefined on failure. */
int jws_open(struct jws *jws, const struct key_set *set, struct text token);

/* Reads a JSON object of a token: -ERROR_MEMORY, -ERROR_TOKEN_TOO_DEEP,
 * -ERROR_TOKEN_DUPLICATE_MEMBER, or the given error (ERROR_x) for anything else that is none. The
 * caller owns *object. */
int jws_json(struct text t, json_t **object, int error);

#endif
