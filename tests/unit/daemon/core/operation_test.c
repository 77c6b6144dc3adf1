// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/operation.h"
#include "schemas/base/errors.h"

/* DESIGN.md section 4, written down a second time: where each event leads to, from each stage. */
#define NO (-1)
static const int expected[OPERATION_STAGE_COUNT][EVENT_KIND_COUNT] = {
    [OPERATION_STAGE_AWAITING_APPROVAL] =
        {
            [EVENT_KIND_ACCEPTED] = NO,
            [EVENT_KIND_APPROVED] = OPERATION_STAGE_QUEUED,
            [EVENT_KIND_STARTED] = NO,
            [EVENT_KIND_PROGRESS] = NO,
            [EVENT_KIND_RETRY_WAIT] = NO,
            [EVENT_KIND_REQUEUED] = NO,
            [EVENT_KIND_COMPLETED] = NO,
            [EVENT_KIND_FAILED] = OPERATION_STAGE_FAILED,
            [EVENT_KIND_OVERDUE] = OPERATION_STAGE_AWAITING_APPROVAL,
            [EVENT_KIND_SNAPSHOT] = NO,
        },
    [OPERATION_STAGE_QUEUED] =
        {
            [EVENT_KIND_ACCEPTED] = NO,
            [EVENT_KIND_APPROVED] = NO,
            [EVENT_KIND_STARTED] = OPERATION_STAGE_GATHERING,
            [EVENT_KIND_PROGRESS] = NO,
            [EVENT_KIND_RETRY_WAIT] = NO,
            [EVENT_KIND_REQUEUED] = NO,
            [EVENT_KIND_COMPLETED] = NO,
            [EVENT_KIND_FAILED] = OPERATION_STAGE_FAILED,
            [EVENT_KIND_OVERDUE] = OPERATION_STAGE_QUEUED,
            [EVENT_KIND_SNAPSHOT] = NO,
        },
    [OPERATION_STAGE_OFFERED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [OPERATION_STAGE_GATHERING] =
        {
            [EVENT_KIND_ACCEPTED] = NO,
            [EVENT_KIND_APPROVED] = NO,
            [EVENT_KIND_STARTED] = NO,
            [EVENT_KIND_PROGRESS] = NO,
            [EVENT_KIND_RETRY_WAIT] = OPERATION_STAGE_RETRY_WAIT,
            [EVENT_KIND_REQUEUED] = OPERATION_STAGE_QUEUED,
            [EVENT_KIND_COMPLETED] = OPERATION_STAGE_DONE,
            [EVENT_KIND_FAILED] = OPERATION_STAGE_FAILED,
            [EVENT_KIND_OVERDUE] = OPERATION_STAGE_GATHERING,
            [EVENT_KIND_SNAPSHOT] = NO,
        },
    [OPERATION_STAGE_RETRY_WAIT] =
        {
            [EVENT_KIND_ACCEPTED] = NO,
            [EVENT_KIND_APPROVED] = NO,
            [EVENT_KIND_STARTED] = NO,
            [EVENT_KIND_PROGRESS] = NO,
            [EVENT_KIND_RETRY_WAIT] = NO,
            [EVENT_KIND_REQUEUED] = OPERATION_STAGE_QUEUED,
            [EVENT_KIND_COMPLETED] = NO,
            [EVENT_KIND_FAILED] = OPERATION_STAGE_FAILED,
            [EVENT_KIND_OVERDUE] = OPERATION_STAGE_RETRY_WAIT,
            [EVENT_KIND_SNAPSHOT] = NO,
        },
    [OPERATION_STAGE_DONE] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [OPERATION_STAGE_FAILED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
};
_Static_assert(EVENT_KIND_COUNT == 10, "the table above has a column for each kind");

static const enum operation_status status_of[OPERATION_STAGE_COUNT] = {
    [OPERATION_STAGE_AWAITING_APPROVAL] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_QUEUED] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_OFFERED] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_GATHERING] = OPERATION_STATUS_RUNNING,
    [OPERATION_STAGE_RETRY_WAIT] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_DONE] = OPERATION_STATUS_COMPLETE,
    [OPERATION_STAGE_FAILED] = OPERATION_STATUS_FAILED,
};

static struct record in_stage(enum operation_stage stage)
{
    const struct operation_request request = {.now = {1000}, .due_ms = 500};
    struct record record = operation_create(&request, 40);

    record.stage = stage;
    record.status = status_of[stage];
    record.revision = 3;
    record.attempt = 2;
    record.has_failure = true;
    record.failure = FAILURE_CODE_SOURCE_FAILED;
    record.ready.ms = 77;
    return record;
}

