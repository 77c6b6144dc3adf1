// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "tests/unit/workers/sources/mail.h"

static void every_type_has_its_json_form(void **state)
{
    struct mail *place = *state;

    mail_gather(place,
                "SELECT 9223372036854775807 AS i, -5 AS n, 0.1 AS r,"
                " 1e300*1e300 AS inf, -9e999 AS minf, 3.0 AS whole, NULL AS none, x'00ff10' AS b, "
                "x'' AS eb, '' AS e, 'a\"b\\' || char(10) AS t,"
                " CAST(x'61c3' AS TEXT) AS cut, CAST(x'eda080' AS TEXT) AS s,"
                " 'a' || char(0) || 'b' AS z, '\xF0\x9F\x98\x80' AS smile"
                " WHERE :tenant_id IS NOT NULL AND :user_id IS NOT NULL",
                SOURCE_JSONL);
    assert_string_equal(
        place->recording.entries[0].data,
        "{\"i\":9223372036854775807,\"n\":-5,\"r\":0.1,\"inf\":9e999,\"minf\":-9e999,\"whole\":3.0,"
        "\"none\":null,\"b\":{\"base64\":\"AP8Q\"},\"eb\":{\"base64\":\"\"},\"e\":\"\","
        "\"t\":\"a\\\"b\\\\\\u000a\",\"cut\":\"a\xEF\xBF\xBD\","
        "\"s\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"z\":\"a\\u0000b\","
        "\"smile\":\"\xF0\x9F\x98\x80\"}\n");
}

static void every_type_has_its_csv_form(void **state)
{
    struct mail *place = *state;

    mail_gather(place,
                "SELECT 7 AS \"a,b\", -5 AS \"=n\", 0.25 AS r, 9e999 AS inf,"
                " NULL AS none, '' AS e, x'0001' AS b,"
                " 'say \"hi\"' || char(13,10) || 'there' AS t, 'x' || char(0) AS z"
                " WHERE :tenant_id IS NOT NULL AND :user_id IS NOT NULL",
                SOURCE_CSV);
    assert_string_equal(place->recording.entries[0].name, "rows.csv");
    assert_string_equal(
        place->recording.entries[0].data,
        "\"a,b\",\"'=n\",\"r\",\"inf\",\"none\",\"e\",\"b\",\"t\",\"z\"\r\n"
        "7,-5,0.25,9e999,,\"\",AAE=,\"say \"\"hi\"\"\r\nthere\",\"x\xEF\xBF\xBD\"\r\n");
}

static void spreadsheet_formulas_are_neutralised(void **state)
{
    struct mail *place = *state;
    static const char *const dangerous[] = {"=1+1", "+1", "-1", "@x", "\tx", "\rx"};

    for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++) {
        char statement[256];
        char expected[64];

        snprintf(statement, sizeof(statement),
                 "SELECT '%s' AS v WHERE :tenant_id > '' AND :user_id > ''", dangerous[i]);
        snprintf(expected, sizeof(expected), "\"v\"\r\n\"'%s\"\r\n", dangerous[i]);
        mail_gather(place, statement, SOURCE_CSV);
        assert_string_equal(place->recording.entries[0].data, expected);
    }
    mail_gather(place, "SELECT 'a=1' AS v WHERE :tenant_id > '' AND :user_id > ''", SOURCE_CSV);
    assert_string_equal(place->recording.entries[0].data, "\"v\"\r\n\"a=1\"\r\n");
}

static void columns_of_one_name_are_told_apart(void **state)
{
    struct mail *place = *state;

    mail_gather(place,
                "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a"
                " WHERE :tenant_id > '' AND :user_id > ''",
                SOURCE_JSONL);
    assert_string_equal(place->recording.entries[0].data,
                        "{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4}\n");
}

static void refused_statements_are_refused_at_start(void **state)
{
    struct mail *place = *state;
    static const struct {
        const char *statement;
        const char *part; /* of the message */
    } refused[] = {
        {"SELECT * FROM mail", ":tenant_id"},
        {"SELECT * FROM mail WHERE user = :user_id", ":tenant_id"},
        {"SELECT * FROM mail WHERE tenant = :tenant_id", ":user_id"},
        {"SELECT * FROM mail WHERE tenant = :tenant_id AND user = :home_tenant_id", ":user_id"},
        {"SELECT * FROM mail WHERE tenant = ? AND user = :user_id", "parameter"},
        {"SELECT * FROM mail WHERE tenant = ?7 AND user = :user_id", "parameter"},
        {"SELECT * FROM mail WHERE tenant = @tenant_id AND user = :user_id", "parameter"},
        {"SELECT * FROM mail WHERE tenant = :tenant_id AND user = :user", "parameter"},
        {"SELECT * FROM mail WHERE tenant = '{tenant_id}' AND user = '{user_id}'", ":tenant_id"},
        {"SELECT * " OWN_ROWS "; SELECT * FROM mail", "more than one"},
        {"SELECT * " OWN_ROWS "; garbage", "more than one"},
        {"DELETE " OWN_ROWS, "not authorized"},
        {"DELETE " OWN_ROWS " RETURNING *", "not authorized"},
        {"INSERT INTO mail(tenant, user) VALUES(:tenant_id, :user_id)", "not authorized"},
        {"WITH x AS (SELECT 1) UPDATE mail SET body = :tenant_id || :user_id", "not authorized"},
        {"EXPLAIN SELECT * " OWN_ROWS, "not a SELECT"},
        {"EXPLAIN QUERY PLAN SELECT * " OWN_ROWS, "not a SELECT"},
        {"PRAGMA user_version", "not authorized"},
        {"ATTACH 'other.db' AS other", "not authorized"},
        {"BEGIN", "not authorized"},
        {"VACUUM INTO 'copy.db'", "not a SELECT"},
        {"SELECT load_extension(:tenant_id, :user_id)", "not authorized"},
        {"SELECT * FROM nowhere WHERE t = :tenant_id AND u = :user_id", "no such table"},
        {"SELECT * FROM mail WHERE \"tenannt\" = :tenant_id AND user = :user_id", "no such column"},
        {"SELEKT", "syntax error"},
        {"-- nothing", "is empty"},
        {" ; ", "is empty"},
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const struct source_settings settings = mail_settings_of(place, refused[i].statement);
        struct source *source = NULL;

        if (source_open(&source, &settings, &place->problem) != -ERROR_CONFIGURATION)
            fail_msg("not refused: %s", refused[i].statement);
        assert_string_equal(place->problem.key, "statement");
        if (!strstr(place->problem.message, refused[i].part))
            fail_msg("%s: %s", refused[i].statement, place->problem.message);
        assert_null(source);
    }
}

