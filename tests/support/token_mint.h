// SPDX-License-Identifier: MIT
/* Makes signing keys, key sets and access tokens for tests, benchmarks and the mint program. It
 * shares no code with the verifier. It is for made-up identities only, and it aborts with a message
 * when libcrypto or memory fails, so callers need not check.
 *
 *     struct mint *mint = mint_new(MINT_ES256, "key-1");
 *     mint_write_key_set(path, &mint, 1);
 *     char *token = mint_delegated(mint, tenant, person, "CrossTenantUserProfileSharing.Read.All",
 *                                  expires);
 *     free(token);
 *     mint_destroy(&mint);
 *
 * Strings returned are the caller's to free(). One thread at a time. */
#ifndef TESTS_SUPPORT_TOKEN_MINT_H
#define TESTS_SUPPORT_TOKEN_MINT_H

#include <stddef.h>
#include <stdint.h>

enum mint_algorithm { MINT_RS256, MINT_PS256, MINT_ES256, MINT_EDDSA, MINT_ALGORITHM_COUNT };

/* What mint_delegated puts into aud, and around the tenant into iss. */
#define MINT_AUDIENCE       "api://exportd"
#define MINT_ISSUER_PATTERN "https://login.example.org/{tid}/v2.0"

/* The client that mint_delegated names in azp, and the instant in iat and nbf (2023-11-14). */
#define MINT_APPLICATION_ID "00000000-0000-4000-8000-00000000a221"
#define MINT_ISSUED_SECONDS 1700000000

struct mint;

/* A new key; RSA keys have 2048 bits. */
struct mint *mint_new(enum mint_algorithm algorithm, const char *kid);

/* A new RSA key of another size or exponent, for RS256. */
struct mint *mint_new_rsa(unsigned bits, unsigned long exponent, const char *kid);

/* The Ed25519 key with these 32 private bytes, the same in every process. */
struct mint *mint_new_fixed(const uint8_t private_key[32], const char *kid);

/* Reads a private key in PEM; NULL when the file cannot be read or the key is of another type. */
struct mint *mint_read(enum mint_algorithm algorithm, const char *kid, const char *pem_path);
void mint_destroy(struct mint **mint);

/* Writes the private key in PEM (mode 0600); 0 or -1 with errno. */
int mint_write_private_key(const struct mint *mint, const char *pem_path);

/* Writes a JWKS with the public keys, by a new file that is renamed over path; 0 or -1 with errno.
 */
int mint_write_key_set(const char *path, struct mint *const mints[], size_t count);

/* The public key as a JWK. With extra, these members are appended: ",\"issuer\":\"…\"". */
char *mint_jwk(const struct mint *mint, const char *extra);

/* The public key in PEM and in DER; DER is for the caller to free and its size goes to *size_bytes.
 */
char *mint_public_pem(const struct mint *mint);
uint8_t *mint_public_der(const struct mint *mint, size_t *size_bytes);

const char *mint_algorithm_name(enum mint_algorithm algorithm);

/* Finds an algorithm by its JWA name; MINT_ALGORITHM_COUNT when there is none. */
enum mint_algorithm mint_algorithm_find(const char *name);

/* A token with the usual header {"alg":…,"typ":"JWT","kid":…} and this payload, rightly signed. */
char *mint_token(const struct mint *mint, const char *payload_json);

/* A token with this header and these payload bytes, rightly signed. */
char *mint_token_with(const struct mint *mint, const char *header_json, const void *payload,
                      size_t payload_bytes);

/* A delegated token as this service accepts it: iss and aud as above, ver "2.0", tid, oid, sub,
 * scp, azp, iat, nbf, exp, and a uti that counts, so that no two tokens of one mint are equal.
 * expires_seconds is an absolute Unix time. The texts go into JSON as they are. */
char *mint_delegated(struct mint *mint, const char *tenant_id, const char *object_id,
                     const char *scope, int64_t expires_seconds);

/* The signature of bytes in JWS form (ES256: 64 bytes); returns its size, at most 1024. */
size_t mint_sign(const struct mint *mint, const void *data, size_t data_bytes,
                 uint8_t signature[1024]);

/* base64url without padding. */
char *mint_base64url(const void *data, size_t size_bytes);

#endif
