// SPDX-License-Identifier: MIT
/* A watch comes to the truth although events and answers are lost, and the service goes away. */
#include <string.h>

#include "tests/unit/clients/library/watch_fixture.h"

static void a_lost_event_is_asked_for_when_the_next_one_comes(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_RETRY_WAIT, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    watch_expect_event(f, 3, "retryWait", 0);
    watch_expect_event(f, 4, "started", 0);
    assert_int_equal(f->event.attempt, 2);
    watch_expect_quiet(f);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 2);
}

static void a_lost_change_that_is_no_move_is_asked_for_too(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_overdue(f->stub, f->id, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "overdue", 0);
    watch_expect_event(f, 3, "started", 0);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 2);
}

static void a_tick_after_a_lost_overdue_shows_both(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    stub_overdue(f->stub, f->id, STUB_LOSE);
    stub_tick(f->stub, f->id, 40, STUB_PUBLISH); /* of the next revision already */
    watch_expect_event(f, 3, "overdue", 0);
    stub_tick(f->stub, f->id, 45, STUB_PUBLISH);
    watch_expect_event(f, 3, "progress", 45);
}

static void events_out_of_order_are_shown_in_order(void **state)
{
    struct watching *f = *state;

    watch_begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_HOLD);
    stub_tick(f->stub, f->id, 30, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_RETRY_WAIT, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_FAILED, STUB_HOLD);
    stub_release(f->stub);
    watch_expect_event(f, 2, "started", 0);
    watch_expect_event(f, 3, "retryWait", 0);
    watch_expect_event(f, 4, "started", 0);
    watch_expect_event(f, 5, "failed", 50);
    assert_string_equal(f->event.failure_code, "sourceFailed");
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void the_end_is_seen_although_every_event_is_lost(void **state)
{
    struct watching *f = *state;

    watch_begin(f, IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_tick(f->stub, f->id, 60, STUB_LOSE);
    watch_expect_event(f, 2, "snapshot", 60);
    stub_tick(f->stub, f->id, 70, STUB_LOSE);
    watch_expect_event(f, 2, "snapshot", 70);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    watch_expect_event(f, 3, "snapshot", 100);
    assert_int_equal(f->event.status, EXPORTD_STATUS_COMPLETE);
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void lost_answers_are_asked_for_again(void **state)
{
    struct watching *f = *state;

    stub_set_faults(f->stub, &(struct stub_faults){.lost = 3, .stale = 3, .twice = 3, .busy = 1});
    watch_begin(f, NEVER_IDLE_MS);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 2});
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    watch_expect_event(f, 2, "started", 0);
    watch_expect_event(f, 3, "completed", 100);
}

static void a_restart_of_the_service_is_watched_through(void **state)
{
    struct watching *f = *state;

    watch_begin(f, IDLE_MS);
    stub_go_away(f->stub);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_TIMEOUT);
    assert_string_equal(f->error.operation_id, f->id);
    assert_int_equal(exportd_watch_active(f->watch), 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_come_back(f->stub);
    while (exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error) < 0) {
        assert_int_equal(f->error.result, EXPORTD_ERROR_TIMEOUT);
    }
    assert_int_equal(f->event.revision, 2);
    assert_true(stub_wait_subscribed(f->stub, f->id)); /* again, after the restart */
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error), 1);
    assert_int_equal(f->event.status, EXPORTD_STATUS_COMPLETE);
}

static void a_refused_token_is_told_and_tried_again(void **state)
{
    struct watching *f = *state;

    stub_set_faults(f->stub, &(struct stub_faults){.refused = 1, .error = ERROR_TOKEN_EXPIRED});
    watch_open(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_UNAUTHORIZED);
    assert_string_equal(f->error.inner_code, "tokenExpired");
    assert_string_equal(f->error.operation_id, f->id);
    watch_expect_event(f, 1, "snapshot", 0);
}

static void garbage_instead_of_an_answer_is_told_and_tried_again(void **state)
{
    struct watching *f = *state;

    stub_set_faults(f->stub,
                    &(struct stub_faults){.garbage_count = 1, .garbage = STUB_GARBAGE_EMPTY});
    watch_open(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_REPLY);
    watch_expect_event(f, 1, "snapshot", 0);
}

/* A dashboard under a bad network: every state that is shown must follow from the one before, and
 * the last one must be the true one. */
static void many_operations_converge_under_random_loss(void **state)
{
    enum { MANY = 60, ROUNDS = 3 };
    static const enum operation_stage path[ROUNDS] = {
        OPERATION_STAGE_GATHERING, OPERATION_STAGE_RETRY_WAIT, OPERATION_STAGE_DONE};
    static char ids[MANY][UUID_TEXT_BUFFER];
    struct watching *f = *state;
    int64_t shown[MANY] = {0};
    int ended = 0;
    uint32_t random = 12345;

    watch_open(f, IDLE_MS);
    for (int i = 0; i < MANY; i++) {
        stub_accept(f->stub, ids[i]);
        assert_int_equal(exportd_watch_add(f->watch, ids[i], &f->error), EXPORTD_OK);
    }
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 20, .twice = 40, .stale = 40});
    for (int i = 0; i < MANY * ROUNDS; i++) {
        random = random * 1664525U + 1013904223U;
        stub_move(f->stub, ids[i % MANY], path[i / MANY], (enum stub_publication)(random >> 30));
        if (i % 16 == 0) {
            stub_release(f->stub);
        }
    }
    stub_release(f->stub);
    while (ended < MANY) {
        int rc = exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error);

        assert_true(rc == 1 || rc == EXPORTD_ERROR_TIMEOUT);
        for (int i = 0; i < MANY && rc == 1; i++) {
            if (strcmp(ids[i], f->event.operation_id) == 0) {
                assert_true(f->event.revision > shown[i]);
                shown[i] = f->event.revision;
                ended += exportd_status_is_final(f->event.status) ? 1 : 0;
            }
        }
    }
    assert_int_equal(exportd_watch_active(f->watch), 0);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(shown[i], 1 + ROUNDS);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, watch_set_up, watch_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_lost_event_is_asked_for_when_the_next_one_comes),
        TEST(a_lost_change_that_is_no_move_is_asked_for_too),
        TEST(a_tick_after_a_lost_overdue_shows_both),
        TEST(events_out_of_order_are_shown_in_order),
        TEST(the_end_is_seen_although_every_event_is_lost),
        TEST(lost_answers_are_asked_for_again),
        TEST(a_restart_of_the_service_is_watched_through),
        TEST(a_refused_token_is_told_and_tried_again),
        TEST(garbage_instead_of_an_answer_is_told_and_tried_again),
        TEST(many_operations_converge_under_random_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
