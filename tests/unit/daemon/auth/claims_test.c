// SPDX-License-Identifier: MIT
/* What the claims of a rightly signed token must be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int verify(const char *member, const char *json_value, struct claims *claims)
{
    char *payload = fixture_payload(member, json_value);
    char *token = mint_token(fixture_mint(MINT_EDDSA), payload);

    free(payload);
    return fixture_verify(token, claims);
}

/* The usual token with one member changed (or left out: NULL). */
static void expect(const char *member, const char *json_value, int error)
{
    struct claims claims;
    int rc = verify(member, json_value, &claims);

    if (rc != -error)
        print_error("%s: %s\n", member, json_value ? json_value : "(absent)");
    assert_int_equal(rc, -error);
}

/* The same with two members changed. */
static void expect_both(const char *member, const char *json_value, const char *second,
                        const char *second_json_value, int error)
{
    struct claims claims;
    char *payload = fixture_payload(member, json_value);
    json_t *object = json_loads(payload, 0, NULL);
    char *changed;

    assert_int_equal(
        json_object_set_new(object, second, json_loads(second_json_value, JSON_DECODE_ANY, NULL)),
        0);
    changed = json_dumps(object, 0);
    assert_int_equal(fixture_verify(mint_token(fixture_mint(MINT_EDDSA), changed), &claims),
                     -error);
    free(changed);
    json_decref(object);
    free(payload);
}

static void the_claims_of_a_good_token_are_returned(void **state)
{
    struct claims claims;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_int_equal(verify(NULL, NULL, &claims), 0);
    assert_string_equal(uuid_format(&claims.tenant_id, text), TENANT);
    assert_string_equal(uuid_format(&claims.object_id, text), PERSON);
    assert_true(claims.has_application_id);
    assert_string_equal(uuid_format(&claims.application_id, text), MINT_APPLICATION_ID);
    assert_true(claims.is_delegated);
    assert_int_equal(claims.scopes.bits, scope_set_of(SCOPE_READ_ALL).bits);
    assert_int_equal(claims.expires.ms, (NOW_SECONDS + 3600LL) * 1000);
    assert_int_equal(claims.valid_until.ms, (NOW_SECONDS + 3600LL + 60) * 1000);
    assert_int_equal(claims.valid_from.ms, (NOW_SECONDS - 600LL - 60) * 1000);
    assert_string_equal(claims.token_id, "made-up-1");
}

static void a_refusal_leaves_the_claims_alone(void **state)
{
    struct claims before;
    struct claims claims;

    (void)state;
    memset(&before, 0x5a, sizeof(before));
    memcpy(&claims, &before, sizeof(before));
    assert_int_equal(verify("aud", "\"other\"", &claims), -ERROR_TOKEN_AUDIENCE);
    assert_memory_equal(&claims, &before, sizeof(before));
}

static void exp_must_be_an_integer_in_range(void **state)
{
    static const char *const values[] = {"null",
                                         "\"1800003600\"",
                                         "1800003600.0",
                                         "1.8e9",
                                         "true",
                                         "[1800003600]",
                                         "0",
                                         "-1",
                                         "-1800003600",
                                         "9007199254740993",
                                         "9223372036854775807",
                                         "-9223372036854775808"};

    (void)state;
    expect("exp", NULL, ERROR_TOKEN_CLAIMS);
    for (size_t i = 0; i < COUNT(values); i++)
        expect("exp", values[i], ERROR_TOKEN_CLAIMS);
    expect("exp", "9007199254740992", 0); /* 2^53 */
    expect("exp", "1", ERROR_TOKEN_EXPIRED);
    expect("exp", "1799990000", ERROR_TOKEN_EXPIRED);
}

