// SPDX-License-Identifier: MIT
/* exportctl cancel, retry and why, and how the other commands show what they did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/clients/exportctl/control.h"

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"
#define LOCATION          "https://bundles.example.org/a/b.zip\n"

static void expect_member(const struct control *control, int line, const char *name,
                          const char *value)
{
    json_t *json = control_json_line(control, line);
    const char *text = json_string_value(json_object_get(json, name));

    assert_non_null(text);
    assert_string_equal(text, value);
    json_decref(json);
}

static void cancel_tells_each_operation_that_it_ended(void **state)
{
    struct control *c = *state;
    char ids[2][UUID_TEXT_BUFFER];
    char wanted[4 * UUID_TEXT_BUFFER];

    stub_accept(c->stub, ids[0]);
    stub_accept(c->stub, ids[1]);
    assert_int_equal(CONTROL_RUN(c, "cancel", ids[0], ids[1]), 0);
    snprintf(wanted, sizeof(wanted), "%s  cancelled\n%s  cancelled\n", ids[0], ids[1]);
    assert_string_equal(c->out, wanted);
    assert_string_equal(c->err, "");
    assert_int_equal(CONTROL_RUN(c, "cancel", ids[1], "--json"), 0); /* again is fine */
    assert_int_equal(control_line_count(c), 1);
    expect_member(c, 0, "id", ids[1]);
    expect_member(c, 0, "cancelledBy", STUB_PERSON);
}

static void what_cannot_be_cancelled_is_told_and_the_others_are(void **state)
{
    struct control *c = *state;
    char ids[2][UUID_TEXT_BUFFER];

    stub_accept(c->stub, ids[0]);
    stub_accept(c->stub, ids[1]);
    stub_move(c->stub, ids[0], OPERATION_STAGE_DONE, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "cancel", ids[0], UNKNOWN_OPERATION, ids[1]), 3);
    assert_non_null(strstr(c->err, ids[0]));
    assert_non_null(strstr(c->err, "(operationEnded)"));
    assert_non_null(strstr(c->err, "exportctl get shows how it ended"));
    assert_non_null(strstr(c->err, UNKNOWN_OPERATION));
    assert_memory_equal(c->out, ids[1], UUID_TEXT_BYTES);
    assert_int_equal(control_line_count(c), 1);
}

static void without_an_answer_the_rest_is_not_tried(void **state)
{
    struct control *c = *state;
    char ids[3][UUID_TEXT_BUFFER];

    for (int i = 0; i < 3; i++) {
        stub_accept(c->stub, ids[i]);
    }
    stub_set_faults(c->stub, &(struct stub_faults){.lost = 1000});
    assert_int_equal(CONTROL_RUN(c, "cancel", ids[0], ids[1], ids[2], "--timeout", "0.3"), 5);
    assert_non_null(strstr(c->err, ids[0]));
    assert_non_null(strstr(c->err, "Not tried: the 2 after it."));
    assert_null(strstr(c->err, ids[1]));
    stub_set_faults(c->stub, &(struct stub_faults){0});
    assert_int_equal(CONTROL_RUN(c, "get", ids[1]), 0);
    assert_null(strstr(c->out, "cancelled"));
}

static void retry_prints_the_new_ids(void **state)
{
    struct control *c = *state;
    char failed[UUID_TEXT_BUFFER];
    char made[UUID_TEXT_BUFFER];
    char wanted[UUID_TEXT_BUFFER + 32];

    stub_accept(c->stub, failed);
    stub_move(c->stub, failed, OPERATION_STAGE_FAILED, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "retry", failed), 0);
    assert_true(stub_newest(c->stub, made));
    assert_string_not_equal(made, failed);
    snprintf(wanted, sizeof(wanted), "%s\n", made);
    assert_string_equal(c->out, wanted);
    assert_string_equal(c->err, "");
    assert_int_equal(CONTROL_RUN(c, "retry", failed, "--json"), 0);
    expect_member(c, 0, "id", made);
    expect_member(c, 0, "retryOf", failed);
    assert_int_equal(stub_counts(c->stub).operations, 2);
    assert_int_equal(CONTROL_RUN(c, "get", made), 0);
    snprintf(wanted, sizeof(wanted), "retry of     %s\n", failed);
    assert_non_null(strstr(c->out, wanted));
    assert_int_equal(CONTROL_RUN(c, "retry", made), 3);
    assert_non_null(strstr(c->err, made));
    assert_non_null(strstr(c->err, "(operationNotFailed)"));
    assert_non_null(strstr(c->err, "exportctl why"));
}