static void check_legal(const struct record *before, const struct record *after,
                        enum event_kind kind, int stage)
{
    assert_in_range(stage, 0, OPERATION_STAGE_COUNT - 1);
    assert_int_equal(after->stage, stage);
    assert_int_equal(after->status, status_of[stage]);
    assert_int_equal(after->sequence, 41);
    assert_int_equal(after->revision, before->revision + 1);
    assert_int_equal(after->changed.ms, 2000);
    assert_int_equal(after->attempt, before->attempt + (kind == EVENT_KIND_STARTED));
    assert_int_equal(after->completed.ms, record_is_terminal(after) ? 2000 : 0);
    assert_int_equal(after->ready.ms,
                     kind == EVENT_KIND_RETRY_WAIT || kind == EVENT_KIND_OVERDUE ? 77 : 0);
}

static void every_stage_and_event_does_what_the_table_says(void **state)
{
    (void)state;
    for (int stage = 0; stage < OPERATION_STAGE_COUNT; stage++) {
        for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
            const struct record before = in_stage((enum operation_stage)stage);
            struct record after = before;
            int rc = operation_move(&after, (enum event_kind)kind, 41, (struct wall){2000});

            assert_int_equal(operation_may_move(&before, (enum event_kind)kind),
                             expected[stage][kind] != NO);
            assert_int_equal(rc, expected[stage][kind] == NO ? -ERROR_INTERNAL : 0);
            if (expected[stage][kind] == NO) {
                assert_memory_equal(&after, &before, sizeof before);
            } else {
                check_legal(&before, &after, (enum event_kind)kind, expected[stage][kind]);
            }
        }
    }
}

static void a_terminal_stage_is_left_by_nothing(void **state)
{
    (void)state;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        struct record done = in_stage(OPERATION_STAGE_DONE);
        struct record failed = in_stage(OPERATION_STAGE_FAILED);

        assert_int_equal(operation_move(&done, (enum event_kind)kind, 41, (struct wall){1}),
                         -ERROR_INTERNAL);
        assert_int_equal(operation_move(&failed, (enum event_kind)kind, 41, (struct wall){1}),
                         -ERROR_INTERNAL);
        assert_int_equal(done.revision, 3);
        assert_int_equal(failed.revision, 3);
    }
}

static void a_failure_is_forgotten_on_start_and_on_completion_only(void **state)
{
    struct record record = in_stage(OPERATION_STAGE_QUEUED);

    (void)state;
    assert_int_equal(operation_move(&record, EVENT_KIND_STARTED, 41, (struct wall){2}), 0);
    assert_false(record.has_failure);
    record.has_failure = true;
    assert_int_equal(operation_move(&record, EVENT_KIND_REQUEUED, 42, (struct wall){2}), 0);
    assert_true(record.has_failure);
    record.stage = OPERATION_STAGE_GATHERING;
    assert_int_equal(operation_move(&record, EVENT_KIND_COMPLETED, 43, (struct wall){2}), 0);
    assert_false(record.has_failure);
    record = in_stage(OPERATION_STAGE_GATHERING);
    assert_int_equal(operation_move(&record, EVENT_KIND_FAILED, 44, (struct wall){2}), 0);
    assert_true(record.has_failure);
}

static void a_new_operation_is_queued_due_and_of_revision_one(void **state)
{
    struct operation_request request = {.now = {1000}, .due_ms = 500, .has_key = true};
    struct record record;

    (void)state;
    memset(request.id.bytes, 1, UUID_BYTES);
    memset(request.tenant_id.bytes, 2, UUID_BYTES);
    memset(request.key_digest, 3, sizeof request.key_digest);
    record = operation_create(&request, 9);
    assert_int_equal(record.stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(record.status, OPERATION_STATUS_NOT_STARTED);
    assert_int_equal(record.sequence, 9);
    assert_int_equal(record.revision, 1);
    assert_int_equal(record.due.ms, 1500);
    assert_int_equal(record.submitted.ms, 1000);
    assert_int_equal(record.attempt, 0);
    assert_int_equal(record.completed.ms, 0);
    assert_true(record.has_key);
    assert_memory_equal(record.key_digest, request.key_digest, sizeof record.key_digest);
    assert_memory_equal(&record.tenant_id, &request.tenant_id, UUID_BYTES);
}

static void a_new_operation_that_needs_approval_awaits_it(void **state)
{
    const struct operation_request request = {
        .now = {1000}, .due_ms = 500, .approval = OPERATION_APPROVAL_MANUAL};
    struct record record = operation_create(&request, 9);

    (void)state;
    assert_int_equal(record.stage, OPERATION_STAGE_AWAITING_APPROVAL);
    assert_int_equal(record.status, OPERATION_STATUS_NOT_STARTED);
    assert_int_equal(record.approval, OPERATION_APPROVAL_MANUAL);
    assert_int_equal(record.due.ms, 1500);
    assert_false(record.has_decided_by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_and_event_does_what_the_table_says),
        cmocka_unit_test(a_terminal_stage_is_left_by_nothing),
        cmocka_unit_test(a_failure_is_forgotten_on_start_and_on_completion_only),
        cmocka_unit_test(a_new_operation_is_queued_due_and_of_revision_one),
        cmocka_unit_test(a_new_operation_that_needs_approval_awaits_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