static void numbers_that_no_type_holds_are_malformed(void **state)
{
    static const char *const payloads[] = {"{\"exp\":9223372036854775808}",
                                           "{\"exp\":99999999999999999999999999999999999}",
                                           "{\"exp\":1e999}"};

    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct claims claims;
        assert_int_equal(fixture_verify(mint_token(fixture_mint(MINT_EDDSA), payloads[i]), &claims),
                         -ERROR_TOKEN_MALFORMED);
    }
}

static void nbf_and_iat_are_optional_integers(void **state)
{
    static const char *const members[] = {"nbf", "iat"};
    static const char *const values[] = {"null", "\"1\"", "1.5", "-1", "9007199254740993", "{}"};

    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        expect(members[i], NULL, 0);
        expect(members[i], "0", 0);
        for (size_t j = 0; j < COUNT(values); j++)
            expect(members[i], values[j], ERROR_TOKEN_CLAIMS);
        expect(members[i], "1800001000", ERROR_TOKEN_NOT_YET_VALID);
        expect(members[i], "9007199254740992", ERROR_TOKEN_NOT_YET_VALID);
    }
}

static void an_expired_token_that_is_not_yet_valid_is_expired(void **state)
{
    (void)state;
    expect_both("exp", "1", "nbf", "1900000000", ERROR_TOKEN_EXPIRED);
}

/* One member at an instant, judged at another, with a skew in seconds. */
static int verdict(const char *member, int64_t seconds, struct wall now, uint32_t skew_seconds)
{
    struct token_rules rules = *fixture_rules();
    struct claims claims;
    char value[32];
    char *payload;
    char *token;
    int rc;

    (void)snprintf(value, sizeof(value), "%lld", (long long)seconds);
    payload = fixture_payload(member, value);
    token = mint_token(fixture_mint(MINT_EDDSA), payload);
    rules.skew_seconds = skew_seconds;
    rc = token_verify(&rules, fixture_keys(), text_of(token), now, &claims);
    free(token);
    free(payload);
    return rc;
}

static void the_ends_of_validity_are_exact(void **state)
{
    static const uint32_t skews[] = {0, 1, 60, 299, 300};
    static const int64_t offsets_ms[] = {-1000, -1, 0, 1, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(skews); i++) {
        int64_t skew_ms = (int64_t)skews[i] * 1000;
        for (size_t j = 0; j < COUNT(offsets_ms); j++) {
            int64_t offset = offsets_ms[j];
            struct wall around_end = {NOW.ms + skew_ms + offset};
            struct wall around_start = {NOW.ms - skew_ms + offset};
            assert_int_equal(verdict("exp", NOW_SECONDS, around_end, skews[i]),
                             offset < 0 ? 0 : -ERROR_TOKEN_EXPIRED);
            assert_int_equal(verdict("nbf", NOW_SECONDS, around_start, skews[i]),
                             offset < 0 ? -ERROR_TOKEN_NOT_YET_VALID : 0);
            assert_int_equal(verdict("iat", NOW_SECONDS, around_start, skews[i]),
                             offset < 0 ? -ERROR_TOKEN_NOT_YET_VALID : 0);
        }
    }
}

static void clocks_at_the_ends_of_time_do_not_overflow(void **state)
{
    struct wall first = {INT64_MIN};
    struct wall last = {INT64_MAX};

    (void)state;
    assert_int_equal(verdict("exp", 9007199254740992, last, 300), -ERROR_TOKEN_EXPIRED);
    assert_int_equal(verdict("exp", 9007199254740992, first, 300), -ERROR_TOKEN_NOT_YET_VALID);
    assert_int_equal(verdict("nbf", 9007199254740992, first, 300), -ERROR_TOKEN_NOT_YET_VALID);
    assert_int_equal(verdict("nbf", 0, last, 300), -ERROR_TOKEN_EXPIRED);
}

