// SPDX-License-Identifier: MIT
/* What workers that were killed left is found, asked about and settled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

#define OTHER_OPERATION "01890000-0000-7000-8000-000000000002"

static struct played_options often(void)
{
    struct played_options options = played_usual;

    options.sweep_interval_ms = 200;
    return options;
}

/* A worker publishes and is killed before anybody answers; another is started. */
static void serve_after_a_kill(struct played *played, int64_t fence)
{
    struct played_options options = often();

    played_serve(played, &options);
    played_offer(played, PLAYED_ADA, fence);
    played_expect(played, REPORT_KIND_DONE, fence);
    process_release(&played->worker); /* with SIGKILL */
    assert_int_equal(played_files(played, fence), 1);
    assert_int_equal(played_marks(played, fence), 1);
    played_start(played, false);
    played_expect(played, REPORT_KIND_FOUND, fence);
    assert_true(text_equal(played->report.found.worker, TEXT("played")));
    char operation[UUID_TEXT_BUFFER];
    assert_string_equal(uuid_format(&played->report.found.operation_id, operation),
                        PLAYED_OPERATION);
}

/* Answers every question until the mark is gone: the first answer may come before the worker
 * listens. */
static void answer(struct played *played, int64_t recorded, int64_t superseded)
{
    int64_t fence = recorded ? recorded : superseded;

    for (int i = 0; i < 100 && played_marks(played, fence) > 0; i++) {
        played_notice(played, "worker/played", recorded, superseded);
        played_count(played, REPORT_KIND_FOUND, 200);
    }
    assert_int_equal(played_marks(played, fence), 0);
    played_count(played, REPORT_KIND_FOUND, 500); /* what was on its way */
    assert_int_equal(played_count(played, REPORT_KIND_FOUND, 1000), 0);
}

static void a_bundle_left_by_a_killed_worker_is_removed_when_it_is_superseded(void **state)
{
    struct played *played = *state;
    struct stat status;
    char path[256];

    serve_after_a_kill(played, 7);
    answer(played, 0, 7);
    assert_int_equal(played_files(played, 7), 0);
    snprintf(path, sizeof(path), "%s/bundles/" PLAYED_TENANT, played->directory);
    for (int i = 0; i < 1000 && stat(path, &status) == 0; i++)
        usleep(2000);
    assert_int_not_equal(stat(path, &status), 0); /* the folder was empty */
    played_offer(played, PLAYED_ADA, 8);          /* and can be made again */
    played_expect(played, REPORT_KIND_DONE, 8);
}

static void a_bundle_left_by_a_killed_worker_is_kept_when_it_is_recorded(void **state)
{
    struct played *played = *state;

    serve_after_a_kill(played, 7);
    answer(played, 7, 0);
    assert_int_equal(played_files(played, 7), 1);
}

static void without_an_answer_nothing_is_removed_and_it_is_asked_again(void **state)
{
    struct played *played = *state;

    serve_after_a_kill(played, 7);
    for (int i = 0; i < 3; i++)
        played_expect(played, REPORT_KIND_FOUND, 7);
    assert_int_equal(played_files(played, 7), 1);
    assert_int_equal(played_marks(played, 7), 1);
}

static void a_worker_does_not_ask_about_its_own_results(void **state)
{
    struct played *played = *state;
    struct played_options options = often();

    played_serve(played, &options);
    played_offer(played, PLAYED_ADA, 7);
    played_expect(played, REPORT_KIND_DONE, 7);
    assert_int_equal(played_marks(played, 7), 1);
    assert_int_equal(played_count(played, REPORT_KIND_FOUND, 1000), 0);
    played_notice(played, "worker/played", 7, 0);
    played_expect_marks(played, 7, 0);
    assert_int_equal(played_files(played, 7), 1);
}

/* Two stores may share the directory, and number their fences alike. */
static void a_notice_about_an_own_fence_removes_no_bundle_of_somebody_else(void **state)
{
    struct played *played = *state;
    struct played_options options = often();

    played_serve(played, &options);
    played_leave(played, OTHER_OPERATION, 7, "");
    played_leave(played, OTHER_OPERATION, 7, ".unrecorded");
    played_expect(played, REPORT_KIND_FOUND, 7);
    played_offer(played, PLAYED_ADA, 7);
    played_expect(played, REPORT_KIND_DONE, 7);
    assert_int_equal(played_files(played, 7), 2);
    for (int i = 0; i < 3; i++) { /* notices may come more than once */
        played_notice(played, "worker/played", 0, 7);
        played_expect_files(played, 7, 1);
        played_count(played, REPORT_KIND_HEARTBEAT, 300);
    }
    assert_int_equal(played_marks(played, 7), 1);
}

static void a_notice_about_a_running_fence_removes_no_bundle_of_somebody_else(void **state)
{
    struct played *played = *state;
    struct played_options options = often();

    played_serve(played, &options);
    played_leave(played, OTHER_OPERATION, 7, "");
    played_leave(played, OTHER_OPERATION, 7, ".unrecorded");
    played_expect(played, REPORT_KIND_FOUND, 7);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 7);
    played_expect_files(played, 7, 2);
    played_notice(played, "worker/played", 0, 7);
    played_expect_files(played, 7, 1);
    played_expect_heartbeat(played, 2, 0);
    played_count(played, REPORT_KIND_HEARTBEAT, 300);
    assert_int_equal(played_files(played, 7) + played_marks(played, 7), 2);
}

static void a_worker_that_runs_sweeps_what_others_leave(void **state)
{
    struct played *played = *state;
    struct played_options options = often();

    played_serve(played, &options);
    played_leave(played, OTHER_OPERATION, 7, ".partial");
    played_leave(played, OTHER_OPERATION, 8, ".unrecorded"); /* of no bundle */
    played_expect_files(played, 7, 0);
    played_expect_marks(played, 8, 0);
    played_leave(played, OTHER_OPERATION, 9, ".partial");
    played_expect_files(played, 9, 0);
}

static void a_worker_ends_in_the_middle_of_a_long_sweep(void **state)
{
    struct played *played = *state;
    struct played_options options = often();

    played_serve(played, &options);
    for (int64_t fence = 1; fence <= 3000; fence++) { /* half a minute of questions */
        played_leave(played, OTHER_OPERATION, fence, "");
        played_leave(played, OTHER_OPERATION, fence, ".unrecorded");
    }
    played_expect(played, REPORT_KIND_FOUND, 0);
    kill(played->worker.pid, SIGTERM);
    assert_int_equal(process_wait(&played->worker, 10000), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_left_by_a_killed_worker_is_removed_when_it_is_superseded),
        TEST(a_bundle_left_by_a_killed_worker_is_kept_when_it_is_recorded),
        TEST(without_an_answer_nothing_is_removed_and_it_is_asked_again),
        TEST(a_worker_does_not_ask_about_its_own_results),
        TEST(a_notice_about_an_own_fence_removes_no_bundle_of_somebody_else),
        TEST(a_notice_about_a_running_fence_removes_no_bundle_of_somebody_else),
        TEST(a_worker_that_runs_sweeps_what_others_leave),
        TEST(a_worker_ends_in_the_middle_of_a_long_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
