// SPDX-License-Identifier: MIT
/* Access that is taken back: the file, and what it does to tokens that are good otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "schemas/base/limits.h"
#include "tests/unit/daemon/auth/fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct scene {
    char *keys_path;
    char *path;
    struct mint *mint;
    struct authorizer *authorizer;
    char message[KEY_SET_MESSAGE_BYTES];
};

static void write_text(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct authorizer_options options = {.rules = *fixture_rules(), .cache_entries = 64};

    assert_non_null(s);
    s->keys_path = fixture_path("revocations-keys.json");
    s->path = fixture_path("revocations.json");
    s->mint = mint_new(MINT_EDDSA, "first");
    assert_int_equal(mint_write_key_set(s->keys_path, &s->mint, 1), 0);
    write_text(s->path, "{}");
    options.key_set_path = s->keys_path;
    options.revocations_path = s->path;
    assert_int_equal(authorizer_new(&s->authorizer, &options, s->message), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    authorizer_destroy(&s->authorizer);
    mint_destroy(&s->mint);
    free(s->path);
    free(s->keys_path);
    free(s);
    return 0;
}

static int check(struct scene *s, const char *member, const char *json_value)
{
    char *payload = fixture_payload(member, json_value);
    char *token = mint_token(s->mint, payload);
    struct claims claims;
    int rc = authorizer_check(s->authorizer, text_of(token), NOW, &claims);

    free(token);
    free(payload);
    return rc;
}

/* What the file says about claims. */
static int revocations_of(struct scene *s, const struct claims *claims)
{
    struct revocations *revocations = NULL;
    int rc;

    assert_int_equal(revocations_load(&revocations, s->path, s->message), 0);
    rc = revocations_check(revocations, claims);
    revocations_destroy(&revocations);
    return rc;
}

static void revoke(struct scene *s, const char *content)
{
    write_text(s->path, content);
    s->message[0] = '\0';
    if (authorizer_reload_revocations(s->authorizer, s->message) != 0)
        fail_msg("%s", s->message);
}

static void a_revoked_token_is_refused_and_its_neighbours_are_not(void **state)
{
    struct scene *s = *state;

    revoke(s, "{\"tokens\":[\"x\",\"made-up-2\",\"made-up-1\",\"a.b_c\"]}");
    assert_int_equal(check(s, NULL, NULL), -ERROR_TOKEN_REVOKED);
    assert_int_equal(check(s, "uti", "\"a.b_c\""), -ERROR_TOKEN_REVOKED);
    assert_int_equal(check(s, "uti", "\"made-up-11\""), 0);
    assert_int_equal(check(s, "uti", "\"Made-up-1\""), 0);
    assert_int_equal(check(s, "uti", "\"\""), 0);
    assert_int_equal(check(s, "uti", NULL), 0);
}

static void a_revoked_person_is_refused_whatever_the_token(void **state)
{
    struct scene *s = *state;

    revoke(s, "{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" OTHER_TENANT "\"},"
              "{\"tid\":\"" OTHER_TENANT "\",\"oid\":\"" PERSON "\"}]}");
    assert_int_equal(check(s, NULL, NULL), 0); /* the same person in another tenant is another */
    assert_int_equal(check(s, "oid", "\"" OTHER_TENANT "\""), -ERROR_PERSON_REVOKED);
    revoke(s, "{\"persons\":[{\"tid\":\"7C0A2F4E-1B3D-4C5E-8F90-A1B2C3D4E5F6\",\"oid\":\"" PERSON
              "\"}]}");
    assert_int_equal(check(s, NULL, NULL), -ERROR_PERSON_REVOKED);
    assert_int_equal(check(s, "uti", NULL), -ERROR_PERSON_REVOKED);
    assert_int_equal(check(s, "oid", "\"" OTHER_TENANT "\""), 0);
}

