// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/library/exportclient.h"
#include "tests/support/temporary.h"
#include "tests/unit/clients/library/stub.h"

enum {
    TRY_MS = 100,
    DEADLINE_MS = 1500,
    PATIENCE_MS = 10000,
    QUIET_MS = 200,
    IDLE_MS = 100,
    NEVER_IDLE_MS = 1000000,
};

struct fixture {
    char directory[TEMPORARY_BUFFER];
    char id[UUID_TEXT_BUFFER];
    struct stub *stub;
    struct exportd_client *client;
    struct exportd_watch *watch;
    struct exportd_event event;
    struct exportd_error error;
};

/* idle_ms says whether silence is repaired, or only what events give away. */
static void open_watch(struct fixture *f, int idle_ms)
{
    struct exportd_options options = {.requests_endpoint = stub_requests_endpoint(f->stub),
                                      .status_endpoint = stub_status_endpoint(f->stub),
                                      .timeout_ms = TRY_MS,
                                      .deadline_ms = DEADLINE_MS,
                                      .idle_ms = idle_ms};

    assert_int_equal(exportd_open(&f->client, &options, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_open(&f->watch, f->client, &f->error), EXPORTD_OK);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || temporary_make(fixture->directory) != 0) {
        return -1;
    }
    stub_start(&fixture->stub, fixture->directory);
    stub_accept(fixture->stub, fixture->id);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    exportd_watch_close(&fixture->watch);
    exportd_close(&fixture->client);
    stub_stop(&fixture->stub);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

static void expect_event(struct fixture *f, int64_t revision, const char *kind, double progress)
{
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error), 1);
    assert_int_equal(f->event.revision, revision);
    assert_string_equal(f->event.kind, kind);
    assert_true(f->event.progress == progress);
    assert_string_equal(f->event.operation_id, f->id);
}

static void expect_quiet(struct fixture *f)
{
    assert_int_equal(exportd_watch_next(f->watch, QUIET_MS, &f->event, &f->error), 0);
}

/* Watches the fixture's operation, past its first read. */
static void begin(struct fixture *f, int idle_ms)
{
    open_watch(f, idle_ms);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    expect_event(f, 1, "snapshot", 0);
    assert_string_equal(f->event.tenant_id, "");
    assert_true(stub_wait_subscribed(f->stub, f->id));
}

static void events_are_shown_as_they_come(void **state)
{
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    expect_event(f, 2, "started", 0);
    stub_tick(f->stub, f->id, 42, STUB_PUBLISH);
    expect_event(f, 2, "progress", 42);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    expect_event(f, 3, "completed", 100);
    assert_int_equal(f->event.status, EXPORTD_STATUS_COMPLETE);
    assert_int_equal(exportd_watch_active(f->watch), 0);
    assert_int_equal(exportd_watch_next(f->watch, -1, &f->event, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).gets, 1); /* nothing needed repair */
}

static void doubled_events_are_shown_once(void **state)
{
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_TWICE);
    stub_tick(f->stub, f->id, 10, STUB_TWICE);
    expect_event(f, 2, "started", 0);
    expect_event(f, 2, "progress", 10);
    expect_quiet(f);
}

static void a_lost_event_is_asked_for_when_the_next_one_comes(void **state)
{
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_RETRY_WAIT, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    expect_event(f, 2, "started", 0);
    expect_event(f, 3, "retryWait", 0);
    expect_event(f, 4, "started", 0);
    assert_int_equal(f->event.attempt, 2);
    expect_quiet(f);
    assert_int_equal(stub_counts(f->stub).events_since, 1);
}

static void events_out_of_order_are_shown_in_order(void **state)
{
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_HOLD);
    stub_tick(f->stub, f->id, 30, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_RETRY_WAIT, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_HOLD);
    stub_move(f->stub, f->id, OPERATION_STAGE_FAILED, STUB_HOLD);
    stub_release(f->stub);
    expect_event(f, 2, "started", 0);
    expect_event(f, 3, "retryWait", 0);
    expect_event(f, 4, "started", 0);
    expect_event(f, 5, "failed", 50);
    assert_string_equal(f->event.failure_code, "sourceFailed");
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void the_end_is_seen_although_every_event_is_lost(void **state)
{
    struct fixture *f = *state;

    begin(f, IDLE_MS);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_tick(f->stub, f->id, 60, STUB_LOSE);
    expect_event(f, 2, "snapshot", 60);
    stub_tick(f->stub, f->id, 70, STUB_LOSE);
    expect_event(f, 2, "snapshot", 70);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    expect_event(f, 3, "snapshot", 100);
    assert_int_equal(f->event.status, EXPORTD_STATUS_COMPLETE);
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void lost_answers_are_asked_for_again(void **state)
{
    struct fixture *f = *state;

    stub_set_faults(f->stub, &(struct stub_faults){.lost = 3, .stale = 3, .twice = 3, .busy = 1});
    begin(f, NEVER_IDLE_MS);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 2});
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    expect_event(f, 2, "started", 0);
    expect_event(f, 3, "completed", 100);
}