static void retry_and_wait_prints_the_storage_locations(void **state)
{
    struct control *c = *state;
    char failed[2][UUID_TEXT_BUFFER];
    char made[2][UUID_TEXT_BUFFER];

    for (int i = 0; i < 2; i++) {
        stub_accept(c->stub, failed[i]);
        stub_move(c->stub, failed[i], OPERATION_STAGE_FAILED, STUB_LOSE);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(CONTROL_RUN(c, "retry", failed[i]), 0);
        assert_true(stub_newest(c->stub, made[i]));
    }
    stub_move(c->stub, made[0], OPERATION_STAGE_DONE, STUB_LOSE);
    control_start(c,
                  (const char *const[]){"retry", failed[0], failed[1], failed[0], "--wait", NULL});
    assert_true(stub_wait_subscribed(c->stub, made[1]));
    stub_move(c->stub, made[1], OPERATION_STAGE_DONE, STUB_PUBLISH);
    assert_int_equal(control_wait(c), 0);
    assert_string_equal(c->out, LOCATION LOCATION); /* two operations, however often named */
    assert_non_null(strstr(c->err, "is retried as"));
}

static void retry_and_wait_ends_with_one_when_one_fails_again(void **state)
{
    struct control *c = *state;
    char failed[2][UUID_TEXT_BUFFER];
    char made[UUID_TEXT_BUFFER];
    static const enum operation_stage ends[] = {OPERATION_STAGE_FAILED, OPERATION_STAGE_DONE};

    for (int i = 0; i < 2; i++) {
        stub_accept(c->stub, failed[i]);
        stub_move(c->stub, failed[i], OPERATION_STAGE_FAILED, STUB_LOSE);
        assert_int_equal(CONTROL_RUN(c, "retry", failed[i]), 0);
        assert_true(stub_newest(c->stub, made));
        stub_move(c->stub, made, ends[i], STUB_LOSE);
    }
    assert_int_equal(CONTROL_RUN(c, "retry", failed[0], failed[1], "--wait"), 1);
    assert_string_equal(c->out, LOCATION);
    assert_non_null(strstr(c->err, "failed (sourceFailed)"));
    assert_int_equal(CONTROL_RUN(c, "retry", UNKNOWN_OPERATION, failed[1], "--wait", "--json"), 4);
    expect_member(c, 0, "id", made);
    assert_int_equal(control_line_count(c), 1);
}

static void waiting_for_what_is_cancelled_ends_with_one_and_says_why(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];
    char wanted[UUID_TEXT_BUFFER + 32];

    control_start(c, (const char *const[]){"export", STUB_USER, "--wait", NULL});
    assert_true(stub_newest(c->stub, id));
    assert_true(stub_wait_subscribed(c->stub, id));
    stub_cancel(c->stub, id, STUB_PUBLISH);
    assert_int_equal(control_wait(c), 1);
    assert_string_equal(c->out, "");
    assert_non_null(strstr(c->err, "failed (cancelled): The operation was cancelled.\n"));
    assert_non_null(strstr(c->err, "Cancelled by: " STUB_PERSON "\n"));
    snprintf(wanted, sizeof(wanted), "exportctl why %s\n", id);
    assert_non_null(strstr(c->err, wanted));
    assert_int_equal(CONTROL_RUN(c, "watch", id), 1);
    assert_non_null(strstr(c->out, "  cancelled\n"));
}

/* The answer is lost with the service, so the same bytes go to the one that comes back. */
static void restart_while_it_waits(struct control *c, const char *command, const char *id)
{
    int requests = stub_counts(c->stub).requests;
    int distinct = stub_counts(c->stub).distinct_requests;

    stub_set_faults(c->stub, &(struct stub_faults){.lost = 1000});
    control_start(c, (const char *const[]){command, id, "--timeout", "30", NULL});
    assert_true(stub_wait_requests(c->stub, requests + 1));
    stub_go_away(c->stub);
    stub_set_faults(c->stub, &(struct stub_faults){0});
    stub_come_back(c->stub);
    assert_int_equal(control_wait(c), 0);
    assert_true(stub_counts(c->stub).requests >= requests + 2);
    assert_int_equal(stub_counts(c->stub).distinct_requests, distinct + 1);
}

static void a_restart_of_the_service_in_the_middle_changes_nothing(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    restart_while_it_waits(c, "export", STUB_USER);
    assert_int_equal(stub_counts(c->stub).operations, 1);
    assert_true(stub_newest(c->stub, id));
    restart_while_it_waits(c, "cancel", id);
    restart_while_it_waits(c, "retry", id);
    assert_int_equal(stub_counts(c->stub).operations, 2);
}

static void why_prints_a_sentence_a_line_and_nothing_raw(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];
    json_t *json;

    stub_accept(c->stub, id);
    assert_int_equal(CONTROL_RUN(c, "why", id), 0);
    assert_string_equal(c->out, "It waits for a \\u{1b}[31mworker.\nqueued\n");
    assert_string_equal(c->err, "");
    stub_cancel(c->stub, id, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "why", id), 0); /* the answer was given, whatever it says */
    assert_int_equal(CONTROL_RUN(c, "why", id, "--json"), 0);
    json = control_json_line(c, 0);
    assert_int_equal(json_array_size(json_object_get(json, "explanation")), 2);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "operation"), "id")), id);
    json_decref(json);
    assert_int_equal(CONTROL_RUN(c, "why", UNKNOWN_OPERATION), 4);
    assert_non_null(strstr(c->err, UNKNOWN_OPERATION));
}