static void who_is_revoked_can_be_asked_without_a_token(void **state)
{
    struct scene *s = *state;
    struct uuid tenant;
    struct uuid person;

    assert_int_equal(uuid_parse(TEXT(TENANT), &tenant), 0);
    assert_int_equal(uuid_parse(TEXT(PERSON), &person), 0);
    assert_false(authorizer_has_revoked(s->authorizer, &tenant, &person));
    assert_false(authorizer_has_revoked_persons(s->authorizer));
    revoke(s, "{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" PERSON "\"}]}");
    assert_true(authorizer_has_revoked(s->authorizer, &tenant, &person));
    assert_true(authorizer_has_revoked_persons(s->authorizer));
    assert_false(authorizer_has_revoked(s->authorizer, &person, &tenant));
    assert_int_equal(uuid_parse(TEXT(OTHER_TENANT), &tenant), 0);
    assert_false(authorizer_has_revoked(s->authorizer, &tenant, &person));
    assert_false(revocations_name_person(NULL, &tenant, &person));
}

static void who_acts_for_a_person_can_be_revoked_too(void **state)
{
    struct scene *s = *state;
    static const char acting[] = "{\"sub\":\"a\",\"oid\":\"" OTHER_TENANT "\"}";
    static const char acted[] = "{\"sub\":\"b\",\"act\":{\"oid\":\"" OTHER_TENANT "\"}}";

    assert_int_equal(check(s, "act", acting), 0);
    revoke(s, "{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" OTHER_TENANT "\"}]}");
    assert_int_equal(check(s, "act", acting), -ERROR_PERSON_REVOKED);
    assert_int_equal(check(s, "act", acted), 0); /* who acted before does not act now */
    assert_int_equal(check(s, NULL, NULL), 0);
}

static void a_remembered_verdict_ends_with_a_revocation_and_comes_back_with_its_end(void **state)
{
    struct scene *s = *state;
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token(s->mint, payload);
    struct claims claims;

    for (int round = 0; round < 3; round++) {
        assert_int_equal(authorizer_check(s->authorizer, text_of(token), NOW, &claims), 0);
        revoke(s, round % 2 ? "{\"tokens\":[\"made-up-1\"]}"
                            : "{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" PERSON "\"}]}");
        assert_int_equal(authorizer_check(s->authorizer, text_of(token), NOW, &claims),
                         round % 2 ? -ERROR_TOKEN_REVOKED : -ERROR_PERSON_REVOKED);
        revoke(s, "{}");
    }
    assert_int_equal(revocations_of(s, &claims), 0);
    revoke(s, "{\"tokens\":[\"made-up-1\"]}");
    assert_int_equal(revocations_of(s, &claims), -ERROR_TOKEN_REVOKED);
    free(token);
    free(payload);
}

static void a_bad_file_keeps_the_last_good_one(void **state)
{
    static const struct {
        const char *content;
        const char *complaint;
    } rows[] = {
        {"", "not well-formed JSON"},
        {"[]", "not a JSON object"},
        {"{\"token\":[\"a\"]}", "only the members"},
        {"{\"tokens\":\"a\"}", "are lists"},
        {"{\"tokens\":null}", "are lists"},
        {"{\"tokens\":[\"a\",7]}", "tokens[1]: expected a uti"},
        {"{\"tokens\":[\"\"]}", "tokens[0]: expected a uti"},
        {"{\"tokens\":[\"a b\"]}", "tokens[0]: expected a uti"},
        {"{\"tokens\":[\"0123456789012345678901234567890123456789012345678901234567890123x\"]}",
         "tokens[0]: expected a uti"},
        {"{\"tokens\":[],\"tokens\":[]}", "a member is given twice"},
        {"{\"persons\":[\"" PERSON "\"]}", "persons[0]: expected an object"},
        {"{\"persons\":[{\"oid\":\"" PERSON "\"}]}", "persons[0]: expected an object"},
        {"{\"persons\":[{\"tid\":\"" TENANT "\"}]}", "persons[0]: expected an object"},
        {"{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"x\"}]}",
         "persons[0]: expected an object"},
        {"{\"persons\":[{\"tid\":7,\"oid\":\"" PERSON "\"}]}", "persons[0]: expected an object"},
        {"{\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" PERSON "\",\"until\":1}]}",
         "persons[0]: expected an object"},
    };
    struct scene *s = *state;

    revoke(s, "{\"tokens\":[\"made-up-1\"]}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        write_text(s->path, rows[i].content);
        assert_int_equal(authorizer_reload_revocations(s->authorizer, s->message),
                         -ERROR_CONFIGURATION);
        if (!strstr(s->message, rows[i].complaint))
            print_error("%s\n", s->message);
        assert_non_null(strstr(s->message, rows[i].complaint));
        assert_non_null(strstr(s->message, "revocations.json: "));
        assert_int_equal(check(s, NULL, NULL), -ERROR_TOKEN_REVOKED);
    }
    assert_int_equal(remove(s->path), 0);
    assert_int_equal(authorizer_reload_revocations(s->authorizer, s->message), -ERROR_IO);
    assert_int_equal(check(s, NULL, NULL), -ERROR_TOKEN_REVOKED);
}

