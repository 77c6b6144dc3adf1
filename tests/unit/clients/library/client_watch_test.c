// SPDX-License-Identifier: MIT
/* What a watch shows of operations, and when it ends. */
#include "tests/unit/clients/library/watch_fixture.h"

static void events_are_shown_as_they_come(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    stub_tick(f->stub, f->id, 42, STUB_PUBLISH);
    watch_expect_event(f, 2, "progress", 42);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    watch_expect_event(f, 3, "completed", 100);
    assert_int_equal(f->event.status, EXPORTD_STATUS_COMPLETE);
    assert_int_equal(exportd_watch_active(f->watch), 0);
    assert_int_equal(exportd_watch_next(f->watch, -1, &f->event, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 1); /* nothing needed repair */
}

static void doubled_events_are_shown_once(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_TWICE);
    stub_tick(f->stub, f->id, 10, STUB_TWICE);
    watch_expect_event(f, 2, "started", 0);
    watch_expect_event(f, 2, "progress", 10);
    watch_expect_quiet(f);
}

static void an_operation_that_has_ended_ends_the_watch_at_once(void **state)
{
    struct watching *f = *state;

    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    watch_open(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    watch_expect_event(f, 2, "snapshot", 100);
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void an_unknown_operation_leaves_and_the_others_stay(void **state)
{
    static const char unknown[] = "01941b2c-7d3e-7f00-8000-00000000ffff";
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, unknown, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_add(f->watch, unknown, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_active(f->watch), 2);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
    assert_string_equal(f->error.operation_id, unknown);
    assert_int_equal(exportd_watch_active(f->watch), 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    watch_expect_event(f, 2, "completed", 100);
}

static void an_overdue_operation_is_shown_and_goes_on(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_overdue(f->stub, f->id, STUB_TWICE);
    watch_expect_event(f, 2, "overdue", 0);
    assert_int_equal(f->event.status, EXPORTD_STATUS_NOT_STARTED);
    watch_expect_quiet(f);
    assert_int_equal(exportd_watch_active(f->watch), 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    watch_expect_event(f, 3, "completed", 100);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 1);
}

static void progress_does_not_go_back_when_an_operation_becomes_overdue(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    stub_tick(f->stub, f->id, 60, STUB_PUBLISH);
    watch_expect_event(f, 2, "progress", 60);
    stub_overdue(f->stub, f->id, STUB_PUBLISH);
    watch_expect_event(f, 3, "overdue", 60);
    assert_int_equal(f->event.status, EXPORTD_STATUS_RUNNING);
    stub_tick(f->stub, f->id, 50, STUB_PUBLISH); /* late */
    stub_tick(f->stub, f->id, 70, STUB_PUBLISH);
    watch_expect_event(f, 3, "progress", 70);
}

static void a_cancelled_operation_ends_its_watch_and_says_why(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    stub_cancel(f->stub, f->id, STUB_PUBLISH);
    watch_expect_event(f, 3, "failed", 0);
    assert_int_equal(f->event.status, EXPORTD_STATUS_FAILED);
    assert_string_equal(f->event.failure_code, "cancelled");
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void made_up_frames_change_nothing(void **state)
{
    static const unsigned char bomb[] = {0xdf, 0xff, 0xff, 0xff, 0xff};
    struct watching *f = *state;
    struct event forged = {.sequence = 1,
                           .revision = 3,
                           .status = OPERATION_STATUS_COMPLETE,
                           .stage = OPERATION_STAGE_DONE,
                           .kind = EVENT_KIND_COMPLETED,
                           .progress = 100,
                           .date_time = {1}};
    struct wire_output payload = WIRE_OUTPUT_INIT;
    char other[UUID_TEXT_BUFFER];

    stub_accept(f->stub, other);
    watch_begin(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, other, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error), 1);
    assert_string_equal(f->event.operation_id, other);
    assert_true(stub_wait_subscribed(f->stub, other));
    stub_publish(f->stub, f->id, bomb, sizeof(bomb));
    stub_publish(f->stub, f->id, "", 0);
    event_encode(&forged, &payload); /* about another operation than its topic */
    stub_publish(f->stub, f->id, payload.data, payload.size_bytes);
    watch_expect_quiet(f);
    wire_output_clear(&payload);
    assert_int_equal(uuid_parse(text_of(f->id), &forged.operation_id), 0);
    event_encode(&forged, &payload); /* skips a revision, so the service is asked */
    stub_publish(f->stub, f->id, payload.data, payload.size_bytes);
    /* The history did not reach it, so it is read, to be sure: beside the two first reads. */
    watch_expect_requests(f, 4);
    assert_true(stub_counts(f->stub).events_since >= 1);
    assert_true(stub_counts(f->stub).gets >= 3);
    assert_int_equal(exportd_watch_active(f->watch), 2);
    forged.revision = 2;
    wire_output_clear(&payload);
    event_encode(&forged, &payload); /* in the place of another operation's event */
    stub_publish(f->stub, other, payload.data, payload.size_bytes);
    watch_expect_quiet(f);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    wire_output_release(&payload);
}

static void what_is_removed_is_not_heard_any_more(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_remove(f->watch, f->id), EXPORTD_OK);
    assert_int_equal(exportd_watch_remove(f->watch, f->id), EXPORTD_OK);
    assert_int_equal(exportd_watch_active(f->watch), 0);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    assert_int_equal(exportd_watch_next(f->watch, QUIET_MS, &f->event, &f->error), 0);
}

struct tally {
    int events;
    int stop_after;
};

static int count_event(const struct exportd_event *event, void *arg)
{
    struct tally *tally = arg;

    assert_true(event->revision > 0);
    return ++tally->events == tally->stop_after ? 7 : 0;
}

static void a_callback_can_stop_and_sees_the_end(void **state)
{
    struct watching *f = *state;
    struct tally tally = {.stop_after = 1};

    watch_open(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_run(f->watch, count_event, &tally, &f->error), 7);
    assert_int_equal(tally.events, 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    tally = (struct tally){0};
    assert_int_equal(exportd_watch_run(f->watch, count_event, &tally, &f->error), EXPORTD_OK);
    assert_int_equal(tally.events, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, watch_set_up, watch_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(events_are_shown_as_they_come),
        TEST(doubled_events_are_shown_once),
        TEST(an_operation_that_has_ended_ends_the_watch_at_once),
        TEST(an_unknown_operation_leaves_and_the_others_stay),
        TEST(an_overdue_operation_is_shown_and_goes_on),
        TEST(progress_does_not_go_back_when_an_operation_becomes_overdue),
        TEST(a_cancelled_operation_ends_its_watch_and_says_why),
        TEST(made_up_frames_change_nothing),
        TEST(what_is_removed_is_not_heard_any_more),
        TEST(a_callback_can_stop_and_sees_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
