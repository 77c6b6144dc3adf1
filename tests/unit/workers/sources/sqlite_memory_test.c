// SPDX-License-Identifier: MIT
/* Every allocation of SQLite fails in turn: all rows are written as they are, or the source or the
 * whole attempt fails in a way that another attempt may do better. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/workers/sources/mail.h"

#define OUTPUT_BYTES 1024

static int set_up(void **state)
{
    memory_fault_at(0);
    return mail_set_up(state);
}

/* Its texts and names take conversions when it is not in UTF-8. */
static void make_letters(struct mail *place, const char *encoding)
{
    char sql[1024];

    snprintf(place->database, sizeof place->database, "%s/letters.db", place->directory);
    snprintf(sql, sizeof sql,
             "PRAGMA encoding = '%s';"
             "CREATE TABLE mail(id INTEGER PRIMARY KEY, tenant TEXT, user TEXT, body);"
             "INSERT INTO mail(tenant, user, body) SELECT '11111111-1111-4111-8111-111111111111',"
             " 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', value FROM (SELECT 'one' AS value"
             " UNION ALL SELECT printf('%%.200c', 'x') UNION ALL SELECT x'00ff' UNION ALL"
             " SELECT 2.5 UNION ALL SELECT NULL UNION ALL SELECT 'last')",
             encoding);
    mail_execute(place->database, sql);
}

static void check(struct mail *place, enum source_format format)
{
    struct source_settings settings =
        mail_settings_of(place, "SELECT id, body, body || '!' AS shout " OWN_ROWS
                                " ORDER BY id; -- and nothing else");
    struct source *source;
    char whole[OUTPUT_BYTES];
    bool has_struck;
    int failures = 0;
    int number = 0;
    int rc;

    settings.format = format;
    source = mail_open_with(place, &settings);
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.counts.rows, 6);
    assert_true(place->recording.entries[0].size_bytes < sizeof whole);
    memcpy(whole, place->recording.entries[0].data, place->recording.entries[0].size_bytes + 1);
    do {
        memory_fault_at(++number);
        rc = recording_gather(&place->recording, source, &somebody, &place->outcome);
        has_struck = memory_fault_struck();
        memory_fault_at(0);
        if (rc) {
            assert_int_equal(rc, -ERROR_MEMORY);
            failures++;
        } else if (place->outcome.state != SOURCE_STATE_COMPLETE) {
            if (!place->outcome.is_retryable || place->outcome.state != SOURCE_STATE_FAILED)
                printf("%d state %d reason %d\n", number, place->outcome.state,
                       place->outcome.reason);
            assert_int_equal(place->outcome.state, SOURCE_STATE_FAILED);
            assert_true(place->outcome.is_retryable);
            failures++;
        } else {
            assert_string_equal(place->recording.entries[0].data, whole);
        }
    } while (has_struck);
    assert_int_equal(rc, 0);
    assert_int_equal(place->outcome.state, SOURCE_STATE_COMPLETE);
    assert_true(failures > 0);
    source_close(&source);
}

static void nothing_is_left_out_for_want_of_memory(void **state)
{
    make_letters(*state, "UTF-8");
    check(*state, SOURCE_JSONL);
    check(*state, SOURCE_CSV);
}

static void nothing_is_left_out_of_a_database_in_utf_16(void **state)
{
    make_letters(*state, "UTF-16le");
    check(*state, SOURCE_JSONL);
    check(*state, SOURCE_CSV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_left_out_for_want_of_memory, set_up,
                                        mail_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left_out_of_a_database_in_utf_16, set_up,
                                        mail_tear_down),
    };

    memory_fault_of_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