static void the_file_is_bounded(void **state)
{
    struct scene *s = *state;
    char *content = malloc(LIMIT_REVOCATIONS_BYTES + 2);

    assert_non_null(content);
    memset(content, ' ', LIMIT_REVOCATIONS_BYTES + 1);
    memcpy(content, "{}", 2);
    content[LIMIT_REVOCATIONS_BYTES + 1] = '\0';
    write_text(s->path, content);
    assert_int_equal(authorizer_reload_revocations(s->authorizer, s->message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(s->message, "longer than 1048576 bytes"));
    content[LIMIT_REVOCATIONS_BYTES] = '\0';
    revoke(s, content);
    free(content);
}

static void the_daemon_does_not_start_with_a_bad_file(void **state)
{
    struct scene *s = *state;
    struct authorizer_options options = {.rules = *fixture_rules(),
                                         .key_set_path = s->keys_path,
                                         .revocations_path = s->path,
                                         .cache_entries = 16};
    struct authorizer *made = NULL;

    write_text(s->path, "{");
    assert_int_equal(authorizer_new(&made, &options, s->message), -ERROR_CONFIGURATION);
    assert_null(made);
    options.revocations_path = "/";
    assert_int_equal(authorizer_new(&made, &options, s->message), -ERROR_CONFIGURATION);
    assert_string_equal(s->message, "/: not a regular file");
    options.revocations_path = NULL;
    assert_int_equal(authorizer_new(&made, &options, s->message), 0);
    assert_int_equal(authorizer_reload_revocations(made, s->message), 0);
    authorizer_destroy(&made);
}

static void many_are_all_found(void **state)
{
    struct scene *s = *state;
    FILE *file = fopen(s->path, "we");

    assert_non_null(file);
    (void)fputs("{\"tokens\":[\"first\"", file);
    for (unsigned i = 0; i < 20000; i++)
        (void)fprintf(file, ",\"t%u\"", i * 7919 % 20011);
    (void)fputs("]}", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(authorizer_reload_revocations(s->authorizer, s->message), 0);
    for (unsigned i = 0; i < 20000; i += 371) {
        struct claims claims = {0};
        (void)snprintf(claims.token_id, sizeof(claims.token_id), "t%u", i * 7919 % 20011);
        assert_int_equal(revocations_of(s, &claims), -ERROR_TOKEN_REVOKED);
    }
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(a_revoked_token_is_refused_and_its_neighbours_are_not),
        ROW(a_revoked_person_is_refused_whatever_the_token),
        ROW(who_is_revoked_can_be_asked_without_a_token),
        ROW(who_acts_for_a_person_can_be_revoked_too),
        ROW(a_remembered_verdict_ends_with_a_revocation_and_comes_back_with_its_end),
        ROW(a_bad_file_keeps_the_last_good_one),
        ROW(the_file_is_bounded),
        ROW(the_daemon_does_not_start_with_a_bad_file),
        ROW(many_are_all_found),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