static void tid_must_be_a_guid(void **state)
{
    static const char *const values[] = {"null",
                                         "7",
                                         "\"\"",
                                         "\"common\"",
                                         "[\"" TENANT "\"]",
                                         "\"{" TENANT "}\"",
                                         "\"" TENANT " \"",
                                         "\"7c0a2f4e1b3d4c5e8f90a1b2c3d4e5f6\"",
                                         "\"..\"",
                                         "\"7c0a2f4e-1b3d-4c5e-8f90-a1b2c3d4e5fg\""};

    (void)state;
    expect("tid", NULL, ERROR_TOKEN_CLAIMS);
    for (size_t i = 0; i < COUNT(values); i++)
        expect("tid", values[i], ERROR_TOKEN_CLAIMS);
}

static void iss_must_be_that_of_the_tenant_exactly(void **state)
{
    static const char *const values[] = {
        "null",
        "7",
        "\"\"",
        "\"https://login.example.org/" OTHER_TENANT "/v2.0\"",
        "\"https://login.example.org/" TENANT "/v2.0/\"",
        "\"https://login.example.org/" TENANT "\"",
        "\"https://login.example.org/" TENANT "/v1.0\"",
        "\"https://LOGIN.example.org/" TENANT "/v2.0\"",
        "\"http://login.example.org/" TENANT "/v2.0\"",
        "\"https://login.example.org/{tid}/v2.0\"",
        "\"https://login.example.org//v2.0\"",
        "\"https://login.example.org.attacker.example/" TENANT "/v2.0\"",
        "[\"https://login.example.org/" TENANT "/v2.0\"]",
        "\" https://login.example.org/" TENANT "/v2.0\"",
        "\"https://login.example.org/7C0A2F4E-1B3D-4C5E-8F90-A1B2C3D4E5F6/v2.0\""};

    (void)state;
    expect("iss", NULL, ERROR_TOKEN_ISSUER);
    for (size_t i = 0; i < COUNT(values); i++)
        expect("iss", values[i], ERROR_TOKEN_ISSUER);
}

static void a_tid_in_capitals_fits_the_iss_that_spells_it_so(void **state)
{
    struct claims claims;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    expect("tid", "\"7C0A2F4E-1B3D-4C5E-8F90-A1B2C3D4E5F6\"", ERROR_TOKEN_ISSUER);
    assert_int_equal(fixture_verify(mint_delegated(fixture_mint(MINT_ES256),
                                                   "7C0A2F4E-1B3D-4C5E-8F90-A1B2C3D4E5F6", PERSON,
                                                   READ_ALL, NOW_SECONDS + 10),
                                    &claims),
                     0);
    assert_string_equal(uuid_format(&claims.tenant_id, text), TENANT);
}

static void aud_must_be_or_hold_exactly_ours(void **state)
{
    static const char *const values[] = {"null",
                                         "7",
                                         "{}",
                                         "\"\"",
                                         "[]",
                                         "\"api://exportd/\"",
                                         "\"api://export\"",
                                         "\"api://exportd2\"",
                                         "\"API://EXPORTD\"",
                                         "\"https://graph.example.org\"",
                                         "\"api://exportd api://other\"",
                                         "[\"api://other\"]",
                                         "[\"api://exportd/\",\"api://other\"]",
                                         "[[\"api://exportd\"]]",
                                         "[\"api://exportd\",7]",
                                         "[null]"};

    (void)state;
    expect("aud", NULL, ERROR_TOKEN_AUDIENCE);
    for (size_t i = 0; i < COUNT(values); i++)
        expect("aud", values[i], ERROR_TOKEN_AUDIENCE);
    expect("aud", "[\"api://exportd\"]", 0);
    expect("aud", "[\"api://other\",\"api://exportd\"]", 0);
}