static void an_operation_that_has_ended_ends_the_watch_at_once(void **state)
{
    struct fixture *f = *state;

    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    open_watch(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    expect_event(f, 2, "snapshot", 100);
    assert_int_equal(exportd_watch_active(f->watch), 0);
}

static void an_unknown_operation_leaves_and_the_others_stay(void **state)
{
    static const char unknown[] = "01941b2c-7d3e-7f00-8000-00000000ffff";
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, unknown, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_add(f->watch, unknown, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_active(f->watch), 2);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
    assert_string_equal(f->error.operation_id, unknown);
    assert_int_equal(exportd_watch_active(f->watch), 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    expect_event(f, 2, "completed", 100);
}

static void made_up_frames_change_nothing(void **state)
{
    static const unsigned char bomb[] = {0xdf, 0xff, 0xff, 0xff, 0xff};
    struct fixture *f = *state;
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
    begin(f, NEVER_IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, other, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error), 1);
    assert_string_equal(f->event.operation_id, other);
    assert_true(stub_wait_subscribed(f->stub, other));
    stub_publish(f->stub, f->id, bomb, sizeof(bomb));
    stub_publish(f->stub, f->id, "", 0);
    event_encode(&forged, &payload); /* about another operation than its topic */
    stub_publish(f->stub, f->id, payload.data, payload.size_bytes);
    expect_quiet(f);
    wire_output_clear(&payload);
    assert_int_equal(uuid_parse(text_of(f->id), &forged.operation_id), 0);
    event_encode(&forged, &payload); /* skips a revision, so the service is asked */
    stub_publish(f->stub, f->id, payload.data, payload.size_bytes);
    expect_quiet(f);
    assert_int_equal(stub_counts(f->stub).events_since, 1);
    assert_int_equal(stub_counts(f->stub).gets,
                     3); /* the history did not reach it: read, to be sure */
    assert_int_equal(exportd_watch_active(f->watch), 2);
    forged.revision = 2;
    wire_output_clear(&payload);
    event_encode(&forged, &payload); /* in the place of another operation's event */
    stub_publish(f->stub, other, payload.data, payload.size_bytes);
    expect_quiet(f);
    stub_move(f->stub, f->id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    expect_event(f, 2, "started", 0);
    wire_output_release(&payload);
}

static void a_restart_of_the_service_is_watched_through(void **state)
{
    struct fixture *f = *state;

    begin(f, IDLE_MS);
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
    struct fixture *f = *state;

    stub_set_faults(f->stub, &(struct stub_faults){.refused = 1, .error = ERROR_TOKEN_EXPIRED});
    open_watch(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_UNAUTHORIZED);
    assert_string_equal(f->error.inner_code, "tokenExpired");
    assert_string_equal(f->error.operation_id, f->id);
    expect_event(f, 1, "snapshot", 0);
}

static void garbage_instead_of_an_answer_is_told_and_tried_again(void **state)
{
    struct fixture *f = *state;

    stub_set_faults(f->stub,
                    &(struct stub_faults){.garbage_count = 1, .garbage = STUB_GARBAGE_EMPTY});
    open_watch(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error),
                     EXPORTD_ERROR_REPLY);
    expect_event(f, 1, "snapshot", 0);
}

static void what_is_removed_is_not_heard_any_more(void **state)
{
    struct fixture *f = *state;

    begin(f, NEVER_IDLE_MS);
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
    struct fixture *f = *state;
    struct tally tally = {.stop_after = 1};

    open_watch(f, IDLE_MS);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_run(f->watch, count_event, &tally, &f->error), 7);
    assert_int_equal(tally.events, 1);
    stub_move(f->stub, f->id, OPERATION_STAGE_DONE, STUB_LOSE);
    tally = (struct tally){0};
    assert_int_equal(exportd_watch_run(f->watch, count_event, &tally, &f->error), EXPORTD_OK);
    assert_int_equal(tally.events, 1);
}

/* A dashboard under a bad network: every state that is shown must follow from the one before, and
 * the last one must be the true one. */
static void many_operations_converge_under_random_loss(void **state)
{
    enum { MANY = 60, ROUNDS = 3 };
    static const enum operation_stage path[ROUNDS] = {
        OPERATION_STAGE_GATHERING, OPERATION_STAGE_RETRY_WAIT, OPERATION_STAGE_DONE};
    static char ids[MANY][UUID_TEXT_BUFFER];
    struct fixture *f = *state;
    int64_t shown[MANY] = {0};
    int ended = 0;
    uint32_t random = 12345;

    open_watch(f, IDLE_MS);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(events_are_shown_as_they_come),
        TEST(doubled_events_are_shown_once),
        TEST(a_lost_event_is_asked_for_when_the_next_one_comes),
        TEST(events_out_of_order_are_shown_in_order),
        TEST(the_end_is_seen_although_every_event_is_lost),
        TEST(lost_answers_are_asked_for_again),
        TEST(an_operation_that_has_ended_ends_the_watch_at_once),
        TEST(an_unknown_operation_leaves_and_the_others_stay),
        TEST(made_up_frames_change_nothing),
        TEST(a_restart_of_the_service_is_watched_through),
        TEST(a_refused_token_is_told_and_tried_again),
        TEST(garbage_instead_of_an_answer_is_told_and_tried_again),
        TEST(what_is_removed_is_not_heard_any_more),
        TEST(a_callback_can_stop_and_sees_the_end),
        TEST(many_operations_converge_under_random_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
