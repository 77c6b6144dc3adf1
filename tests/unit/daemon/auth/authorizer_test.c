// SPDX-License-Identifier: MIT
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "schemas/base/limits.h"
#include "schemas/base/sha256.h"
#include "tests/unit/daemon/auth/fixture.h"

/* Every allocation of libcrypto and jansson. A verification cannot do without; a remembered one
 * can. */
static unsigned long allocations;

static void *count_json_malloc(size_t size)
{
    allocations++;
    return malloc(size);
}

static void *count_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return count_json_malloc(size);
}

static void *count_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return realloc(memory, size);
}

static void count_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

struct scene {
    char *path;
    struct mint *mint;
    struct authorizer *authorizer;
    char message[KEY_SET_MESSAGE_BYTES];
};

static void write_keys(struct scene *s, struct mint *mint)
{
    assert_int_equal(mint_write_key_set(s->path, &mint, 1), 0);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct authorizer_options options = {.rules = *fixture_rules(), .cache_entries = 64};

    assert_non_null(s);
    s->path = fixture_path("authorizer.json");
    s->mint = mint_new(MINT_ES256, "first");
    write_keys(s, s->mint);
    options.key_set_path = s->path;
    assert_int_equal(authorizer_new(&s->authorizer, &options, s->message), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    authorizer_destroy(&s->authorizer);
    authorizer_destroy(&s->authorizer);
    mint_destroy(&s->mint);
    free(s->path);
    free(s);
    return 0;
}

static char *token_of(struct mint *mint)
{
    return mint_delegated(mint, TENANT, PERSON, READ_ALL, NOW_SECONDS + 100);
}

static int check_at(struct scene *s, const char *token, int64_t now_ms)
{
    struct claims claims;

    return authorizer_check(s->authorizer, text_of(token), (struct wall){now_ms}, &claims);
}

static int check(struct scene *s, const char *token)
{
    return check_at(s, token, NOW.ms);
}

static void a_remembered_token_has_the_same_claims(void **state)
{
    struct scene *s = *state;
    char *token = token_of(s->mint);
    struct claims first;
    struct claims second;

    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    assert_int_equal(authorizer_check(s->authorizer, text_of(token), NOW, &first), 0);
    assert_int_equal(authorizer_check(s->authorizer, text_of(token), NOW, &second), 0);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_string_equal(first.token_id, "mint-first-1");
    free(token);
}

/* What libcrypto allocates for one digest: some versions take a small context for each. */
static unsigned long allocations_of_a_digest(void)
{
    uint8_t digest[SHA256_BYTES];
    struct sha256 sha256;
    unsigned long before;
    unsigned long used;

    assert_int_equal(sha256_init(&sha256), 0);
    before = allocations;
    assert_int_equal(sha256_digest(&sha256, "abc", 3, digest), 0);
    used = allocations - before;
    sha256_release(&sha256);
    return used;
}

static void a_remembered_token_costs_one_digest_and_nothing_else(void **state)
{
    struct scene *s = *state;
    char *token = token_of(s->mint);
    unsigned long of_a_digest = allocations_of_a_digest();
    unsigned long before = allocations;

    assert_int_equal(check(s, token), 0);
    assert_true(allocations > before + of_a_digest); /* this was a verification */
    before = allocations;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(check(s, token), 0);
    assert_int_equal(allocations - before, 1000 * of_a_digest);
    free(token);
}

static void a_refused_token_is_verified_every_time(void **state)
{
    struct scene *s = *state;
    char *token = token_of(s->mint);
    unsigned long of_a_digest = allocations_of_a_digest();
    char *changed = token + strlen(token) - 10;

    *changed = *changed == 'A' ? 'B' : 'A';
    for (int i = 0; i < 3; i++) {
        unsigned long before = allocations;
        assert_int_equal(check(s, token), -ERROR_TOKEN_SIGNATURE);
        assert_true(allocations > before + of_a_digest);
    }
    free(token);
}

static void a_remembered_token_expires_when_a_fresh_one_would(void **state)
{
    struct scene *s = *state;
    char *token = token_of(s->mint);
    const int64_t end_ms = NOW.ms + 160000; /* exp and 60 s skew */
    const int64_t start_ms = ((int64_t)MINT_ISSUED_SECONDS - 60) * 1000;

    assert_int_equal(check(s, token), 0);
    assert_int_equal(check_at(s, token, end_ms - 1), 0);
    assert_int_equal(check_at(s, token, end_ms), -ERROR_TOKEN_EXPIRED);
    assert_int_equal(check_at(s, token, start_ms), 0);
    assert_int_equal(check_at(s, token, start_ms - 1), -ERROR_TOKEN_NOT_YET_VALID);
    free(token);
}

static void no_token_is_missing_and_a_long_one_too_long(void **state)
{
    struct scene *s = *state;
    char *token = malloc(LIMIT_TOKEN_BYTES + 2);

    assert_non_null(token);
    memset(token, 'A', LIMIT_TOKEN_BYTES + 1);
    token[LIMIT_TOKEN_BYTES + 1] = '\0';
    assert_int_equal(check(s, ""), -ERROR_TOKEN_MISSING);
    assert_int_equal(check(s, token), -ERROR_TOKEN_TOO_LONG);
    free(token);
}

static void a_key_that_left_the_set_opens_nothing_after_a_reload(void **state)
{
    struct scene *s = *state;
    struct mint *next = mint_new(MINT_EDDSA, "second");
    char *old_token = token_of(s->mint);
    char *new_token = token_of(next);

    assert_int_equal(check(s, old_token), 0);
    assert_int_equal(check(s, new_token), -ERROR_TOKEN_KEY);
    write_keys(s, next);
    assert_int_equal(check(s, old_token), 0); /* until somebody says reload */
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), 0);
    assert_int_equal(check(s, old_token), -ERROR_TOKEN_KEY);
    assert_int_equal(check(s, new_token), 0);
    free(new_token);
    free(old_token);
    mint_destroy(&next);
}