static void any_of_several_audiences_and_issuers_will_do(void **state)
{
    static const struct text issuers[] = {{"https://sts.example.org/", 24},
                                          {MINT_ISSUER_PATTERN, sizeof(MINT_ISSUER_PATTERN) - 1}};
    static const struct text audiences[] = {{"api://first", 11}, {MINT_AUDIENCE, 13}};
    const struct token_rules rules = {issuers, 2, audiences, 2, 0};
    struct claims claims;
    char *payload = fixture_payload("iss", "\"https://sts.example.org/\"");
    char *exact = mint_token(fixture_mint(MINT_EDDSA), payload);

    (void)state;
    assert_int_equal(token_verify(&rules, fixture_keys(), text_of(exact), NOW, &claims), 0);
    free(exact);
    free(payload);
    payload = fixture_payload("aud", "\"api://first\"");
    exact = mint_token(fixture_mint(MINT_EDDSA), payload);
    assert_int_equal(token_verify(&rules, fixture_keys(), text_of(exact), NOW, &claims), 0);
    free(exact);
    free(payload);
}

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
    expect("oid", NULL, ERROR_TOKEN_CLAIMS);
    expect("oid", "null", ERROR_TOKEN_CLAIMS);
    expect("oid", "\"someone\"", ERROR_TOKEN_CLAIMS);
    expect("oid", "[\"" PERSON "\"]", ERROR_TOKEN_CLAIMS);
    expect_both("oid", NULL, "idtyp", "\"app\"", ERROR_APPLICATION_TOKEN);
}

static void application_tokens_are_refused(void **state)
{
    (void)state;
    expect("idtyp", "\"app\"", ERROR_APPLICATION_TOKEN);
    expect("scp", NULL, ERROR_APPLICATION_TOKEN);
    expect("scp", "\"\"", ERROR_APPLICATION_TOKEN);
    expect_both("scp", NULL, "roles", "[\"" READ_ALL "\"]", ERROR_APPLICATION_TOKEN);
    expect_both("idtyp", "\"app\"", "roles", "[\"" READ_ALL "\"]", ERROR_APPLICATION_TOKEN);
    expect_both("scp", NULL, "idtyp", "\"user\"", ERROR_APPLICATION_TOKEN);
}

static void roles_do_not_make_an_application(void **state)
{
    (void)state;
    expect("roles", "[\"Reader\"]", 0);
    expect("idtyp", "\"user\"", 0);
}

static void idtyp_and_scp_of_another_form_are_refused(void **state)
{
    static const char *const types[] = {"null",    "1",       "true",       "[\"app\"]", "\"\"",
                                        "\"App\"", "\"APP\"", "\"device\"", "\"app \""};
    static const char *const scopes[] = {"null", "1", "[\"User.Read\"]", "{}", "true"};

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++)
        expect("idtyp", types[i], ERROR_TOKEN_CLAIMS);
    for (size_t i = 0; i < COUNT(scopes); i++)
        expect("scp", scopes[i], ERROR_TOKEN_CLAIMS);
}

static void whoever_is_not_known_is_told_so_before_what_is_not_allowed(void **state)
{
    (void)state;
    expect_both("aud", "\"other\"", "oid", "\"someone\"", ERROR_TOKEN_CLAIMS);
    expect_both("aud", "\"other\"", "idtyp", "7", ERROR_TOKEN_CLAIMS);
    expect_both("aud", "\"other\"", "iss", "\"other\"", ERROR_TOKEN_ISSUER);
    expect_both("aud", "\"other\"", "exp", "1", ERROR_TOKEN_EXPIRED);
    expect_both("aud", "\"other\"", "idtyp", "\"app\"", ERROR_TOKEN_AUDIENCE);
}