static void statements_in_many_spellings_are_taken(void **state)
{
    struct mail *place = *state;
    static const char *const taken[] = {
        "SELECT body " OWN_ROWS ";",
        "SELECT body " OWN_ROWS " ; -- the end",
        "-- the mailbox\nSELECT body " OWN_ROWS " -- ends in a comment;",
        "/* x */ WITH mine AS (SELECT * " OWN_ROWS ") SELECT body FROM mine",
        "SELECT body FROM mail WHERE tenant=:tenant_id AND upn=:user_principal_name",
        "SELECT body " OWN_ROWS " AND :home_tenant_id IS NOT NULL UNION ALL SELECT 1 WHERE 0",
    };

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        mail_gather(place, taken[i], SOURCE_JSONL);
        assert_int_equal(place->outcome.state, SOURCE_STATE_COMPLETE);
        assert_int_equal(place->outcome.counts.rows, 2);
    }
}

static void what_is_bound_stays_data(void **state)
{
    struct mail *place = *state;
    static const char *const attacks[] = {
        "' OR '1'='1",
        "x' UNION SELECT * FROM mail --",
        "'; DROP TABLE mail; --",
        "%",
        "_",
        "*",
        "\\",
        "ada@example.org' --",
        "\" OR \"\"=\"",
        "NULL",
        "1 OR 1=1",
        ":tenant_id",
        "?",
    };
    const struct source_settings settings = mail_settings_of(
        place, "SELECT body FROM mail WHERE tenant = :tenant_id AND upn = :user_principal_name");
    struct source *source = mail_open_with(place, &settings);

    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        struct source_subject subject = somebody;

        subject.user_principal_name = text_of(attacks[i]);
        assert_int_equal(recording_gather(&place->recording, source, &subject, &place->outcome), 0);
        assert_int_equal(place->outcome.state, SOURCE_STATE_EMPTY);
        subject = somebody;
        subject.tenant_id = text_of(attacks[i]);
        assert_int_equal(recording_gather(&place->recording, source, &subject, &place->outcome), 0);
        assert_int_equal(place->outcome.state, SOURCE_STATE_EMPTY);
    }
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.counts.rows, 2);
    source_close(&source);
}

static void an_empty_name_does_not_match_empty_names(void **state)
{
    struct mail *place = *state;
    struct source_subject subject = somebody;
    const struct source_settings settings = mail_settings_of(
        place, "SELECT body FROM mail WHERE tenant = :tenant_id AND upn = :user_principal_name");
    struct source *source = mail_open_with(place, &settings);

    subject.user_principal_name = (struct text){NULL, 0};
    assert_int_equal(recording_gather(&place->recording, source, &subject, &place->outcome), 0);
    assert_int_equal(place->outcome.state, SOURCE_STATE_EMPTY);
    source_close(&source);
}

static void many_rows_cross_the_buffer_unharmed(void **state)
{
    struct mail *place = *state;

    mail_gather(
        place,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " SELECT i, '\xC3\xA4\xE2\x82\xAC' AS t FROM n WHERE :tenant_id > '' AND :user_id > ''",
        SOURCE_JSONL);
    assert_int_equal(place->outcome.counts.rows, 20000);
    const char *at = place->recording.entries[0].data;
    for (int i = 1; i <= 20000; i++) {
        char line[64];
        int bytes = snprintf(line, sizeof(line), "{\"i\":%d,\"t\":\"\xC3\xA4\xE2\x82\xAC\"}\n", i);

        if (strncmp(at, line, (size_t)bytes) != 0)
            fail_msg("row %d", i);
        at += bytes;
    }
    assert_int_equal(*at, '\0');
}

static void keys_of_another_kind_are_refused(void **state)
{
    struct mail *place = *state;
    struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct source *source = NULL;

    settings.pattern = TEXT("{tenant_id}/{user_id}");
    assert_int_equal(source_open(&source, &settings, &place->problem), -ERROR_CONFIGURATION);
    assert_string_equal(place->problem.key, "pattern");
    settings.pattern = (struct text){NULL, 0};
    settings.statement = (struct text){NULL, 0};
    assert_int_equal(source_open(&source, &settings, &place->problem), -ERROR_CONFIGURATION);
    assert_string_equal(place->problem.key, "statement");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, mail_set_up, mail_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_has_its_json_form),
        TEST(every_type_has_its_csv_form),
        TEST(spreadsheet_formulas_are_neutralised),
        TEST(columns_of_one_name_are_told_apart),
        TEST(refused_statements_are_refused_at_start),
        TEST(statements_in_many_spellings_are_taken),
        TEST(what_is_bound_stays_data),
        TEST(an_empty_name_does_not_match_empty_names),
        TEST(many_rows_cross_the_buffer_unharmed),
        TEST(keys_of_another_kind_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
