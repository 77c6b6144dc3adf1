// SPDX-License-Identifier: MIT
/* When, by whom and for whom a rightly signed token must have been issued. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/claims_expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void the_claims_of_a_good_token_are_returned(void **state)
{
    struct claims claims;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_int_equal(claims_verify(NULL, NULL, &claims), 0);
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
    assert_int_equal(claims_verify("aud", "\"other\"", &claims), -ERROR_TOKEN_AUDIENCE);
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
    claims_expect("exp", NULL, ERROR_TOKEN_EXPIRY);
    for (size_t i = 0; i < COUNT(values); i++)
        claims_expect("exp", values[i], ERROR_TOKEN_EXPIRY);
    claims_expect("exp", "9007199254740992", 0); /* 2^53 */
    claims_expect("exp", "1", ERROR_TOKEN_EXPIRED);
    claims_expect("exp", "1799990000", ERROR_TOKEN_EXPIRED);
}

static void numbers_that_no_type_holds_are_no_payload(void **state)
{
    static const char *const payloads[] = {"{\"exp\":9223372036854775808}",
                                           "{\"exp\":99999999999999999999999999999999999}",
                                           "{\"exp\":1e999}"};

    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct claims claims;
        assert_int_equal(fixture_verify(mint_token(fixture_mint(MINT_EDDSA), payloads[i]), &claims),
                         -ERROR_TOKEN_PAYLOAD);
    }
}

static void nbf_and_iat_are_optional_integers(void **state)
{
    static const char *const members[] = {"nbf", "iat"};
    static const char *const values[] = {"null", "\"1\"", "1.5", "-1", "9007199254740993", "{}"};

    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        claims_expect(members[i], NULL, 0);
        claims_expect(members[i], "0", 0);
        for (size_t j = 0; j < COUNT(values); j++)
            claims_expect(members[i], values[j], ERROR_TOKEN_START);
        claims_expect(members[i], "1800001000", ERROR_TOKEN_NOT_YET_VALID);
        claims_expect(members[i], "9007199254740992", ERROR_TOKEN_NOT_YET_VALID);
    }
}

static void an_expired_token_that_is_not_yet_valid_is_expired(void **state)
{
    (void)state;
    claims_expect_both("exp", "1", "nbf", "1900000000", ERROR_TOKEN_EXPIRED);
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
    claims_expect("tid", NULL, ERROR_TOKEN_TENANT);
    for (size_t i = 0; i < COUNT(values); i++)
        claims_expect("tid", values[i], ERROR_TOKEN_TENANT);
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
    claims_expect("iss", NULL, ERROR_TOKEN_ISSUER);
    for (size_t i = 0; i < COUNT(values); i++)
        claims_expect("iss", values[i], ERROR_TOKEN_ISSUER);
}

static void a_tid_in_capitals_fits_the_iss_that_spells_it_so(void **state)
{
    struct claims claims;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    claims_expect("tid", "\"7C0A2F4E-1B3D-4C5E-8F90-A1B2C3D4E5F6\"", ERROR_TOKEN_ISSUER);
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
    claims_expect("aud", NULL, ERROR_TOKEN_AUDIENCE);
    for (size_t i = 0; i < COUNT(values); i++)
        claims_expect("aud", values[i], ERROR_TOKEN_AUDIENCE);
    claims_expect("aud", "[\"api://exportd\"]", 0);
    claims_expect("aud", "[\"api://other\",\"api://exportd\"]", 0);
}

static void any_of_several_audiences_and_issuers_will_do(void **state)
{
    static const struct text issuers[] = {{"https://sts.example.org/", 24},
                                          {MINT_ISSUER_PATTERN, sizeof(MINT_ISSUER_PATTERN) - 1}};
    static const struct text audiences[] = {{"api://first", 11}, {MINT_AUDIENCE, 13}};
    const struct token_rules rules = {issuers, 2, audiences, 2, {NULL, 0}, 0, NULL, 0};
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
        cmocka_unit_test(numbers_that_no_type_holds_are_no_payload),
        cmocka_unit_test(nbf_and_iat_are_optional_integers),
        cmocka_unit_test(an_expired_token_that_is_not_yet_valid_is_expired),
        cmocka_unit_test(the_ends_of_validity_are_exact),
        cmocka_unit_test(clocks_at_the_ends_of_time_do_not_overflow),
        cmocka_unit_test(tid_must_be_a_guid),
        cmocka_unit_test(iss_must_be_that_of_the_tenant_exactly),
        cmocka_unit_test(a_tid_in_capitals_fits_the_iss_that_spells_it_so),
        cmocka_unit_test(aud_must_be_or_hold_exactly_ours),
        cmocka_unit_test(any_of_several_audiences_and_issuers_will_do),
        cmocka_unit_test(rules_that_accept_nothing_or_too_much_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
