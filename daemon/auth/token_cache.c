// SPDX-License-Identifier: MIT
#include "daemon/auth/token_cache.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

#define WAYS 8 /* places that one digest may have */

struct entry {
    uint8_t digest[SHA256_BYTES];
    uint64_t used; /* when last, in finds and puts; 0: the place is free */
    struct claims claims;
};

struct token_cache {
    size_t set_mask; /* sets less one; sets are a power of two */
    bool is_empty_always;
    uint64_t clock; /* counts finds and puts */
    struct entry entries[];
};

int token_cache_new(struct token_cache **cache, size_t entries)
{
    size_t sets = 1;
    struct token_cache *made;

    while (sets * WAYS < entries) {
        sets *= 2;
        if (sets > SIZE_MAX / 2 / WAYS / sizeof(struct entry))
            return -ERROR_MEMORY;
    }
    made = calloc(1, sizeof(*made) + sets * WAYS * sizeof(struct entry));
    if (!made)
        return -ERROR_MEMORY;
    made->set_mask = sets - 1;
    made->is_empty_always = entries == 0;
    *cache = made;
    return 0;
}

void token_cache_destroy(struct token_cache **cache)
{
    free(*cache);
    *cache = NULL;
}

static bool is_good(const struct entry *entry, struct wall now)
{
    return entry->used != 0 && entry->claims.valid_from.ms <= now.ms &&
           now.ms < entry->claims.valid_until.ms;
}

/* A digest is spread evenly already: any bits of it choose the places. */
static struct entry *places(struct token_cache *cache, const uint8_t digest[SHA256_BYTES])
{
    uint64_t bits;

    memcpy(&bits, digest, sizeof(bits));
    return &cache->entries[(bits & cache->set_mask) * WAYS];
}

bool token_cache_find(struct token_cache *cache, const uint8_t digest[SHA256_BYTES],
                      struct wall now, struct claims *claims)
{
    struct entry *place = places(cache, digest);

    for (size_t i = 0; i < WAYS; i++) {
        /* Not in constant time: how far a digest agrees tells nobody how to make a token with it.
         */
        if (!is_good(&place[i], now) || memcmp(place[i].digest, digest, SHA256_BYTES) != 0)
            continue;
        place[i].used = ++cache->clock;
        *claims = place[i].claims;
        return true;
    }
    return false;
}

void token_cache_put(struct token_cache *cache, const uint8_t digest[SHA256_BYTES], struct wall now,
                     const struct claims *claims)
{
    struct entry *place = places(cache, digest);
    struct entry *chosen = place;

    if (cache->is_empty_always)
        return;
    for (size_t i = 0; i < WAYS; i++) {
        bool is_same = place[i].used != 0 && memcmp(place[i].digest, digest, SHA256_BYTES) == 0;
        if (is_same || !is_good(&place[i], now)) {
            chosen = &place[i];
            if (is_same)
                break;
        } else if (is_good(chosen, now) && place[i].used < chosen->used) {
            chosen = &place[i];
        }
    }
    memcpy(chosen->digest, digest, SHA256_BYTES);
    chosen->claims = *claims;
    chosen->used = ++cache->clock;
}

void token_cache_clear(struct token_cache *cache)
{
    memset(cache->entries, 0, (cache->set_mask + 1) * WAYS * sizeof(struct entry));
}
