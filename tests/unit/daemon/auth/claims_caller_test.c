// SPDX-License-Identifier: MIT
/* Whom the claims of a rightly signed token speak for, and what they let that caller do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/claims_expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *personal_token(const char *member, const char *json_value)
{
    char *payload = fixture_payload(member, json_value);
    json_t *object = json_loads(payload, 0, NULL);
    char *token;

    json_object_set_new(object, "tid", json_string(PERSONAL));
    json_object_set_new(object, "iss", json_string("https://login.example.org/" PERSONAL "/v2.0"));
    free(payload);
    payload = json_dumps(object, 0);
    token = mint_token(fixture_mint(MINT_EDDSA), payload);
    free(payload);
    json_decref(object);
    return token;
}

static void personal_accounts_are_refused_before_anything_that_is_403(void **state)
{
    struct claims claims;

    (void)state;
    assert_int_equal(fixture_verify(personal_token(NULL, NULL), &claims), -ERROR_PERSONAL_ACCOUNT);
    assert_int_equal(fixture_verify(personal_token("idtyp", "\"app\""), &claims),
                     -ERROR_PERSONAL_ACCOUNT);
    assert_int_equal(fixture_verify(personal_token("scp", NULL), &claims), -ERROR_PERSONAL_ACCOUNT);
    assert_int_equal(fixture_verify(personal_token("aud", "\"other\""), &claims),
                     -ERROR_PERSONAL_ACCOUNT);
    assert_int_equal(fixture_verify(personal_token("oid", NULL), &claims), -ERROR_PERSONAL_ACCOUNT);
    assert_int_equal(fixture_verify(mint_delegated(fixture_mint(MINT_ES256),
                                                   "9188040D-6C67-4C5B-B112-36A304B66DAD", PERSON,
                                                   READ_ALL, NOW_SECONDS + 10),
                                    &claims),
                     -ERROR_PERSONAL_ACCOUNT);
}

static void oid_of_a_delegated_token_must_be_a_guid(void **state)
{
    (void)state;
    claims_expect("oid", NULL, ERROR_TOKEN_PERSON);
    claims_expect("oid", "null", ERROR_TOKEN_PERSON);
    claims_expect("oid", "\"someone\"", ERROR_TOKEN_PERSON);
    claims_expect("oid", "[\"" PERSON "\"]", ERROR_TOKEN_PERSON);
    claims_expect_both("oid", NULL, "idtyp", "\"app\"", ERROR_APPLICATION_TOKEN);
}

static void application_tokens_are_refused(void **state)
{
    (void)state;
    claims_expect("idtyp", "\"app\"", ERROR_APPLICATION_TOKEN);
    claims_expect("scp", NULL, ERROR_APPLICATION_TOKEN);
    claims_expect("scp", "\"\"", ERROR_APPLICATION_TOKEN);
    claims_expect_both("scp", NULL, "roles", "[\"" READ_ALL "\"]", ERROR_APPLICATION_TOKEN);
    claims_expect_both("idtyp", "\"app\"", "roles", "[\"" READ_ALL "\"]", ERROR_APPLICATION_TOKEN);
    claims_expect_both("scp", NULL, "idtyp", "\"user\"", ERROR_APPLICATION_TOKEN);
}

static void roles_do_not_make_an_application(void **state)
{
    (void)state;
    claims_expect("roles", "[\"Reader\"]", 0);
    claims_expect("idtyp", "\"user\"", 0);
}

static void idtyp_and_scp_of_another_form_are_refused(void **state)
{
    static const char *const types[] = {"null",    "1",       "true",       "[\"app\"]", "\"\"",
                                        "\"App\"", "\"APP\"", "\"device\"", "\"app \""};
    static const char *const scopes[] = {"null", "1", "[\"User.Read\"]", "{}", "true"};

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++)
        claims_expect("idtyp", types[i], ERROR_TOKEN_KIND);
    for (size_t i = 0; i < COUNT(scopes); i++)
        claims_expect("scp", scopes[i], ERROR_TOKEN_SCOPES);
}

static void whoever_is_not_known_is_told_so_before_what_is_not_allowed(void **state)
{
    (void)state;
    claims_expect_both("aud", "\"other\"", "oid", "\"someone\"", ERROR_TOKEN_PERSON);
    claims_expect_both("aud", "\"other\"", "idtyp", "7", ERROR_TOKEN_KIND);
    claims_expect_both("aud", "\"other\"", "iss", "\"other\"", ERROR_TOKEN_ISSUER);
    claims_expect_both("aud", "\"other\"", "exp", "1", ERROR_TOKEN_EXPIRED);
    claims_expect_both("aud", "\"other\"", "idtyp", "\"app\"", ERROR_TOKEN_AUDIENCE);
}

static uint32_t scopes_of(const char *scp)
{
    struct claims claims;
    char *value = NULL;

    assert_true(asprintf(&value, "\"%s\"", scp) > 0);
    assert_int_equal(claims_verify("scp", value, &claims), 0);
    free(value);
    return claims.scopes.bits;
}

static void scopes_are_whole_words_with_case(void **state)
{
    const uint32_t read = scope_set_of(SCOPE_READ_ALL).bits;
    const uint32_t write = scope_set_of(SCOPE_READ_WRITE_ALL).bits;

    (void)state;
    assert_int_equal(scopes_of(READ_ALL), read);
    assert_int_equal(scopes_of(READ_WRITE), write);
    assert_int_equal(scopes_of(READ_WRITE " " READ_ALL), read | write);
    assert_int_equal(scopes_of("User.Read " READ_ALL " openid"), read);
    assert_int_equal(scopes_of("  " READ_ALL "  "), read);
    assert_int_equal(scopes_of("CrossTenantUserProfileSharing.Read"), 0);
    assert_int_equal(scopes_of("CrossTenantUserProfileSharing.ReadWrite"), 0);
    assert_int_equal(scopes_of("crosstenantuserprofilesharing.read.all"), 0);
    assert_int_equal(scopes_of(READ_ALL "2"), 0);
    assert_int_equal(scopes_of("x" READ_ALL), 0);
    assert_int_equal(scopes_of(READ_ALL "," READ_WRITE), 0);
    assert_int_equal(scopes_of(READ_ALL "\\t" READ_WRITE), 0);
    assert_int_equal(scopes_of("*"), 0);
    assert_int_equal(scopes_of("CrossTenantUserProfileSharing.*"), 0);
    assert_int_equal(scopes_of(".default"), 0);
    assert_int_equal(scopes_of("api://exportd/" READ_ALL), 0);
    assert_int_equal(scopes_of(" "), 0);
}

static void what_only_the_audit_log_reads_never_refuses(void **state)
{
    static const char *const ids[] = {
        "null",    "7",
        "\"a b\"", "\"a\\nb\"",
        "\"a=b\"", "\"\xc3\xa4\"",
        "\"\"",    "\"0123456789012345678901234567890123456789012345678901234567890123x\""};
    struct claims claims;

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_int_equal(claims_verify("uti", ids[i], &claims), 0);
        assert_string_equal(claims.token_id, "");
    }
    assert_int_equal(
        claims_verify("uti", "\"0123456789012345678901234567890123456789012345678901234567890-_.\"",
                      &claims),
        0);
    assert_int_equal(strlen(claims.token_id), CLAIMS_TOKEN_ID_BYTES);
    assert_int_equal(claims_verify("azp", "\"portal\"", &claims), 0);
    assert_false(claims.has_application_id);
    assert_int_equal(claims_verify("azp", NULL, &claims), 0);
    assert_false(claims.has_application_id);
}

static void appid_is_the_older_name_of_azp(void **state)
{
    char *payload = fixture_payload("azp", NULL);
    char *older = NULL;
    struct claims claims;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_true(asprintf(&older, "{\"appid\":\"%s\",%s", OTHER_TENANT, payload + 1) > 0);
    assert_int_equal(fixture_verify(mint_token(fixture_mint(MINT_EDDSA), older), &claims), 0);
    assert_true(claims.has_application_id);
    assert_string_equal(uuid_format(&claims.application_id, text), OTHER_TENANT);
    free(older);
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personal_accounts_are_refused_before_anything_that_is_403),
        cmocka_unit_test(oid_of_a_delegated_token_must_be_a_guid),
        cmocka_unit_test(application_tokens_are_refused),
        cmocka_unit_test(roles_do_not_make_an_application),
        cmocka_unit_test(idtyp_and_scp_of_another_form_are_refused),
        cmocka_unit_test(whoever_is_not_known_is_told_so_before_what_is_not_allowed),
        cmocka_unit_test(scopes_are_whole_words_with_case),
        cmocka_unit_test(what_only_the_audit_log_reads_never_refuses),
        cmocka_unit_test(appid_is_the_older_name_of_azp),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
