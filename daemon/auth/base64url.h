// SPDX-License-Identifier: MIT
/* Strict base64url without padding (RFC 7515 appendix C, RFC 4648 section 5). One value has exactly
 * one spelling here: padding, white space, characters of another alphabet and non-zero unused bits
 * are refused, so that no two different tokens carry the same signature and content. */
#ifndef DAEMON_AUTH_BASE64URL_H
#define DAEMON_AUTH_BASE64URL_H

#include "schemas/base/text.h"

/* The most bytes that this many characters decode to. */
#define BASE64URL_DECODED_BYTES(characters) ((characters) / 4 * 3 + 2)

/* Decodes into output, which the caller owns. -ERROR_TOO_LONG when the result needs more than
 * output_bytes, -ERROR_MALFORMED for any other flaw; output then holds nothing of use. */
int base64url_decode(struct text t, uint8_t *output, size_t output_bytes, size_t *size_bytes);

#endif
