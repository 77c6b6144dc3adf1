// SPDX-License-Identifier: MIT
/* Public numbers to OpenSSL keys, refusing weak ones: RSA (RFC 7518 section 6.3.1), P-256
 * (section 6.2.1) and Ed25519 (RFC 8037 section 2).
 *
 * Each function gives the caller *key (EVP_PKEY_free) on success. On failure *reason is a constant
 * text that names the JWK member at fault; the result is -ERROR_CONFIGURATION for a bad key and
 * -ERROR_MEMORY when libcrypto failed. */
#ifndef DAEMON_AUTH_KEY_MATERIAL_H
#define DAEMON_AUTH_KEY_MATERIAL_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define RSA_MODULUS_BITS_LEAST 2048
#define RSA_MODULUS_BITS_MOST  8192
#define RSA_EXPONENT_LEAST     65537
#define CURVE_COORDINATE_BYTES 32

/* Unsigned big-endian numbers. */
struct octets {
    const uint8_t *data;
    size_t size_bytes;
};

int key_material_rsa(struct octets n, struct octets e, EVP_PKEY **key, const char **reason);
int key_material_p256(struct octets x, struct octets y, EVP_PKEY **key, const char **reason);
int key_material_ed25519(struct octets x, EVP_PKEY **key, const char **reason);

#endif
