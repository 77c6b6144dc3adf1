// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "tests/unit/workers/sources/mail.h"

static void only_the_rows_of_the_user_in_the_tenant_are_written(void **state)
{
    struct mail *place = *state;

    mail_gather(place, "SELECT id, body " OWN_ROWS " ORDER BY id", SOURCE_JSONL);
    assert_int_equal(place->outcome.state, SOURCE_STATE_COMPLETE);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_NONE);
    assert_int_equal(place->outcome.counts.rows, 2);
    assert_int_equal(place->outcome.counts.files, 1);
    assert_int_equal(place->recording.count, 1);
    assert_string_equal(place->recording.entries[0].name, "rows.jsonl");
    assert_string_equal(place->recording.entries[0].data,
                        "{\"id\":1,\"body\":\"one\"}\n{\"id\":2,\"body\":\"two\"}\n");
    assert_int_equal(place->outcome.counts.bytes, place->recording.entries[0].size_bytes);
    assert_true(place->recording.entries[0].is_ended);
    assert_true(place->recording.last_share == 1.0);
}

static void a_user_without_rows_is_empty_and_gives_no_file(void **state)
{
    struct mail *place = *state;

    mail_gather(place, "SELECT * " OWN_ROWS " AND body = 'none'", SOURCE_CSV);
    assert_int_equal(place->outcome.state, SOURCE_STATE_EMPTY);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_NOTHING_THERE);
    assert_int_equal(place->recording.count, 0);
}

static void limits_cut_the_source_and_say_so(void **state)
{
    struct mail *place = *state;
    struct source_settings settings =
        mail_settings_of(place, "SELECT body " OWN_ROWS " ORDER BY id");

    settings.maximum_rows = 1;
    mail_gather_with(place, &settings);
    assert_int_equal(place->outcome.state, SOURCE_STATE_TRUNCATED);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_ROW_LIMIT);
    assert_string_equal(place->recording.entries[0].data, "{\"body\":\"one\"}\n");

    settings.maximum_rows = 2; /* exactly what there is */
    mail_gather_with(place, &settings);
    assert_int_equal(place->outcome.state, SOURCE_STATE_COMPLETE);

    settings.maximum_rows = INT64_MAX;
    settings.maximum_bytes = 5;
    mail_gather_with(place, &settings);
    assert_int_equal(place->outcome.state, SOURCE_STATE_TRUNCATED);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_BYTE_LIMIT);
    assert_int_equal(place->outcome.counts.rows, 1);
}

static void a_row_beyond_the_bound_fails_the_source_and_keeps_the_rows_before(void **state)
{
    struct mail *place = *state;

    mail_gather(place,
                "SELECT 'small' AS a, '' AS b WHERE :tenant_id > '' AND :user_id > ''"
                " UNION ALL SELECT zeroblob(40*1024*1024), zeroblob(40*1024*1024)",
                SOURCE_JSONL);
    assert_int_equal(place->outcome.state, SOURCE_STATE_FAILED);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_ROW_TOO_LARGE);
    assert_false(place->outcome.is_retryable);
    assert_int_equal(place->outcome.counts.rows, 1);
    assert_string_equal(place->recording.entries[0].data, "{\"a\":\"small\",\"b\":\"\"}\n");
    assert_true(place->recording.entries[0].is_ended);
    mail_gather(place, "SELECT zeroblob(70*1024*1024) AS a WHERE :tenant_id > '' AND :user_id > ''",
                SOURCE_JSONL);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_ROW_TOO_LARGE);
}

static void a_locked_database_is_unavailable_and_worth_another_attempt(void **state)
{
    struct mail *place = *state;
    const struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct source *source = mail_open_with(place, &settings);
    sqlite3 *writer;

    assert_int_equal(sqlite3_open(place->database, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.state, SOURCE_STATE_FAILED);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_DATABASE_UNAVAILABLE);
    assert_true(place->outcome.is_retryable);
    sqlite3_close(writer);
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.state, SOURCE_STATE_COMPLETE);
    source_close(&source);
}

