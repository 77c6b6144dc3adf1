// SPDX-License-Identifier: MIT
#include "daemon/auth/authorizer.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/auth/token_cache.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

struct authorizer {
    struct authorizer_options options;
    struct key_set *keys;
    struct token_cache *cache;
    struct sha256 sha256;
};

int authorizer_new(struct authorizer **authorizer, const struct authorizer_options *options,
                   char message[KEY_SET_MESSAGE_BYTES])
{
    struct authorizer *made = NULL;
    int rc = token_rules_check(&options->rules);

    if (rc) {
        (void)snprintf(message, KEY_SET_MESSAGE_BYTES,
                       "token rules: expected at least one issuer and one audience, none of them "
                       "empty, and a skew of at most %d seconds",
                       TOKEN_SKEW_SECONDS_MOST);
        return rc;
    }
    (void)snprintf(message, KEY_SET_MESSAGE_BYTES, "out of memory");
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ERROR_MEMORY;
    made->options = *options;
    if ((rc = sha256_init(&made->sha256)) ||
        (rc = token_cache_new(&made->cache, options->cache_entries)) ||
        (rc = key_set_load(&made->keys, options->key_set_path, message)))
        authorizer_destroy(&made);
    else
        *authorizer = made;
    return rc;
}

void authorizer_destroy(struct authorizer **authorizer)
{
    struct authorizer *old = *authorizer;

    if (!old)
        return;
    key_set_destroy(&old->keys);
    token_cache_destroy(&old->cache);
    sha256_release(&old->sha256);
    free(old);
    *authorizer = NULL;
}

int authorizer_check(struct authorizer *authorizer, struct text token, struct wall now,
                     struct claims *claims)
{
    uint8_t digest[SHA256_BYTES];
    int rc;

    if (token.size_bytes == 0)
        return -ERROR_TOKEN_MISSING;
    if (token.size_bytes > LIMIT_TOKEN_BYTES)
        return -ERROR_TOKEN_TOO_LONG;
    rc = sha256_digest(&authorizer->sha256, token.data, token.size_bytes, digest);
    if (rc)
        return rc;
    if (token_cache_find(authorizer->cache, digest, now, claims))
        return 0;
    rc = token_verify(&authorizer->options.rules, authorizer->keys, token, now, claims);
    if (!rc)
        token_cache_put(authorizer->cache, digest, now, claims);
    return rc;
}

int authorizer_reload(struct authorizer *authorizer, char message[KEY_SET_MESSAGE_BYTES])
{
    struct key_set *fresh = NULL;
    int rc = key_set_load(&fresh, authorizer->options.key_set_path, message);

    if (rc)
        return rc;
    if (!key_set_equal(fresh, authorizer->keys)) {
        struct key_set *old = authorizer->keys;
        authorizer->keys = fresh;
        fresh = old;
        token_cache_clear(authorizer->cache);
    }
    key_set_destroy(&fresh);
    return 0;
}
