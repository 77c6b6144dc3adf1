// SPDX-License-Identifier: MIT
/* The key set file while the daemon runs: rotation, and what unknown keys make it read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "tests/unit/daemon/auth/fixture.h"

#define REFRESH_MS INT64_C(300000)

struct scene {
    char *path;
    struct mint *first;
    struct mint *second;
    struct mint *third;
    struct authorizer *authorizer;
    char message[KEY_SET_MESSAGE_BYTES];
};

static void write_keys(struct scene *s, struct mint *a, struct mint *b)
{
    struct mint *mints[] = {a, b};

    assert_int_equal(mint_write_key_set(s->path, mints, b ? 2 : 1), 0);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct authorizer_options options = {
        .rules = *fixture_rules(), .cache_entries = 64, .refresh_ms = REFRESH_MS};

    assert_non_null(s);
    s->path = fixture_path("refreshed.json");
    s->first = mint_new(MINT_ES256, "first");
    s->second = mint_new(MINT_EDDSA, "second");
    s->third = mint_new(MINT_EDDSA, "third");
    write_keys(s, s->first, NULL);
    options.key_set_path = s->path;
    assert_int_equal(authorizer_new(&s->authorizer, &options, s->message), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    authorizer_destroy(&s->authorizer);
    mint_destroy(&s->first);
    mint_destroy(&s->second);
    mint_destroy(&s->third);
    free(s->path);
    free(s);
    return 0;
}

static int check(struct scene *s, struct mint *mint)
{
    char *token = mint_delegated(mint, TENANT, PERSON, READ_ALL, NOW_SECONDS + 100);
    struct claims claims;
    int rc = authorizer_check(s->authorizer, text_of(token), NOW, &claims);

    free(token);
    return rc;
}

/* Whether the file was read, with what came of it. */
static bool refresh(struct scene *s, int64_t now_ms, int *rc)
{
    *rc = 1;
    s->message[0] = '\0';
    return authorizer_refresh(s->authorizer, (struct mono){now_ms}, rc, s->message);
}

static void a_file_that_did_not_change_is_not_read(void **state)
{
    struct scene *s = *state;
    int rc;

    for (int64_t now_ms = 0; now_ms < 5 * REFRESH_MS; now_ms += REFRESH_MS / 10)
        assert_false(refresh(s, now_ms, &rc));
}