static void a_key_replaced_under_its_kid_opens_nothing_after_a_reload(void **state)
{
    struct scene *s = *state;
    struct mint *next = mint_new(MINT_ES256, "first");
    char *token = token_of(s->mint);

    assert_int_equal(check(s, token), 0);
    write_keys(s, next);
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), 0);
    assert_int_equal(check(s, token), -ERROR_TOKEN_SIGNATURE);
    free(token);
    mint_destroy(&next);
}

static void a_key_that_changed_its_type_refuses_the_algorithm(void **state)
{
    struct scene *s = *state;
    struct mint *next = mint_new(MINT_EDDSA, "first");
    char *token = token_of(s->mint);

    write_keys(s, next);
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), 0);
    assert_int_equal(check(s, token), -ERROR_TOKEN_KEY_ALGORITHM);
    free(token);
    mint_destroy(&next);
}

static void write_text(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_bad_file_leaves_the_last_good_set_in_force(void **state)
{
    static const char *const contents[] = {
        "", "{", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"first\",\"k\":\"AA\"}]}"};
    struct scene *s = *state;
    char *token = token_of(s->mint);
    char *fresh = token_of(s->mint);

    assert_int_equal(check(s, token), 0);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        write_text(s->path, contents[i]);
        s->message[0] = '\0';
        assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), -ERROR_CONFIGURATION);
        assert_non_null(strstr(s->message, "authorizer.json: "));
        assert_int_equal(check(s, token), 0);
    }
    assert_int_equal(remove(s->path), 0);
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), -ERROR_IO);
    assert_int_equal(check(s, token), 0);
    assert_int_equal(check(s, fresh), 0);
    free(fresh);
    free(token);
}

static void reloading_the_same_file_keeps_what_is_remembered(void **state)
{
    struct scene *s = *state;
    char *token = token_of(s->mint);
    unsigned long of_a_digest = allocations_of_a_digest();
    unsigned long before;

    assert_int_equal(check(s, token), 0);
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), 0);
    before = allocations;
    assert_int_equal(check(s, token), 0);
    assert_int_equal(allocations - before, of_a_digest);
    free(token);
}

static void wrong_rules_and_a_missing_file_are_named(void **state)
{
    struct scene *s = *state;
    struct authorizer_options options = {.rules = *fixture_rules(), .key_set_path = "/"};
    struct authorizer *made = NULL;

    assert_int_equal(authorizer_new(&made, &options, s->message), -ERROR_CONFIGURATION);
    assert_string_equal(s->message, "/: not a regular file");
    options.rules.skew_seconds = 301;
    assert_int_equal(authorizer_new(&made, &options, s->message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(s->message, "at most 300 seconds"));
    assert_null(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_remembered_token_has_the_same_claims, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_remembered_token_costs_one_digest_and_nothing_else,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_token_is_verified_every_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_remembered_token_expires_when_a_fresh_one_would, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_token_is_missing_and_a_long_one_too_long, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_left_the_set_opens_nothing_after_a_reload,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_replaced_under_its_kid_opens_nothing_after_a_reload,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_changed_its_type_refuses_the_algorithm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_bad_file_leaves_the_last_good_set_in_force, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reloading_the_same_file_keeps_what_is_remembered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(wrong_rules_and_a_missing_file_are_named, set_up,
                                        tear_down),
    };

    if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
        return 1;
    json_set_alloc_funcs(count_json_malloc, free);
    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
