// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static struct source_result source_at(const struct wire_list *sources, uint32_t index)
{
    struct source_result result;

    assert_true(index < sources->count);
    codec_item(sources, index, &result);
    return result;
}

static void an_offer_becomes_a_bundle(void **state)
{
    struct played *played = *state;
    char location[600];
    char expected[600];

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_ADA, 7);
    played_expect(played, REPORT_KIND_STARTED, 7);
    played_expect(played, REPORT_KIND_DONE, 7);
    const struct done_report *done = &played->report.done;
    assert_true(text_equal(done->worker, TEXT("played")));
    assert_int_equal(done->sources.count, 2);
    struct source_result mailbox = source_at(&done->sources, 0);
    struct source_result drive = source_at(&done->sources, 1);
    assert_int_equal(mailbox.state, SOURCE_STATE_COMPLETE);
    assert_int_equal(mailbox.rows, 2);
    assert_int_equal(drive.state, SOURCE_STATE_COMPLETE);
    assert_int_equal(drive.files, 1);
    assert_int_equal(drive.bytes, 7);
    snprintf(location, sizeof(location), "%.*s", TEXT_ARGUMENTS(done->storage_location));
    assert_int_equal(played_files(played, 7), 1);
    snprintf(expected, sizeof(expected), "https://export.example.org/bundles/" PLAYED_TENANT "/");
    assert_memory_equal(location, expected, strlen(expected));

    struct stat status;
    snprintf(expected, sizeof(expected), "%s/bundles%s", played->directory,
             strstr(location, "/" PLAYED_TENANT));
    assert_int_equal(stat(expected, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, done->bundle.bytes);
}

static void a_result_is_repeated_until_it_is_recorded(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_ADA, 7);
    for (int i = 0; i < 3; i++)
        played_expect(played, REPORT_KIND_DONE, 7);
    played_notice(played, "worker/played", 7, 0);
    /* What was on its way may still come; then nothing for ten intervals. */
    played_count(played, REPORT_KIND_DONE, 500);
    assert_int_equal(played_count(played, REPORT_KIND_DONE, 1000), 0);
    assert_int_equal(played_files(played, 7), 1);
}

static void a_notice_to_another_worker_is_none_to_this_one(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_ADA, 7);
    played_expect(played, REPORT_KIND_DONE, 7);
    played_notice(played, "worker/played2", 7, 0);
    played_notice(played, "worker/played2", 0, 7);
    played_count(played, REPORT_KIND_DONE, 500);
    assert_true(played_count(played, REPORT_KIND_DONE, 1000) > 0);
    assert_int_equal(played_files(played, 7), 1);
}

static void an_offer_without_a_free_slot_is_declined(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_offer(played, PLAYED_ADA, 2);
    played_expect_heartbeat(played, 2, 2);
    played_offer(played, PLAYED_ADA, 3);
    played_expect(played, REPORT_KIND_DECLINED, 3);
    played_unlock(played);
    played_expect_heartbeat(played, 2, 0);
    played_offer(played, PLAYED_ADA, 4);
    played_expect(played, REPORT_KIND_STARTED, 4);
    played_expect(played, REPORT_KIND_DONE, 4);
    assert_int_equal(played_files(played, 3), 0);
}

static void an_offer_that_comes_twice_runs_once(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_STARTED, 1);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_STARTED, 1);
    played_expect_heartbeat(played, 2, 1);
    played_unlock(played);
    played_expect(played, REPORT_KIND_DONE, 1);
    played_notice(played, "worker/played", 1, 0);
    played_count(played, REPORT_KIND_DONE, 500);
    played_offer(played, PLAYED_ADA, 1);
    assert_int_equal(played_count(played, REPORT_KIND_STARTED, 500), 0);
    played_offer(played, PLAYED_ADA, 2); /* it still works */
    played_expect(played, REPORT_KIND_DONE, 2);
}

static void a_superseded_attempt_stops_and_leaves_nothing(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 5);
    played_expect_files(played, 5, 1); /* the partial one */
    played_notice(played, "worker/played", 0, 5);
    played_expect_files(played, 5, 0);
    played_expect_heartbeat(played, 2, 0);
    played_unlock(played);
    assert_int_equal(played_count(played, REPORT_KIND_FAILED, 500), 0);
    assert_true(played_log_has(played, "event=stopped"));
}

static void a_superseded_result_loses_its_file(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_ADA, 6);
    played_expect(played, REPORT_KIND_DONE, 6);
    assert_int_equal(played_files(played, 6), 1);
    played_notice(played, "worker/played", 0, 6);
    played_expect_files(played, 6, 0);
    played_count(played, REPORT_KIND_DONE, 500);
    assert_int_equal(played_count(played, REPORT_KIND_DONE, 500), 0);
}

