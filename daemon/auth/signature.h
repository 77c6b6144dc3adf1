// SPDX-License-Identifier: MIT
/* Signatures of RS256, PS256, ES256 (RFC 7518 sections 3.3 to 3.5) and EdDSA with Ed25519 (RFC 8037
 * section 3.1). */
#ifndef DAEMON_AUTH_SIGNATURE_H
#define DAEMON_AUTH_SIGNATURE_H

#include "daemon/auth/key.h"

/* Verifies a signature in its JWS form with the key's own algorithm. 0,
 * -ERROR_TOKEN_SIGNATURE_LENGTH for one of another length than the key makes, -ERROR_MEMORY when
 * libcrypto ran out of it (see crypto_memory.h), or -ERROR_TOKEN_SIGNATURE for a wrong one and one
 * that libcrypto could not decide about. */
int signature_verify(const struct key *key, const void *data, size_t data_bytes,
                     const uint8_t *signature, size_t signature_bytes);

#endif
