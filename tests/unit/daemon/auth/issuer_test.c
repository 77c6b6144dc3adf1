// SPDX-License-Identifier: MIT
/* Issuer names, and that a key, an issuer and a tenant only go together on the diagonal. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/auth/issuer.h"
#include "tests/unit/daemon/auth/fixture.h"

#define SIDES 4

static bool matches(const char *pattern, const char *name, const char *tenant)
{
    return issuer_matches(text_of(pattern), text_of(name), text_of(tenant));
}

static void an_exact_name_matches_itself_only(void **state)
{
    (void)state;
    assert_true(matches("https://a.example.org/", "https://a.example.org/", "t"));
    assert_false(matches("https://a.example.org/", "https://a.example.org", "t"));
    assert_false(matches("https://a.example.org", "https://a.example.org/", "t"));
    assert_false(matches("https://a.example.org/", "https://A.example.org/", "t"));
    assert_false(matches("a", "", "t"));
    assert_false(matches("", "", ""));
}

static void a_pattern_matches_with_the_tenant_in_its_place_only(void **state)
{
    (void)state;
    assert_true(matches("a/{tid}/b", "a/t1/b", "t1"));
    assert_true(matches("a/{tenantid}/b", "a/t1/b", "t1"));
    assert_true(matches("{tid}", "t1", "t1"));
    assert_false(matches("a/{tid}/b", "a/t2/b", "t1"));
    assert_false(matches("a/{tid}/b", "a/t1/b/", "t1"));
    assert_false(matches("a/{tid}/b", "a/t1/x/b", "t1"));
    assert_false(matches("a/{tid}", "a/t1x", "t1"));
    assert_false(matches("a/{tid}/b", "xa/t1/b", "t1"));
    assert_false(matches("a/{tid}/b", "a/{tid}/b", "t1"));
    assert_false(matches("a/{tid}/b", "a/t1", "t1"));
    assert_false(matches("a/{tid}/b", "a/T1/b", "t1"));
    assert_false(matches("a/{TID}/b", "a/t1/b", "t1"));
    assert_false(matches("{tid}{tid}", "t1t1", "t1")); /* one placeholder, the rest is text */
}

static const char *const tenants[SIDES] = {
    "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"};

static struct key_set *bound_keys(struct mint *mints[SIDES])
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    json_t *list = json_array();
    json_t *document = json_pack("{s:o}", "keys", list);
    char *content;

    for (int i = 0; i < SIDES; i++) {
        char text[128];
        char *jwk;
        (void)snprintf(text, sizeof(text), "bound-%d", i);
        mints[i] = mint_new(MINT_EDDSA, text);
        (void)snprintf(text, sizeof(text), ",\"issuer\":\"https://%d.example.org/{tenantid}/\"", i);
        jwk = mint_jwk(mints[i], text);
        assert_int_equal(json_array_append_new(list, json_loads(jwk, 0, NULL)), 0);
        free(jwk);
    }
    content = json_dumps(document, 0);
    assert_int_equal(fixture_load(content, &set, message), 0);
    free(content);
    json_decref(document);
    return set;
}

/* A token of this key that claims to be of an issuer for one tenant, and to be in another. */
static char *token_of(struct mint *mint, int issuer, int issued_for, int tenant)
{
    char name[128];
    char *payload;
    json_t *object;
    char *token;

    (void)snprintf(name, sizeof(name), "https://%d.example.org/%s/", issuer, tenants[issued_for]);
    payload = fixture_payload(NULL, NULL);
    object = json_loads(payload, 0, NULL);
    free(payload);
    assert_int_equal(json_object_set_new(object, "iss", json_string(name)), 0);
    assert_int_equal(json_object_set_new(object, "tid", json_string(tenants[tenant])), 0);
    payload = json_dumps(object, 0);
    token = mint_token(mint, payload);
    free(payload);
    json_decref(object);
    return token;
}

static void keys_issuers_and_tenants_go_together_on_the_diagonal_only(void **state)
{
    static const struct text issuers[SIDES] = {{"https://0.example.org/{tid}/", 28},
                                               {"https://1.example.org/{tid}/", 28},
                                               {"https://2.example.org/{tid}/", 28},
                                               {"https://3.example.org/{tid}/", 28}};
    struct token_rules rules = *fixture_rules();
    struct mint *mints[SIDES];
    struct key_set *set = bound_keys(mints);
    int accepted = 0;

    (void)state;
    rules.issuers = issuers;
    rules.issuer_count = SIDES;
    for (int cell = 0; cell < SIDES * SIDES * SIDES * SIDES; cell++) {
        int key = cell % SIDES;
        int issuer = cell / SIDES % SIDES;
        int issued_for = cell / SIDES / SIDES % SIDES;
        int tenant = cell / SIDES / SIDES / SIDES;
        bool is_right = key == issuer && issued_for == tenant;
        struct claims claims;
        char *token = token_of(mints[key], issuer, issued_for, tenant);
        assert_int_equal(token_verify(&rules, set, text_of(token), NOW, &claims),
                         is_right               ? 0
                         : issued_for != tenant ? -ERROR_TOKEN_ISSUER
                                                : -ERROR_TOKEN_KEY_ISSUER);
        accepted += is_right;
        free(token);
    }
    assert_int_equal(accepted, SIDES * SIDES);
    key_set_destroy(&set);
    for (int i = 0; i < SIDES; i++)
        mint_destroy(&mints[i]);
}

static void a_key_bound_to_an_issuer_that_is_not_ours_opens_nothing(void **state)
{
    struct mint *mints[SIDES];
    struct key_set *set = bound_keys(mints);
    char *ours = fixture_payload(NULL, NULL);
    char *token = mint_token(mints[0], ours);
    char *theirs = token_of(mints[0], 0, 0, 0);
    struct claims claims;

    (void)state;
    assert_int_equal(token_verify(fixture_rules(), set, text_of(token), NOW, &claims),
                     -ERROR_TOKEN_KEY_ISSUER);
    assert_int_equal(token_verify(fixture_rules(), set, text_of(theirs), NOW, &claims),
                     -ERROR_TOKEN_ISSUER);
    free(theirs);
    free(token);
    free(ours);
    key_set_destroy(&set);
    for (int i = 0; i < SIDES; i++)
        mint_destroy(&mints[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_name_matches_itself_only),
        cmocka_unit_test(a_pattern_matches_with_the_tenant_in_its_place_only),
        cmocka_unit_test(keys_issuers_and_tenants_go_together_on_the_diagonal_only),
        cmocka_unit_test(a_key_bound_to_an_issuer_that_is_not_ours_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