static void an_unknown_person_fails_for_good(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_NOBODY, 1);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_PROFILE_NOT_FOUND);
    assert_false(played->report.failed.retryable);
    struct source_result mailbox = source_at(&played->report.failed.sources, 0);
    assert_int_equal(mailbox.state, SOURCE_STATE_SKIPPED);
    assert_int_equal(mailbox.reason, SOURCE_REASON_NOT_ATTEMPTED);
    played_offer(played, PLAYED_BROKEN, 2);
    played_expect(played, REPORT_KIND_FAILED, 2);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_REGISTRY_UNAVAILABLE);
    assert_false(played->report.failed.retryable);
    assert_int_equal(played_files(played, 1) + played_files(played, 2), 0);
}

static void an_optional_source_that_fails_is_a_named_gap(void **state)
{
    struct played *played = *state;

    played_serve(played, &played_usual);
    played_offer(played, PLAYED_LINKED, 1);
    played_expect(played, REPORT_KIND_DONE, 1);
    struct source_result mailbox = source_at(&played->report.done.sources, 0);
    struct source_result drive = source_at(&played->report.done.sources, 1);
    assert_int_equal(mailbox.state, SOURCE_STATE_EMPTY);
    assert_int_equal(drive.state, SOURCE_STATE_FAILED);
    assert_int_equal(drive.reason, SOURCE_REASON_LINK_REFUSED);
}

static void a_required_source_that_fails_fails_the_attempt(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.busy_timeout_ms = 50;
    played_serve(played, &options);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_SOURCE_UNAVAILABLE);
    assert_true(played->report.failed.retryable);
    struct source_result mailbox = source_at(&played->report.failed.sources, 0);
    struct source_result drive = source_at(&played->report.failed.sources, 1);
    assert_int_equal(mailbox.state, SOURCE_STATE_FAILED);
    assert_int_equal(mailbox.reason, SOURCE_REASON_DATABASE_UNAVAILABLE);
    assert_int_equal(drive.state, SOURCE_STATE_SKIPPED);
    played_expect_files(played, 1, 0);
}

static void progress_is_told_while_it_gathers(void **state)
{
    struct played *played = *state;
    char path[300];
    int file;

    played_serve(played, &played_usual);
    snprintf(path, sizeof(path), "%s/drive/" PLAYED_TENANT "/" PLAYED_ADA "/large",
             played->directory);
    file = creat(path, 0600);
    assert_int_equal(ftruncate(file, 1LL << 30), 0); /* zeros, so that the bundle stays small */
    close(file);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_PROGRESS, 1);
    assert_true(played->report.progress.progress >= 0 && played->report.progress.progress < 100);
    double first = played->report.progress.progress;
    int64_t first_bytes = played->report.progress.bytes;
    played_expect(played, REPORT_KIND_PROGRESS, 1);
    assert_true(played->report.progress.progress >= first);
    assert_true(played->report.progress.bytes > first_bytes);
    assert_int_equal(played->report.progress.rows, 2);
    played_notice(played, "worker/played", 0, 1);
    played_expect_files(played, 1, 0);
}

static void junk_is_dropped_and_logged_and_the_worker_lives_on(void **state)
{
    struct played *played = *state;
    static const struct {
        const char *bytes;
        size_t size_bytes;
    } junk[] = {
        {"", 0},
        {"junk", 4},
        {"\x80", 1},
        {"\xdd\xff\xff\xff\xff", 5},
        {"\x81\xa4type\xa3job", 10},
        {"\x81\xa4type\xa6notice", 13},
        {"\xc1", 1},
    };

    played_serve(played, &played_usual);
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        played_offer_bytes(played, junk[i].bytes, junk[i].size_bytes);
        played_notice_bytes(played, junk[i].bytes, junk[i].size_bytes);
    }
    zmq_send(played->jobs, "two", 3, ZMQ_SNDMORE);
    zmq_send(played->jobs, "frames", 6, ZMQ_SNDMORE);
    zmq_send(played->jobs, "or three", 8, 0);
    zmq_send(played->status, "worker/played", 13, 0); /* a topic without a notice */
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_DONE, 1);
    played_notice(played, "worker/played", 1, 0);
    played_count(played, REPORT_KIND_DONE, 500);
    assert_int_equal(played_count(played, REPORT_KIND_DONE, 300), 0);
    assert_true(played_log_has(played, "event=dropped message=job code=malformedMessage"));
    assert_true(played_log_has(played, "event=dropped message=job code=fieldMissing"));
    assert_true(played_log_has(played, "event=dropped message=notice"));
    assert_true(played_log_has(played, "code=wrongFrameCount frames=3"));
    assert_false(played_log_has(played, "ada@example.org"));
    assert_false(played_log_has(played, "Ada"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_offer_becomes_a_bundle),
        TEST(a_result_is_repeated_until_it_is_recorded),
        TEST(a_notice_to_another_worker_is_none_to_this_one),
        TEST(an_offer_without_a_free_slot_is_declined),
        TEST(an_offer_that_comes_twice_runs_once),
        TEST(a_superseded_attempt_stops_and_leaves_nothing),
        TEST(a_superseded_result_loses_its_file),
        TEST(an_unknown_person_fails_for_good),
        TEST(an_optional_source_that_fails_is_a_named_gap),
        TEST(a_required_source_that_fails_fails_the_attempt),
        TEST(progress_is_told_while_it_gathers),
        TEST(junk_is_dropped_and_logged_and_the_worker_lives_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