static void refusals_name_the_operation_and_say_what_to_do(void **state)
{
    static const struct {
        const char *command;
        int error;
        const char *told;
    } rows[] = {
        {"cancel", ERROR_NOT_REQUESTER, "permissions.approver_scope"},
        {"cancel", ERROR_OPERATION_ENDED, "There is nothing left to cancel"},
        {"cancel", ERROR_SCOPE_MISSING, "Use a delegated token with the scope"},
        {"retry", ERROR_NOT_FAILED, "There is nothing to retry"},
        {"retry", ERROR_TOKEN_EXPIRED, "Get a new access token."},
        {"why", ERROR_TOKEN_MISSING, "--token-file"},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stub_set_faults(c->stub, &(struct stub_faults){.refused = 1, .error = rows[i].error});
        assert_int_equal(CONTROL_RUN(c, rows[i].command, UNKNOWN_OPERATION), 3);
        assert_non_null(strstr(c->err, UNKNOWN_OPERATION ": "));
        assert_non_null(strstr(c->err, error_row(rows[i].error)->message));
        assert_non_null(strstr(c->err, rows[i].told));
        assert_string_equal(c->out, "");
    }
}

static void overdue_and_failed_operations_are_marked(void **state)
{
    struct control *c = *state;
    char overdue[UUID_TEXT_BUFFER];
    char cancelled[UUID_TEXT_BUFFER];

    stub_accept(c->stub, overdue);
    stub_accept(c->stub, cancelled);
    assert_int_equal(CONTROL_RUN(c, "list"), 0);
    assert_null(strstr(c->out, "overdue"));
    stub_overdue(c->stub, overdue, STUB_LOSE);
    stub_overdue(c->stub, cancelled, STUB_LOSE);
    stub_cancel(c->stub, cancelled, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "list"), 0);
    assert_non_null(strstr(c->out, STUB_USER "  overdue\n"));
    assert_non_null(strstr(c->out, STUB_USER "  overdue, cancelled\n"));
    assert_int_equal(CONTROL_RUN(c, "get", overdue), 0);
    assert_non_null(strstr(c->out, "Z (overdue)\n"));
    assert_int_equal(CONTROL_RUN(c, "get", cancelled), 0);
    assert_non_null(strstr(c->out, "cancelled by " STUB_PERSON "\n"));
    assert_int_equal(CONTROL_RUN(c, "events", "--since", "0"), 0);
    assert_non_null(strstr(c->out, "  overdue    notStarted"));
    assert_int_equal(CONTROL_RUN(c, "stats"), 0);
    assert_non_null(strstr(c->out, "overdue      1\n"));
    assert_non_null(strstr(c->out, "paused       no\n"));
}

static void attempts_lost_with_their_worker_are_counted_apart(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    stub_accept(c->stub, id);
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_lose_attempt(c->stub, id);
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "get", id), 0);
    assert_non_null(strstr(c->out, ", attempt 2 (1 lost with their worker)\n"));
}

static void wrong_command_lines_send_nothing(void **state)
{
    static const char *const lines[][4] = {
        {"cancel", NULL},
        {"cancel", UNKNOWN_OPERATION, "short", NULL},
        {"cancel", UNKNOWN_OPERATION, "01941b2c-7d3e-7f00-8000-00000000fffg", NULL},
        {"retry", NULL},
        {"retry", UNKNOWN_OPERATION, "short", NULL},
        {"why", NULL},
        {"why", "short", NULL},
        {"why", UNKNOWN_OPERATION, UNKNOWN_OPERATION, NULL},
        {"cancel", UNKNOWN_OPERATION, "--wait", NULL},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        control_start(c, lines[i]);
        assert_int_equal(control_wait(c), 2);
        assert_string_not_equal(c->err, "");
    }
    assert_int_equal(stub_counts(c->stub).requests, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_set_up, control_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(cancel_tells_each_operation_that_it_ended),
        TEST(what_cannot_be_cancelled_is_told_and_the_others_are),
        TEST(without_an_answer_the_rest_is_not_tried),
        TEST(retry_prints_the_new_ids),
        TEST(retry_and_wait_prints_the_storage_locations),
        TEST(retry_and_wait_ends_with_one_when_one_fails_again),
        TEST(waiting_for_what_is_cancelled_ends_with_one_and_says_why),
        TEST(a_restart_of_the_service_in_the_middle_changes_nothing),
        TEST(why_prints_a_sentence_a_line_and_nothing_raw),
        TEST(refusals_name_the_operation_and_say_what_to_do),
        TEST(overdue_and_failed_operations_are_marked),
        TEST(attempts_lost_with_their_worker_are_counted_apart),
        TEST(wrong_command_lines_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