static void a_database_that_went_away_or_broke_is_unavailable(void **state)
{
    struct mail *place = *state;
    const struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct source *source = mail_open_with(place, &settings);

    assert_int_equal(unlink(place->database), 0);
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_DATABASE_UNAVAILABLE);
    assert_true(place->outcome.is_retryable);

    assert_int_equal(
        temporary_write(place->directory, "mail.db", "no database at all, but long", 28), 0);
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.state, SOURCE_STATE_FAILED);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_DATABASE_UNAVAILABLE);
    assert_false(place->outcome.is_retryable);

    assert_int_equal(unlink(place->database), 0);
    mail_execute(place->database, "CREATE TABLE other(x)");
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    assert_int_equal(place->outcome.reason, SOURCE_REASON_STATEMENT_FAILED);
    assert_string_equal(place->outcome.detail, "no such table: mail");
    assert_false(place->outcome.is_retryable);
    source_close(&source);
}

static void names_that_mean_something_to_sqlite_are_only_names(void **state)
{
    struct mail *place = *state;
    static const char *const names[] = {"file:mail.db", ":memory:", "a?mode=rw&cache=shared",
                                        "100%25#x.db"};
    char before[4096];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place->directory), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
        struct source *source = NULL;

        settings.database = text_of(names[i]);
        assert_int_equal(source_open(&source, &settings, &place->problem), -ERROR_CONFIGURATION);
        assert_string_equal(place->problem.key, "database");
        assert_int_equal(link("mail.db", names[i]), 0);
        mail_gather_with(place, &settings);
        assert_int_equal(place->outcome.counts.rows, 2);
    }
    assert_int_equal(chdir(before), 0);
}

static void a_fifo_is_no_database_and_is_not_waited_for(void **state)
{
    struct mail *place = *state;
    struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct source *source = NULL;
    char path[160];

    snprintf(path, sizeof(path), "%s/fifo", place->directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    settings.database = text_of(path);
    assert_int_equal(source_open(&source, &settings, &place->problem), -ERROR_CONFIGURATION);
    assert_non_null(strstr(place->problem.message, "not a regular file"));
}

static void the_database_is_not_written(void **state)
{
    struct mail *place = *state;
    struct stat before;
    struct stat after;

    mail_execute(place->database, "CREATE VIEW sly AS SELECT body, tenant, user FROM mail");
    assert_int_equal(stat(place->database, &before), 0);
    mail_gather(place, "SELECT body FROM sly WHERE tenant = :tenant_id AND user = :user_id",
                SOURCE_JSONL);
    assert_int_equal(place->outcome.counts.rows, 2);
    assert_int_equal(stat(place->database, &after), 0);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void an_error_of_the_sink_ends_the_gathering_with_it(void **state)
{
    struct mail *place = *state;
    const struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct source *source = mail_open_with(place, &settings);

    place->recording.write_error = -ERROR_DISK_FULL;
    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome),
                     -ERROR_DISK_FULL);
    assert_int_equal(place->outcome.state, SOURCE_STATE_FAILED);
    source_close(&source);
}

struct stopping {
    const struct source *source;
    struct recording recording;
    atomic_int stop;
    atomic_bool is_running;
    int rc;
};

static void say_running(void *hook)
{
    atomic_store((atomic_bool *)hook, true);
}

static void *gather_until_stopped(void *argument)
{
    struct stopping *stopping = argument;
    const struct sink sink = {&recording_functions, &stopping->recording};
    struct source_outcome outcome;

    stopping->rc = source_gather(stopping->source, &somebody, &sink, &stopping->stop, &outcome);
    return NULL;
}

