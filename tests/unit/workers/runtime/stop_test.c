// SPDX-License-Identifier: MIT
/* What is cancelled or superseded stops, whatever it is doing, and leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/unit/workers/runtime/played.h"

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct played));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    played_close(*state);
    free(*state);
    return 0;
}

#define ENDLESS                                                                                    \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) "

static const char no_row_for_long[] =
    ENDLESS "SELECT max(i) FROM n WHERE :tenant_id <> '' AND :user_id <> ''";
static const char many_rows[] = ENDLESS "SELECT i FROM n WHERE :tenant_id <> '' AND :user_id <> ''";

/* It runs, is cancelled, and is gone without a word. */
static void expect_cancelled(struct played *played, int64_t fence)
{
    played_cancel(played, fence);
    played_expect_files(played, fence, 0);
    played_expect_heartbeat(played, 2, 0);
    assert_int_equal(played_results(played, fence, 500), 0);
    assert_int_equal(played_marks(played, fence), 0);
    assert_true(played_log_has(played, "event=cancelled fence=5 is_running=1"));
    assert_true(played_log_has(played, "fence=5 reason=cancelled"));
}

static int64_t computed_ms(const struct played *played)
{
    struct timespec spent;
    clockid_t clock;

    assert_int_equal(clock_getcpuclockid(played->worker.pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &spent), 0);
    return spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}

/* A statement that gives nothing shows in nothing else: what comes before it takes no such time. */
static void expect_computing(const struct played *played)
{
    struct mono end = {mono_now().ms + PLAYED_WAIT_MS};
    int64_t begun_ms = computed_ms(played);

    while (computed_ms(played) < begun_ms + 300) {
        if (mono_now().ms > end.ms)
            fail_msg("it does nothing");
        usleep(2000);
    }
}

static void cancel_statement(struct played *played, const char *statement, bool is_not_counted)
{
    struct played_options options = played_usual;

    options.statement = statement;
    options.is_not_counted = is_not_counted;
    played_serve(played, &options);
    played_offer(played, PLAYED_ADA, 5);
    played_expect_files(played, 5, 1);
    played_expect_heartbeat(played, 2, 1);
    expect_computing(played);
    expect_cancelled(played, 5);
}

static void a_cancelled_statement_that_gives_no_row_stops(void **state)
{
    cancel_statement(*state, no_row_for_long, true);
}

static void a_cancelled_statement_that_is_being_counted_stops(void **state)
{
    cancel_statement(*state, many_rows, false);
}

static void a_cancelled_statement_of_many_rows_stops(void **state)
{
    cancel_statement(*state, many_rows, true);
}

static void a_cancelled_wait_for_a_locked_database_stops(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 5);
    played_expect_files(played, 5, 1);
    played_count(played, REPORT_KIND_HEARTBEAT, 300); /* it waits by then */
    expect_cancelled(played, 5);
    played_unlock(played);
}

static void a_cancelled_copy_of_a_large_file_stops(void **state)
{
    struct played *played = *state;
    char path[300];

    played_serve(played, &played_usual);
    snprintf(path, sizeof(path), "%s/drive/" PLAYED_TENANT "/" PLAYED_ADA "/large",
             played->directory);
    int file = creat(path, 0600);
    assert_int_equal(ftruncate(file, 2LL << 30), 0); /* zeros, so that the bundle stays small */
    close(file);
    played_offer(played, PLAYED_ADA, 5);
    do
        played_expect(played, REPORT_KIND_PROGRESS, 5);
    while (played->report.progress.bytes < 1 << 20);
    expect_cancelled(played, 5);
}

static void a_cancelled_result_loses_its_bundle(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_ADA, 6);
    played_expect(played, REPORT_KIND_DONE, 6);
    assert_int_equal(played_files(played, 6), 1);
    assert_int_equal(played_marks(played, 6), 1);
    played_cancel(played, 6);
    played_expect_marks(played, 6, 0); /* which goes after the bundle */
    assert_int_equal(played_files(played, 6), 0);
    played_results(played, 6, 500);
    assert_int_equal(played_results(played, 6, 500), 0);
}

static void what_is_superseded_while_its_worker_is_stopped_leaves_nothing(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 5);
    played_expect_files(played, 5, 1);
    played_expect_heartbeat(played, 2, 1);
    kill(played->worker.pid, SIGSTOP);
    played_notice(played, "worker/played", 0, 5);
    kill(played->worker.pid, SIGCONT);
    played_expect_files(played, 5, 0);
    played_expect_heartbeat(played, 2, 0);
    played_unlock(played);
    assert_int_equal(played_results(played, 5, 500), 0);
    assert_int_equal(played_marks(played, 5), 0);
}

/* The lease passed; nobody could tell the worker, which publishes, and is then told. */
static void what_a_worker_shows_after_its_lease_is_taken_away(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 5);
    played_expect_files(played, 5, 1);
    kill(played->worker.pid, SIGSTOP);
    played_unlock(played);
    kill(played->worker.pid, SIGCONT);
    played_expect(played, REPORT_KIND_DONE, 5);
    played_notice(played, "worker/played", 0, 5);
    played_expect_marks(played, 5, 0);
    assert_int_equal(played_files(played, 5), 0);
    played_results(played, 5, 500);
    assert_int_equal(played_results(played, 5, 500), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cancelled_statement_that_gives_no_row_stops),
        TEST(a_cancelled_statement_that_is_being_counted_stops),
        TEST(a_cancelled_statement_of_many_rows_stops),
        TEST(a_cancelled_wait_for_a_locked_database_stops),
        TEST(a_cancelled_copy_of_a_large_file_stops),
        TEST(a_cancelled_result_loses_its_bundle),
        TEST(what_is_superseded_while_its_worker_is_stopped_leaves_nothing),
        TEST(what_a_worker_shows_after_its_lease_is_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