static uint32_t scopes_of(const char *scp)
{
    struct claims claims;
    char *value = NULL;

    assert_true(asprintf(&value, "\"%s\"", scp) > 0);
    assert_int_equal(verify("scp", value, &claims), 0);
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

static void actors_in_a_token_grant_nothing(void **state)
{
    struct claims claims;

    (void)state;
    assert_int_equal(verify("act", "{\"sub\":\"admin\",\"oid\":\"" OTHER_TENANT "\"}", &claims), 0);
    assert_int_equal(claims.scopes.bits, scope_set_of(SCOPE_READ_ALL).bits);
    assert_int_equal(verify("sub", "\"" OTHER_TENANT "\"", &claims), 0);
    {
        char text[UUID_TEXT_BUFFER];
        assert_string_equal(uuid_format(&claims.object_id, text), PERSON);
    }
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
        assert_int_equal(verify("uti", ids[i], &claims), 0);
        assert_string_equal(claims.token_id, "");
    }
    assert_int_equal(verify("uti",
                            "\"0123456789012345678901234567890123456789012345678901234567890-_.\"",
                            &claims),
                     0);
    assert_int_equal(strlen(claims.token_id), CLAIMS_TOKEN_ID_BYTES);
    assert_int_equal(verify("azp", "\"portal\"", &claims), 0);
    assert_false(claims.has_application_id);
    assert_int_equal(verify("azp", NULL, &claims), 0);
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

static void rules_that_accept_nothing_or_too_much_are_refused(void **state)
{
    static const struct text empty[] = {{NULL, 0}};
    struct token_rules rules = *fixture_rules();

    (void)state;
    assert_int_equal(token_rules_check(&rules), 0);
    rules.skew_seconds = TOKEN_SKEW_SECONDS_MOST;
    assert_int_equal(token_rules_check(&rules), 0);
    rules.skew_seconds = TOKEN_SKEW_SECONDS_MOST + 1;
    assert_int_equal(token_rules_check(&rules), -ERROR_CONFIGURATION);
    rules = *fixture_rules();
    rules.issuer_count = 0;
    assert_int_equal(token_rules_check(&rules), -ERROR_CONFIGURATION);
    rules = *fixture_rules();
    rules.audience_count = 0;
    assert_int_equal(token_rules_check(&rules), -ERROR_CONFIGURATION);
    rules = *fixture_rules();
    rules.issuers = empty;
    assert_int_equal(token_rules_check(&rules), -ERROR_CONFIGURATION);
    rules = *fixture_rules();
    rules.audiences = empty;
    assert_int_equal(token_rules_check(&rules), -ERROR_CONFIGURATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_claims_of_a_good_token_are_returned),
        cmocka_unit_test(a_refusal_leaves_the_claims_alone),
        cmocka_unit_test(exp_must_be_an_integer_in_range),
        cmocka_unit_test(numbers_that_no_type_holds_are_malformed),
        cmocka_unit_test(nbf_and_iat_are_optional_integers),
        cmocka_unit_test(an_expired_token_that_is_not_yet_valid_is_expired),
        cmocka_unit_test(the_ends_of_validity_are_exact),
        cmocka_unit_test(clocks_at_the_ends_of_time_do_not_overflow),
        cmocka_unit_test(tid_must_be_a_guid),
        cmocka_unit_test(iss_must_be_that_of_the_tenant_exactly),
        cmocka_unit_test(a_tid_in_capitals_fits_the_iss_that_spells_it_so),
        cmocka_unit_test(aud_must_be_or_hold_exactly_ours),
        cmocka_unit_test(any_of_several_audiences_and_issuers_will_do),
        cmocka_unit_test(personal_accounts_are_refused_before_anything_that_is_403),
        cmocka_unit_test(oid_of_a_delegated_token_must_be_a_guid),
        cmocka_unit_test(application_tokens_are_refused),
        cmocka_unit_test(roles_do_not_make_an_application),
        cmocka_unit_test(idtyp_and_scp_of_another_form_are_refused),
        cmocka_unit_test(whoever_is_not_known_is_told_so_before_what_is_not_allowed),
        cmocka_unit_test(scopes_are_whole_words_with_case),
        cmocka_unit_test(actors_in_a_token_grant_nothing),
        cmocka_unit_test(what_only_the_audit_log_reads_never_refuses),
        cmocka_unit_test(appid_is_the_older_name_of_azp),
        cmocka_unit_test(rules_that_accept_nothing_or_too_much_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
