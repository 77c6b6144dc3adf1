// SPDX-License-Identifier: MIT
/* Who acts for whom (RFC 8693 section 4.1), and directory roles: what either may change about the
 * verdict, over every combination. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/claims_expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OWN_ISSUER   "https://login.example.org/" TENANT "/v2.0"
#define READER       "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
#define ADMIN        "62e90394-69f5-4237-9190-012177145e10"

/* A chain of this many actors, the innermost with these members. */
static char *chain(int length, const char *innermost)
{
    char *text = fixture_format("{%s}", innermost);

    for (int i = 1; i < length; i++) {
        char *outer = fixture_format("{\"sub\":\"service-%d\",\"act\":%s}", i, text);
        free(text);
        text = outer;
    }
    return text;
}

static const struct {
    const char *members;
    bool is_actor;
} actors[] = {
    {"\"sub\":\"service\"", true},
    {"\"sub\":\"made-up\"", true}, /* the person itself */
    {"\"oid\":\"" OTHER_TENANT "\"", true},
    {"\"azp\":\"" OTHER_TENANT "\"", true},
    {"\"appid\":\"" OTHER_TENANT "\"", true},
    {"\"client_id\":\"gateway\"", true},
    {"\"sub\":\"service\",\"tid\":\"" TENANT "\"", true},
    {"\"sub\":\"service\",\"iss\":\"" OWN_ISSUER "\"", true},
    {"\"sub\":\"service\",\"scp\":\"" READ_WRITE " Exports.Approve\"", true},
    {"\"sub\":\"service\",\"wids\":[\"" ADMIN "\"]", true},
    {"", false},
    {"\"sub\":\"\"", false},
    {"\"sub\":7", false},
    {"\"sub\":null", false},
    {"\"name\":\"Somebody\"", false},
    {"\"sub\":\"service\",\"tid\":\"" OTHER_TENANT "\"", false},
    {"\"sub\":\"service\",\"tid\":7", false},
    {"\"sub\":\"service\",\"iss\":\"https://login.example.org/" OTHER_TENANT "/v2.0\"", false},
    {"\"sub\":\"service\",\"iss\":null", false},
};

static const char *const scopes[] = {READ_ALL, READ_WRITE, READ_ALL " " READ_WRITE,
                                     "Exports.Approve", "User.Read"};

static void an_actor_adds_no_right_and_takes_none(void **state)
{
    int cells = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(actors); i++) {
        for (int length = 1; length <= TOKEN_ACTORS_MOST + 1; length++) {
            for (size_t j = 0; j < COUNT(scopes); j++) {
                bool is_right = actors[i].is_actor && length <= TOKEN_ACTORS_MOST;
                char *text = chain(length, actors[i].members);
                char *payload = fixture_payload("act", text);
                json_t *object = json_loads(payload, 0, NULL);
                char *whole;
                struct claims claims;
                char person[UUID_TEXT_BUFFER];
                int rc;

                json_object_set_new(object, "scp", json_string(scopes[j]));
                whole = json_dumps(object, 0);
                rc = fixture_verify(mint_token(fixture_mint(MINT_EDDSA), whole), &claims);
                if (rc != (is_right ? 0 : -ERROR_TOKEN_ACTOR))
                    print_error("%s\n", text);
                assert_int_equal(rc, is_right ? 0 : -ERROR_TOKEN_ACTOR);
                if (is_right) {
                    assert_string_equal(uuid_format(&claims.object_id, person), PERSON);
                    assert_int_equal(
                        claims.scopes.bits,
                        scope_set_parse(text_of(scopes[j]), TEXT("Exports.Approve")).bits);
                    assert_int_equal(claims.has_actor,
                                     length == 1 && strstr(actors[i].members, "oid") != NULL);
                }
                cells++;
                free(whole);
                json_decref(object);
                free(payload);
                free(text);
            }
        }
    }
    assert_true(cells >= 200);
}

