// SPDX-License-Identifier: MIT
/* The bounds of one attempt, as the daemon hears of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static void an_attempt_that_takes_too_long_fails(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.attempt_seconds = 1;
    played_serve(played, &options);
    played_lock(played);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_TIME_LIMIT);
    struct source_result mailbox = source_at(&played->report.failed.sources, 0);
    assert_int_equal(mailbox.state, SOURCE_STATE_FAILED);
    assert_int_equal(mailbox.reason, SOURCE_REASON_TIME_LIMIT);
    played_expect_files(played, 1, 0);
}

static void why_a_bundle_cannot_be_written_is_in_the_log(void **state)
{
    struct played *played = *state;
    char path[256];

    played_serve(played, &played_usual);
    snprintf(path, sizeof(path), "%s/bundles", played->directory);
    assert_int_equal(rmdir(path), 0);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_BUNDLE_NOT_WRITTEN);
    assert_true(played->report.failed.retryable);
    played_expect_log(played, "event=bundle_failed operation=" PLAYED_OPERATION " fence=1 code=");
    played_expect_log(played, " errno=2");
}

static void a_bundle_of_too_many_files_fails_for_good(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.bundle_files = 1; /* one is the mail, the other lies in the folder */
    played_serve(played, &options);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_FAILED, 1);
    assert_int_equal(played->report.failed.code, FAILURE_CODE_BUNDLE_TOO_LARGE);
    assert_false(played->report.failed.retryable);
    played_expect_files(played, 1, 0);
}

static void a_bundle_of_as_many_files_as_allowed_is_done(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.bundle_files = 2;
    played_serve(played, &options);
    played_offer(played, PLAYED_ADA, 1);
    played_expect(played, REPORT_KIND_DONE, 1);
}

/* A daemon that knows nothing of the fences says so: superseded. */
static void a_worker_full_of_unrecorded_results_declines_until_they_are_superseded(void **state)
{
    struct played *played = *state;
    const int64_t room = 256;

    played_serve(played, &played_usual);
    for (int64_t fence = 1; fence <= room; fence++) {
        played_offer(played, PLAYED_NOBODY, fence);
        played_expect(played, REPORT_KIND_FAILED, fence);
    }
    played_offer(played, PLAYED_ADA, room + 1);
    played_expect(played, REPORT_KIND_DECLINED, room + 1);
    assert_true(played_log_has(played, "reason=unrecorded"));
    played_supersede(played, 1, room);
    played_expect_log(played, "event=superseded fence=256 ");
    played_offer(played, PLAYED_ADA, room + 2);
    played_expect(played, REPORT_KIND_DONE, room + 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_attempt_that_takes_too_long_fails),
        TEST(why_a_bundle_cannot_be_written_is_in_the_log),
        TEST(a_bundle_of_too_many_files_fails_for_good),
        TEST(a_bundle_of_as_many_files_as_allowed_is_done),
        TEST(a_worker_full_of_unrecorded_results_declines_until_they_are_superseded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