static void keys_are_rotated_without_a_gap(void **state)
{
    struct scene *s = *state;
    int rc;

    assert_int_equal(check(s, s->first), 0);
    assert_int_equal(check(s, s->second), -ERROR_TOKEN_KEY);
    write_keys(s, s->second, s->first); /* the order means nothing */
    assert_true(refresh(s, 1000, &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(check(s, s->first), 0);
    assert_int_equal(check(s, s->second), 0);
    write_keys(s, s->second, s->third);
    assert_int_equal(check(s, s->third), -ERROR_TOKEN_KEY);
    assert_false(refresh(s, 1000 + REFRESH_MS - 1, &rc));
    assert_int_equal(check(s, s->first), 0);
    assert_true(refresh(s, 1000 + REFRESH_MS, &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(check(s, s->first), -ERROR_TOKEN_KEY);
    assert_int_equal(check(s, s->third), 0);
}

static bool follow(struct scene *s, int64_t now_ms, int *rc)
{
    *rc = 1;
    return authorizer_follow(s->authorizer, (struct mono){now_ms}, rc, s->message);
}

static void a_removed_key_ends_though_nobody_asks(void **state)
{
    struct scene *s = *state;
    int rc;

    assert_false(follow(s, 0, &rc));
    assert_int_equal(check(s, s->first), 0);
    write_keys(s, s->second, NULL);
    assert_false(follow(s, AUTHORIZER_LOOK_MS - 1, &rc));
    assert_int_equal(check(s, s->first), 0);
    assert_true(follow(s, AUTHORIZER_LOOK_MS, &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(check(s, s->first), -ERROR_TOKEN_KEY);
    assert_int_equal(check(s, s->second), 0);
    assert_false(follow(s, 2 * AUTHORIZER_LOOK_MS, &rc));
}

static void a_changed_file_that_cannot_be_used_leaves_the_keys_and_is_tried_again_later(
    void **state)
{
    struct scene *s = *state;
    int rc;

    assert_int_equal(remove(s->path), 0);
    assert_true(follow(s, 0, &rc));
    assert_int_equal(rc, -ERROR_IO);
    write_keys(s, s->second, NULL);
    assert_false(follow(s, AUTHORIZER_FAILED_MS - 1, &rc));
    assert_int_equal(check(s, s->first), 0);
    assert_true(follow(s, AUTHORIZER_FAILED_MS, &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(check(s, s->first), -ERROR_TOKEN_KEY);
}

static void a_storm_of_unknown_keys_costs_one_read_in_each_interval(void **state)
{
    struct scene *s = *state;
    int reads = 0;

    for (int64_t now_ms = 0; now_ms < 3 * REFRESH_MS; now_ms += 100) {
        int rc;
        if (now_ms % 1000 == 0)
            write_keys(s, s->second, now_ms % 2000 == 0 ? s->third : NULL); /* it changes as well */
        reads += refresh(s, now_ms, &rc);
    }
    assert_int_equal(reads, 3);
}

static void a_bad_file_is_read_once_in_an_interval_and_leaves_the_keys(void **state)
{
    static const char *const contents[] = {"", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\"}]}"};
    struct scene *s = *state;
    int64_t now_ms = 0;
    int rc;

    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++, now_ms += REFRESH_MS) {
        FILE *file = fopen(s->path, "we");
        assert_non_null(file);
        assert_true(fputs(contents[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_true(refresh(s, now_ms, &rc));
        assert_int_equal(rc, -ERROR_CONFIGURATION);
        assert_non_null(strstr(s->message, "refreshed.json: "));
        assert_false(refresh(s, now_ms + 1, &rc));
        assert_int_equal(check(s, s->first), 0);
    }
    assert_int_equal(remove(s->path), 0);
    assert_true(refresh(s, now_ms, &rc));
    assert_int_equal(rc, -ERROR_IO);
    assert_false(refresh(s, now_ms + REFRESH_MS - 1, &rc));
    assert_int_equal(check(s, s->first), 0);
    write_keys(s, s->second, NULL);
    assert_true(refresh(s, now_ms + REFRESH_MS, &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(check(s, s->second), 0);
}

static void a_file_that_was_only_touched_is_read_once(void **state)
{
    struct scene *s = *state;
    int rc;

    write_keys(s, s->first, NULL); /* the same bytes in another file */
    assert_true(refresh(s, 0, &rc));
    assert_int_equal(rc, 0);
    assert_false(refresh(s, 2 * REFRESH_MS, &rc));
    assert_int_equal(check(s, s->first), 0);
}

static void a_reload_on_request_is_not_held_back(void **state)
{
    struct scene *s = *state;
    int rc;

    write_keys(s, s->second, NULL);
    assert_true(refresh(s, 0, &rc));
    write_keys(s, s->third, NULL);
    assert_int_equal(authorizer_reload_keys(s->authorizer, s->message), 0);
    assert_int_equal(check(s, s->third), 0);
    assert_false(refresh(s, 2 * REFRESH_MS, &rc));
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(a_file_that_did_not_change_is_not_read),
        ROW(keys_are_rotated_without_a_gap),
        ROW(a_removed_key_ends_though_nobody_asks),
        ROW(a_changed_file_that_cannot_be_used_leaves_the_keys_and_is_tried_again_later),
        ROW(a_storm_of_unknown_keys_costs_one_read_in_each_interval),
        ROW(a_bad_file_is_read_once_in_an_interval_and_leaves_the_keys),
        ROW(a_file_that_was_only_touched_is_read_once),
        ROW(a_reload_on_request_is_not_held_back),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