static void a_chain_without_end_is_too_deep(void **state)
{
    char *six = chain(6, "\"sub\":\"a\"");
    char *eight = chain(8, "\"sub\":\"a\"");

    (void)state;
    claims_expect("act", six, ERROR_TOKEN_ACTOR);
    claims_expect("act", eight, ERROR_TOKEN_TOO_DEEP);
    free(eight);
    free(six);
}

static void actors_of_another_form_are_refused(void **state)
{
    static const char *const values[] = {"null",
                                         "7",
                                         "\"service\"",
                                         "[]",
                                         "[{\"sub\":\"service\"}]",
                                         "true",
                                         "{\"sub\":\"a\",\"act\":7}",
                                         "{\"sub\":\"a\",\"act\":{}}",
                                         "{\"oid\":\"service\"}",
                                         "{\"sub\":\"a\",\"oid\":7}"};

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        claims_expect("act", values[i], ERROR_TOKEN_ACTOR);
}

static void who_may_act_is_not_ours_to_decide(void **state)
{
    (void)state;
    claims_expect("may_act", "{\"sub\":\"anybody\"}", 0);
    claims_expect("may_act", "{}", 0);
    claims_expect("may_act", "\"anybody\"", ERROR_TOKEN_ACTOR);
    claims_expect("may_act", "null", ERROR_TOKEN_ACTOR);
    claims_expect_both("may_act", "{\"sub\":\"anybody\"}", "scp", "\"\"", ERROR_APPLICATION_TOKEN);
    claims_expect_both("act", "{\"sub\":\"a\"}", "scp", "\"\"", ERROR_APPLICATION_TOKEN);
    claims_expect_both("act", "{\"sub\":\"a\"}", "oid", "7", ERROR_TOKEN_PERSON);
    claims_expect_both("act", "7", "aud", "\"other\"", ERROR_TOKEN_ACTOR);
}

static bool lacks_role(const char *wids, const struct uuid *roles, size_t role_count)
{
    struct token_rules rules = *fixture_rules();
    char *payload = fixture_payload(wids ? "wids" : NULL, wids);
    char *token = mint_token(fixture_mint(MINT_EDDSA), payload);
    struct claims claims;

    rules.roles = roles;
    rules.role_count = role_count;
    assert_int_equal(token_verify(&rules, fixture_keys(), text_of(token), NOW, &claims), 0);
    free(token);
    free(payload);
    return claims.lacks_role;
}

static void one_of_the_required_roles_is_enough_and_needed(void **state)
{
    static const struct {
        const char *wids; /* NULL: absent */
        bool lacks_one;   /* when readers are let in */
        bool lacks_two;   /* when readers and administrators are */
    } rows[] = {
        {"[\"" READER "\"]", false, false},
        {"[\"F2EF992C-3AFB-46B9-B7CF-A126EE74C451\"]", false, false},
        {"[\"" ADMIN "\"]", true, false},
        {"[\"" TENANT "\",\"" READER "\"]", false, false},
        {"[7,null,{},\"" READER "\"]", false, false},
        {"[\"" TENANT "\"]", true, true},
        {"[]", true, true},
        {NULL, true, true},
        {"\"" READER "\"", true, true},
        {"{\"" READER "\":true}", true, true},
        {"[[\"" READER "\"]]", true, true},
        {"[\"" READER " \"]", true, true},
        {"[\"Global Reader\"]", true, true},
        {"null", true, true},
    };
    struct uuid roles[2];

    (void)state;
    assert_int_equal(uuid_parse(TEXT(READER), &roles[0]), 0);
    assert_int_equal(uuid_parse(TEXT(ADMIN), &roles[1]), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(lacks_role(rows[i].wids, roles, 1), rows[i].lacks_one);
        assert_int_equal(lacks_role(rows[i].wids, roles, 2), rows[i].lacks_two);
        assert_false(lacks_role(rows[i].wids, NULL, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_adds_no_right_and_takes_none),
        cmocka_unit_test(a_chain_without_end_is_too_deep),
        cmocka_unit_test(actors_of_another_form_are_refused),
        cmocka_unit_test(who_may_act_is_not_ours_to_decide),
        cmocka_unit_test(one_of_the_required_roles_is_enough_and_needed),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
