// SPDX-License-Identifier: MIT
/* Verdicts about tokens that were accepted, by the SHA-256 of the token, so that a busy caller
 * costs one signature check. A find gives exactly what verifying the token again would give, as
 * long as keys and rules stay; whoever changes them clears the cache. All memory is taken at the
 * start: finding and putting allocate nothing, and when a place is needed the entry used longest
 * ago goes. */
#ifndef DAEMON_AUTH_TOKEN_CACHE_H
#define DAEMON_AUTH_TOKEN_CACHE_H

#include "daemon/auth/claims.h"
#include "schemas/base/sha256.h"

struct token_cache;

/* Room for at least this many entries (0: a cache that holds nothing), rounded up to a power of
 * two. 0 or -ERROR_MEMORY; the caller owns *cache. */
int token_cache_new(struct token_cache **cache, size_t entries);
void token_cache_destroy(struct token_cache **cache);

/* True, with a copy in *claims, when the token is known and good at this time. */
bool token_cache_find(struct token_cache *cache, const uint8_t digest[SHA256_BYTES],
                      struct wall now, struct claims *claims);

/* Remembers claims of a token that was just accepted. */
void token_cache_put(struct token_cache *cache, const uint8_t digest[SHA256_BYTES], struct wall now,
                     const struct claims *claims);

void token_cache_clear(struct token_cache *cache);

#endif