/* The statement never ends by itself, so the test would hang if the flag were not obeyed. */
static void stop_while_running(struct mail *place, const char *statement, bool waits_for_rows)
{
    struct source_settings settings = mail_settings_of(place, statement);
    struct stopping stopping = {0};
    pthread_t thread;

    settings.counts_first = false;
    struct source *source = mail_open_with(place, &settings);
    stopping.source = source;
    stopping.recording.on_progress = say_running;
    stopping.recording.hook = &stopping.is_running;
    assert_int_equal(pthread_create(&thread, NULL, gather_until_stopped, &stopping), 0);
    while (waits_for_rows && !atomic_load(&stopping.is_running))
        usleep(1000);
    usleep(20000);
    atomic_store(&stopping.stop, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(stopping.rc, -ERROR_CANCELLED);
    recording_release(&stopping.recording);
    source_close(&source);
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
#define BOUND   " AND :tenant_id > '' AND :user_id > ''"

static void a_statement_is_stopped_between_its_rows_and_within_a_step(void **state)
{
    stop_while_running(*state, ENDLESS "i FROM n WHERE 1" BOUND, true);
    stop_while_running(*state, ENDLESS "i FROM n WHERE i < 0" BOUND, false);
    stop_while_running(*state, ENDLESS "count(*) FROM n WHERE 1" BOUND, false);
}

static void waiting_for_a_lock_is_stopped(void **state)
{
    struct mail *place = *state;
    struct source_settings settings = mail_settings_of(place, "SELECT body " OWN_ROWS);
    struct stopping stopping = {0};
    sqlite3 *writer;
    pthread_t thread;

    settings.busy_timeout_ms = 3600000;
    struct source *source = mail_open_with(place, &settings);
    stopping.source = source;
    assert_int_equal(sqlite3_open(place->database, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(pthread_create(&thread, NULL, gather_until_stopped, &stopping), 0);
    usleep(20000);
    atomic_store(&stopping.stop, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(stopping.rc, -ERROR_CANCELLED);
    sqlite3_close(writer);
    recording_release(&stopping.recording);
    source_close(&source);
}

struct insertion {
    const char *database;
    bool is_done;
};

static void insert_once(void *hook)
{
    struct insertion *insertion = hook;

    if (!insertion->is_done)
        mail_execute(insertion->database,
                     "INSERT INTO mail(tenant, user, body) SELECT tenant, user, 'late' FROM mail"
                     " WHERE body = 'one'");
    insertion->is_done = true;
}

static void rows_that_come_while_it_reads_are_not_seen(void **state)
{
    struct mail *place = *state;
    struct insertion insertion = {place->database, false};

    mail_execute(place->database, "PRAGMA journal_mode=WAL");
    place->recording.on_progress = insert_once;
    place->recording.hook = &insertion;
    mail_gather(place, "SELECT body " OWN_ROWS, SOURCE_JSONL);
    assert_true(insertion.is_done);
    assert_int_equal(place->outcome.counts.rows, 2);
    mail_gather(place, "SELECT body " OWN_ROWS, SOURCE_JSONL);
    assert_int_equal(place->outcome.counts.rows, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, mail_set_up, mail_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_rows_of_the_user_in_the_tenant_are_written),
        TEST(a_user_without_rows_is_empty_and_gives_no_file),
        TEST(limits_cut_the_source_and_say_so),
        TEST(a_row_beyond_the_bound_fails_the_source_and_keeps_the_rows_before),
        TEST(a_locked_database_is_unavailable_and_worth_another_attempt),
        TEST(a_database_that_went_away_or_broke_is_unavailable),
        TEST(names_that_mean_something_to_sqlite_are_only_names),
        TEST(a_fifo_is_no_database_and_is_not_waited_for),
        TEST(the_database_is_not_written),
        TEST(an_error_of_the_sink_ends_the_gathering_with_it),
        TEST(a_statement_is_stopped_between_its_rows_and_within_a_step),
        TEST(waiting_for_a_lock_is_stopped),
        TEST(rows_that_come_while_it_reads_are_not_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
