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
    struct revocations *revocations; /* NULL: none are configured */
    struct token_cache *cache;
    struct sha256 sha256;
    bool was_refreshed;
    struct mono refreshed; /* when the last unknown key made us read the file */
    struct mono look;      /* when the file is to be looked at */
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
        (rc = key_set_load(&made->keys, options->key_set_path, message)) ||
        (rc = authorizer_reload_revocations(made, message)))
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
    revocations_destroy(&old->revocations);
    token_cache_destroy(&old->cache);
    sha256_release(&old->sha256);
    free(old);
    *authorizer = NULL;
}

/* Remembered is what the token says. Whether it was revoked since is not part of that. */
static int verify(struct authorizer *authorizer, struct text token, struct wall now,
                  struct claims *claims)
{
    uint8_t digest[SHA256_BYTES];
    int rc = sha256_digest(&authorizer->sha256, token.data, token.size_bytes, digest);

    if (rc || token_cache_find(authorizer->cache, digest, now, claims))
        return rc;
    rc = token_verify(&authorizer->options.rules, authorizer->keys, token, now, claims);
    if (!rc)
        token_cache_put(authorizer->cache, digest, now, claims);
    return rc;
}

int authorizer_check(struct authorizer *authorizer, struct text token, struct wall now,
                     struct claims *claims)
{
    struct claims verified;
    int rc;

    if (token.size_bytes == 0)
        return -ERROR_TOKEN_MISSING;
    if (token.size_bytes > LIMIT_TOKEN_BYTES)
        return -ERROR_TOKEN_TOO_LONG;
    rc = verify(authorizer, token, now, &verified);
    if (!rc)
        rc = revocations_check(authorizer->revocations, &verified);
    if (!rc)
        *claims = verified;
    return rc;
}

int authorizer_check_vouched(const struct authorizer *authorizer,
                             const struct vouched_claims *vouched, struct wall now,
                             struct claims *claims)
{
    struct claims checked;
    int rc = vouched_claims_check(&authorizer->options.rules, vouched, now, &checked);

    if (!rc)
        rc = revocations_check(authorizer->revocations, &checked);
    if (!rc)
        *claims = checked;
    return rc;
}

bool authorizer_has_revoked_persons(const struct authorizer *authorizer)
{
    return revocations_name_persons(authorizer->revocations);
}

bool authorizer_has_revoked(const struct authorizer *authorizer, const struct uuid *tenant_id,
                            const struct uuid *object_id)
{
    return revocations_name_person(authorizer->revocations, tenant_id, object_id);
}

int authorizer_reload_keys(struct authorizer *authorizer, char message[KEY_SET_MESSAGE_BYTES])
{
    struct key_set *fresh = NULL;
    int rc = key_set_load(&fresh, authorizer->options.key_set_path, message);

    if (rc)
        return rc;
    if (!key_set_equal(fresh, authorizer->keys))
        token_cache_clear(authorizer->cache);
    key_set_destroy(&authorizer->keys);
    authorizer->keys = fresh;
    return 0;
}

int authorizer_reload_revocations(struct authorizer *authorizer,
                                  char message[KEY_SET_MESSAGE_BYTES])
{
    struct revocations *fresh = NULL;
    int rc = 0;

    if (authorizer->options.revocations_path)
        rc = revocations_load(&fresh, authorizer->options.revocations_path, message);
    if (rc)
        return rc;
    revocations_destroy(&authorizer->revocations);
    authorizer->revocations = fresh;
    return 0;
}

bool authorizer_refresh(struct authorizer *authorizer, struct mono now, int *rc,
                        char message[KEY_SET_MESSAGE_BYTES])
{
    const struct authorizer_options *options = &authorizer->options;

    if (authorizer->was_refreshed && now.ms - authorizer->refreshed.ms < options->refresh_ms)
        return false;
    if (key_set_is_current(authorizer->keys, options->key_set_path))
        return false;
    authorizer->was_refreshed = true;
    authorizer->refreshed = now;
    *rc = authorizer_reload_keys(authorizer, message);
    return true;
}

bool authorizer_follow(struct authorizer *authorizer, struct mono now, int *rc,
                       char message[KEY_SET_MESSAGE_BYTES])
{
    if (now.ms < authorizer->look.ms)
        return false;
    authorizer->look.ms = now.ms + AUTHORIZER_LOOK_MS;
    if (key_set_is_current(authorizer->keys, authorizer->options.key_set_path))
        return false;
    *rc = authorizer_reload_keys(authorizer, message);
    if (*rc)
        authorizer->look.ms = now.ms + AUTHORIZER_FAILED_MS;
    return true;
}
