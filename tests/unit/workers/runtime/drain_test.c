// SPDX-License-Identifier: MIT
/* A worker that is told to stop: it takes nothing, finishes or hands back, and loses no offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
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

static void sigterm_lets_a_running_attempt_finish(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect_heartbeat(played, 2, 1);
    kill(played->worker.pid, SIGTERM);
    played_expect_heartbeat(played, 0, 1);
    played_offer(played, PLAYED_ADA, 2);
    played_expect(played, REPORT_KIND_DECLINED, 2);
    played_unlock(played);
    played_expect(played, REPORT_KIND_DONE, 1);
    played_notice(played, "worker/played", 1, 0);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
    assert_int_equal(played_files(played, 1), 1);
}

static void sigterm_stops_what_does_not_finish(void **state)
{
    struct played *played = *state;

    struct played_options options = played_usual;

    options.drain_ms = 300;
    played_serve(played, &options);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect_files(played, 1, 1);
    kill(played->worker.pid, SIGTERM);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_WORKER_STOPPED);
    assert_true(played->report.failed.retryable);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
    assert_int_equal(played_files(played, 1), 0);
}

static void a_second_signal_stops_at_once(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect_files(played, 1, 1);
    kill(played->worker.pid, SIGTERM);
    played_expect_heartbeat(played, 0, 1);
    kill(played->worker.pid, SIGINT);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_WORKER_STOPPED);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
    assert_int_equal(played_files(played, 1), 0);
}

static void an_idle_worker_stops_without_a_daemon(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    zmq_close(played->reports);
    played->reports = zmq_socket(played->context, ZMQ_PULL);
    kill(played->worker.pid, SIGTERM);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
}

static void without_time_to_drain_an_attempt_is_handed_back_at_once(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.drain_ms = 0;
    played_serve(played, &options);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect_files(played, 1, 1);
    kill(played->worker.pid, SIGTERM);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_WORKER_STOPPED);
    played_notice(played, "worker/played", 1, 0);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
}

/* Stopped, so that the offers lie in its socket when it learns that it is to end. */
static void offers_that_lie_unread_at_the_end_are_declined(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    kill(played->worker.pid, SIGSTOP);
    kill(played->worker.pid, SIGTERM);
    for (int64_t fence = 1; fence <= 20; fence++)
        played_offer(played, PLAYED_ADA, fence);
    kill(played->worker.pid, SIGCONT);
    for (int64_t fence = 1; fence <= 20; fence++)
        played_expect(played, REPORT_KIND_DECLINED, fence);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
    assert_false(played_log_has(played, "event=accepted"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sigterm_lets_a_running_attempt_finish),
        TEST(sigterm_stops_what_does_not_finish),
        TEST(without_time_to_drain_an_attempt_is_handed_back_at_once),
        TEST(a_second_signal_stops_at_once),
        TEST(an_idle_worker_stops_without_a_daemon),
        TEST(offers_that_lie_unread_at_the_end_are_declined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
