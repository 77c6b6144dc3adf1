// SPDX-License-Identifier: MIT
#include <string.h>

#include "daemon/auth/token_cache.h"
#include "tests/unit/daemon/auth/fixture.h"

/* A digest that chooses the places of low, and is told from others by high. */
static void digest_of(uint64_t low, uint64_t high, uint8_t digest[SHA256_BYTES])
{
    memset(digest, 0, SHA256_BYTES);
    memcpy(digest, &low, sizeof(low));
    memcpy(digest + 16, &high, sizeof(high));
}

static struct claims claims_of(uint8_t person, int64_t from_ms, int64_t until_ms)
{
    struct claims claims;

    memset(&claims, 0, sizeof(claims));
    claims.object_id.bytes[0] = person;
    claims.valid_from.ms = from_ms;
    claims.valid_until.ms = until_ms;
    return claims;
}

static void put(struct token_cache *cache, uint64_t low, uint64_t high, uint8_t person)
{
    uint8_t digest[SHA256_BYTES];
    struct claims claims = claims_of(person, 0, 1000);

    digest_of(low, high, digest);
    token_cache_put(cache, digest, (struct wall){500}, &claims);
}

/* The person found at an instant, or -1. */
static int find(struct token_cache *cache, uint64_t low, uint64_t high, int64_t now_ms)
{
    uint8_t digest[SHA256_BYTES];
    struct claims claims;

    digest_of(low, high, digest);
    if (!token_cache_find(cache, digest, (struct wall){now_ms}, &claims))
        return -1;
    return claims.object_id.bytes[0];
}

static void what_was_put_is_found_under_its_digest_only(void **state)
{
    struct token_cache *cache = NULL;
    uint8_t digest[SHA256_BYTES];
    struct claims claims = claims_of(9, 0, 1000);

    (void)state;
    assert_int_equal(token_cache_new(&cache, 64), 0);
    digest_of(7, 8, digest);
    token_cache_put(cache, digest, (struct wall){500}, &claims);
    assert_int_equal(find(cache, 7, 8, 500), 9);
    for (size_t bit = 0; bit < (size_t)SHA256_BYTES * 8; bit++) {
        struct claims found;
        digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(token_cache_find(cache, digest, (struct wall){500}, &found));
        digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    token_cache_destroy(&cache);
    token_cache_destroy(&cache);
    assert_null(cache);
}

static void an_empty_cache_finds_nothing_even_for_a_digest_of_zeros(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, 64), 0);
    assert_int_equal(find(cache, 0, 0, 0), -1);
    token_cache_destroy(&cache);
}

static void an_entry_is_good_from_its_start_until_its_end(void **state)
{
    struct token_cache *cache = NULL;
    uint8_t digest[SHA256_BYTES];
    struct claims claims = claims_of(5, 100, 200);

    (void)state;
    assert_int_equal(token_cache_new(&cache, 8), 0);
    digest_of(1, 1, digest);
    token_cache_put(cache, digest, (struct wall){150}, &claims);
    assert_int_equal(find(cache, 1, 1, 99), -1);
    assert_int_equal(find(cache, 1, 1, 100), 5);
    assert_int_equal(find(cache, 1, 1, 199), 5);
    assert_int_equal(find(cache, 1, 1, 200), -1);
    assert_int_equal(find(cache, 1, 1, 150), 5); /* a clock that went back changes nothing */
    token_cache_destroy(&cache);
}

static void putting_again_replaces(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, 8), 0);
    put(cache, 1, 1, 3);
    put(cache, 1, 2, 4);
    put(cache, 1, 1, 5);
    assert_int_equal(find(cache, 1, 1, 500), 5);
    assert_int_equal(find(cache, 1, 2, 500), 4);
    for (uint8_t other = 10; other < 16; other++)
        put(cache, 1, other, other); /* eight places: had the first one two, one would be gone */
    assert_int_equal(find(cache, 1, 1, 500), 5);
    assert_int_equal(find(cache, 1, 2, 500), 4);
    token_cache_destroy(&cache);
}

static void the_entry_used_longest_ago_gives_way(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, 8), 0);
    for (uint8_t i = 0; i < 8; i++)
        put(cache, 3, i, i);
    assert_int_equal(find(cache, 3, 0, 500), 0); /* used again: now 1 is the oldest */
    put(cache, 3, 100, 100);
    assert_int_equal(find(cache, 3, 1, 500), -1);
    assert_int_equal(find(cache, 3, 0, 500), 0);
    assert_int_equal(find(cache, 3, 100, 500), 100);
    for (uint8_t i = 2; i < 8; i++)
        assert_int_equal(find(cache, 3, i, 500), i);
    token_cache_destroy(&cache);
}

static void an_expired_entry_gives_way_first(void **state)
{
    struct token_cache *cache = NULL;
    uint8_t digest[SHA256_BYTES];
    struct claims brief = claims_of(77, 0, 600);
    struct claims fresh = claims_of(100, 0, 1000);

    (void)state;
    assert_int_equal(token_cache_new(&cache, 8), 0);
    for (uint8_t i = 0; i < 7; i++)
        put(cache, 3, i, i);
    digest_of(3, 77, digest);
    token_cache_put(cache, digest, (struct wall){500},
                    &brief); /* the youngest, and expired at 600 */
    digest_of(3, 100, digest);
    token_cache_put(cache, digest, (struct wall){700}, &fresh);
    for (uint8_t i = 0; i < 7; i++)
        assert_int_equal(find(cache, 3, i, 700), i);
    assert_int_equal(find(cache, 3, 100, 700), 100);
    token_cache_destroy(&cache);
}

static void as_many_tokens_as_asked_for_have_room(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 9, 4096};
    struct token_cache *cache = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(token_cache_new(&cache, sizes[i]), 0);
        for (size_t entry = 0; entry < sizes[i]; entry++)
            put(cache, entry, entry, (uint8_t)entry);
        for (size_t entry = 0; entry < sizes[i]; entry++)
            assert_int_equal(find(cache, entry, entry, 500), (uint8_t)entry);
        token_cache_destroy(&cache);
    }
}

static void clearing_forgets_everything(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, 64), 0);
    for (uint8_t i = 0; i < 64; i++)
        put(cache, i, i, i);
    token_cache_clear(cache);
    for (uint8_t i = 0; i < 64; i++)
        assert_int_equal(find(cache, i, i, 500), -1);
    token_cache_destroy(&cache);
}

static void a_cache_of_no_entries_holds_nothing(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, 0), 0);
    put(cache, 1, 1, 1);
    assert_int_equal(find(cache, 1, 1, 500), -1);
    token_cache_clear(cache);
    token_cache_destroy(&cache);
}

static void more_than_memory_can_hold_is_refused(void **state)
{
    struct token_cache *cache = NULL;

    (void)state;
    assert_int_equal(token_cache_new(&cache, SIZE_MAX), -ERROR_MEMORY);
    assert_null(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_under_its_digest_only),
        cmocka_unit_test(an_empty_cache_finds_nothing_even_for_a_digest_of_zeros),
        cmocka_unit_test(an_entry_is_good_from_its_start_until_its_end),
        cmocka_unit_test(putting_again_replaces),
        cmocka_unit_test(the_entry_used_longest_ago_gives_way),
        cmocka_unit_test(an_expired_entry_gives_way_first),
        cmocka_unit_test(as_many_tokens_as_asked_for_have_room),
        cmocka_unit_test(clearing_forgets_everything),
        cmocka_unit_test(a_cache_of_no_entries_holds_nothing),
        cmocka_unit_test(more_than_memory_can_hold_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
