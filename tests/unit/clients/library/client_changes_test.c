// SPDX-License-Identifier: MIT
/* What changes operations and dispatch: cancel, retry, explain, pause and resume. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/clients/library/calls_fixture.h"

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"
#define TENANT            "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER_TENANT      "aaaaaaaa-0000-4000-8000-000000000002"

static void a_cancelled_operation_has_failed_and_says_who_cancelled_it(void **state)
{
    struct calls *f = *state;
    struct exportd_operation first;
    struct exportd_operation again;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    stub_move(f->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    assert_int_equal(exportd_cancel(f->client, id, &first, &f->error), EXPORTD_OK);
    assert_string_equal(first.id, id);
    assert_int_equal(first.status, EXPORTD_STATUS_FAILED);
    assert_string_equal(first.failure_code, "cancelled");
    assert_string_equal(first.cancelled_by, STUB_PERSON);
    assert_string_equal(first.retry_of, "");
    assert_non_null(strstr(exportd_reply_json(f->client, "operation"), "\"cancelledBy\":"));
    assert_int_equal(exportd_cancel(f->client, id, &again, &f->error), EXPORTD_OK);
    assert_memory_equal(&first, &again, sizeof(first));
}

static void an_operation_that_ended_otherwise_cannot_be_cancelled(void **state)
{
    static const enum operation_stage ends[] = {OPERATION_STAGE_DONE, OPERATION_STAGE_FAILED};
    struct calls *f = *state;
    struct exportd_operation operation = {.attempt = 77};
    char id[UUID_TEXT_BUFFER];

    for (size_t i = 0; i < 2; i++) {
        stub_accept(f->stub, id);
        stub_move(f->stub, id, ends[i], STUB_LOSE);
        assert_int_equal(exportd_cancel(f->client, id, &operation, &f->error),
                         EXPORTD_ERROR_CONFLICT);
        assert_int_equal(f->error.status, 409);
        assert_string_equal(f->error.inner_code, "operationEnded");
        assert_int_equal(operation.attempt, 77); /* untouched */
    }
    assert_int_equal(exportd_cancel(f->client, UNKNOWN_OPERATION, &operation, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
}

static void a_retry_is_a_new_operation_and_the_same_one_when_asked_again(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted first = {.idempotency_key = "of something else"};
    struct exportd_accepted again;
    struct exportd_operation old;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    stub_move(f->stub, id, OPERATION_STAGE_FAILED, STUB_LOSE);
    assert_int_equal(exportd_retry(f->client, id, &first, &f->error), EXPORTD_OK);
    assert_string_not_equal(first.operation.id, id);
    assert_string_equal(first.operation.retry_of, id);
    assert_string_equal(first.operation.user_id, STUB_USER);
    assert_int_equal(first.operation.status, EXPORTD_STATUS_NOT_STARTED);
    assert_string_equal(first.location, "https://api.example.org/o/2");
    assert_int_equal(first.retry_after_seconds, 60);
    assert_string_equal(first.idempotency_key, "");
    assert_int_equal(exportd_retry(f->client, id, &again, &f->error), EXPORTD_OK);
    assert_string_equal(again.operation.id, first.operation.id);
    assert_int_equal(stub_counts(f->stub).operations, 2);
    assert_int_equal(exportd_get(f->client, id, &old, &f->error), EXPORTD_OK);
    assert_int_equal(old.status, EXPORTD_STATUS_FAILED);
    assert_string_equal(old.retry_of, "");
}

static void an_operation_that_has_not_failed_cannot_be_retried(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted accepted = {.retry_after_seconds = 77};
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    assert_int_equal(exportd_retry(f->client, id, &accepted, &f->error), EXPORTD_ERROR_CONFLICT);
    assert_string_equal(f->error.inner_code, "operationNotFailed");
    assert_int_equal(accepted.retry_after_seconds, 77);
    assert_int_equal(exportd_retry(f->client, UNKNOWN_OPERATION, &accepted, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
    assert_int_equal(stub_counts(f->stub).operations, 1);
}

static void an_explanation_is_the_operation_and_its_sentences(void **state)
{
    struct calls *f = *state;
    static struct exportd_explanation explanation;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    assert_int_equal(exportd_explain(f->client, id, &explanation, &f->error), EXPORTD_OK);
    assert_string_equal(explanation.operation.id, id);
    assert_int_equal(explanation.sentence_count, 2);
    assert_string_equal(explanation.sentences[0], STUB_SENTENCE); /* as it came */
    assert_string_equal(explanation.sentences[1], "queued");
    stub_move(f->stub, id, OPERATION_STAGE_RETRY_WAIT, STUB_LOSE);
    assert_int_equal(exportd_explain(f->client, id, &explanation, &f->error), EXPORTD_OK);
    assert_int_equal(explanation.sentence_count, 2);
    assert_string_equal(explanation.sentences[1], "retryWait");
    assert_int_equal(exportd_explain(f->client, UNKNOWN_OPERATION, &explanation, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
}

static void pauses_are_made_ended_and_read(void **state)
{
    struct calls *f = *state;
    struct exportd_statistics statistics;
    struct exportd_pauses pauses;

    assert_int_equal(exportd_get_pauses(f->client, &pauses, &f->error), EXPORTD_OK);
    assert_false(pauses.everything);
    assert_int_equal(pauses.tenant_count, 0);
    for (int i = 0; i < 2; i++) { /* twice is once */
        assert_int_equal(exportd_pause(f->client, TENANT, &pauses, &f->error), EXPORTD_OK);
        assert_int_equal(pauses.tenant_count, 1);
    }
    assert_int_equal(exportd_pause(f->client, OTHER_TENANT, &pauses, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_pause(f->client, NULL, &pauses, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_get_pauses(f->client, &pauses, &f->error), EXPORTD_OK);
    assert_true(pauses.everything);
    assert_int_equal(pauses.tenant_count, 2);
    assert_string_equal(pauses.tenants[0], TENANT);
    assert_string_equal(pauses.tenants[1], OTHER_TENANT);
    assert_int_equal(exportd_get_statistics(f->client, &statistics, &f->error), EXPORTD_OK);
    assert_true(statistics.paused);

    assert_int_equal(exportd_resume(f->client, NULL, &pauses, &f->error), EXPORTD_OK);
    assert_false(pauses.everything);
    assert_int_equal(pauses.tenant_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(exportd_resume(f->client, TENANT, &pauses, &f->error), EXPORTD_OK);
        assert_int_equal(pauses.tenant_count, 1);
        assert_string_equal(pauses.tenants[0], OTHER_TENANT);
    }
    assert_int_equal(exportd_get_statistics(f->client, &statistics, &f->error), EXPORTD_OK);
    assert_false(statistics.paused);
}

static void as_many_pauses_as_there_may_be_are_read(void **state)
{
    struct calls *f = *state;
    static struct exportd_pauses pauses;
    char tenant[EXPORTD_ID_BYTES];

    for (int i = 0; i <= EXPORTD_PAUSED_TENANTS; i++) {
        snprintf(tenant, sizeof(tenant), "aaaaaaaa-0000-4000-8000-%012d", i);
        assert_int_equal(exportd_pause(f->client, tenant, &pauses, &f->error),
                         i < EXPORTD_PAUSED_TENANTS ? EXPORTD_OK : EXPORTD_ERROR_CONFLICT);
    }
    assert_string_equal(f->error.inner_code, "tooManyPauses");
    assert_int_equal(exportd_get_pauses(f->client, &pauses, &f->error), EXPORTD_OK);
    assert_int_equal(pauses.tenant_count, EXPORTD_PAUSED_TENANTS);
    assert_string_equal(pauses.tenants[EXPORTD_PAUSED_TENANTS - 1],
                        "aaaaaaaa-0000-4000-8000-000000000255");
}

static void lost_answers_cancel_retry_and_pause_once(void **state)
{
    struct calls *f = *state;
    struct exportd_operation operation;
    struct exportd_accepted accepted;
    struct exportd_pauses pauses;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 3});
    assert_int_equal(exportd_cancel(f->client, id, &operation, &f->error), EXPORTD_OK);
    assert_true(stub_counts(f->stub).cancels >= 4);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 1); /* the same bytes each time */
    assert_int_equal(operation.revision, 2);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 3, .twice = 3, .stale = 1});
    assert_int_equal(exportd_retry(f->client, id, &accepted, &f->error), EXPORTD_OK);
    assert_true(stub_counts(f->stub).retries >= 4);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 2);
    assert_int_equal(stub_counts(f->stub).operations, 2);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 3});
    assert_int_equal(exportd_pause(f->client, TENANT, &pauses, &f->error), EXPORTD_OK);
    assert_int_equal(pauses.tenant_count, 1);
    assert_int_equal(stub_counts(f->stub).distinct_requests, 3);
}

static void no_answer_says_that_it_may_have_been_done(void **state)
{
    struct calls *f = *state;
    struct exportd_operation operation;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    calls_open(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 1000});
    assert_int_equal(exportd_cancel(f->client, id, &operation, &f->error), EXPORTD_ERROR_TIMEOUT);
    assert_non_null(strstr(f->error.message, "may have been carried out"));
    stub_set_faults(f->stub, &(struct stub_faults){0});
    stub_go_away(f->stub);
    stub_come_back(f->stub);
    calls_open(f, DEADLINE_MS, NULL);
    assert_int_equal(exportd_cancel(f->client, id, &operation, &f->error), EXPORTD_OK);
    assert_int_equal(operation.revision, 2);
}

/* Each of the calls, with results of its own; for what all have in common. */
static int call_number(int number, struct calls *f, struct exportd_client *client, const char *id)
{
    static struct exportd_explanation explanation;
    struct exportd_operation operation;
    struct exportd_accepted accepted;
    struct exportd_pauses pauses;

    switch (number) {
    case 0:
        return exportd_cancel(client, id, &operation, &f->error);
    case 1:
        return exportd_retry(client, id, &accepted, &f->error);
    case 2:
        return exportd_explain(client, id, &explanation, &f->error);
    case 3:
        return exportd_pause(client, id, &pauses, &f->error);
    case 4:
        return exportd_resume(client, id, &pauses, &f->error);
    default:
        return exportd_get_pauses(client, &pauses, &f->error);
    }
}

enum { CALLS = 6, CALLS_WITH_AN_ID = 5 };

static void every_refusal_has_its_result(void **state)
{
    static const struct {
        int error;
        int result;
    } rows[] = {
        {ERROR_TOKEN_EXPIRED, EXPORTD_ERROR_UNAUTHORIZED},
        {ERROR_NOT_REQUESTER, EXPORTD_ERROR_FORBIDDEN},
        {ERROR_OPERATOR_NEEDED, EXPORTD_ERROR_FORBIDDEN},
        {ERROR_OPERATION_ENDED, EXPORTD_ERROR_CONFLICT},
        {ERROR_DISK_FULL, EXPORTD_ERROR_UNAVAILABLE},
    };
    struct calls *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * CALLS; i++) {
        int error = rows[i / CALLS].error;

        stub_set_faults(f->stub, &(struct stub_faults){.refused = 1, .error = error});
        assert_int_equal(call_number((int)(i % CALLS), f, f->client, TENANT),
                         rows[i / CALLS].result);
        assert_int_equal(f->error.status, error_row(error)->status);
        assert_string_equal(f->error.inner_code, error_row(error)->inner_code);
        assert_string_equal(f->error.message, error_row(error)->message);
    }
}

static void success_without_a_result_is_none(void **state)
{
    struct calls *f = *state;

    for (int i = 0; i < CALLS; i++) {
        stub_set_faults(f->stub,
                        &(struct stub_faults){.garbage_count = 1, .garbage = STUB_GARBAGE_EMPTY});
        assert_int_equal(call_number(i, f, f->client, TENANT), EXPORTD_ERROR_REPLY);
    }
}

static void wrong_arguments_send_nothing(void **state)
{
    struct calls *f = *state;

    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(call_number(i, f, NULL, TENANT), EXPORTD_ERROR_ARGUMENT);
        assert_string_equal(f->error.target, "client");
    }
    for (int i = 0; i < CALLS_WITH_AN_ID; i++) {
        assert_int_equal(call_number(i, f, f->client, "not-an-id"), EXPORTD_ERROR_ARGUMENT);
        assert_int_equal(call_number(i, f, f->client, ""), EXPORTD_ERROR_ARGUMENT);
    }
    assert_int_equal(exportd_cancel(f->client, TENANT, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_retry(f->client, TENANT, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_explain(f->client, TENANT, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_pause(f->client, TENANT, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_resume(f->client, TENANT, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_get_pauses(f->client, NULL, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(stub_counts(f->stub).requests, 0);
}

static void what_is_overdue_is_told_by_operations_events_and_statistics(void **state)
{
    struct calls *f = *state;
    struct exportd_operation operation;
    struct exportd_statistics statistics;
    struct exportd_event_page events;
    char json[EXPORTD_EVENT_JSON_BYTES];
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    assert_int_equal(exportd_get(f->client, id, &operation, &f->error), EXPORTD_OK);
    assert_false(operation.overdue);
    stub_overdue(f->stub, id, STUB_LOSE);
    assert_int_equal(exportd_get(f->client, id, &operation, &f->error), EXPORTD_OK);
    assert_true(operation.overdue);
    assert_int_equal(operation.status, EXPORTD_STATUS_NOT_STARTED);
    assert_int_equal(operation.revision, 2);
    assert_int_equal(exportd_get_statistics(f->client, &statistics, &f->error), EXPORTD_OK);
    assert_int_equal(statistics.overdue, 1);
    assert_int_equal(exportd_events_since(f->client, 1, id, 0, &events, &f->error), EXPORTD_OK);
    assert_int_equal(events.count, 1);
    assert_string_equal(events.items[0].kind, "overdue");
    assert_string_equal(exportd_event_json(&events.items[0], json),
                        exportd_reply_item_json(f->client, 0));
    exportd_event_page_release(&events);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, calls_set_up, calls_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_cancelled_operation_has_failed_and_says_who_cancelled_it),
        TEST(an_operation_that_ended_otherwise_cannot_be_cancelled),
        TEST(a_retry_is_a_new_operation_and_the_same_one_when_asked_again),
        TEST(an_operation_that_has_not_failed_cannot_be_retried),
        TEST(an_explanation_is_the_operation_and_its_sentences),
        TEST(pauses_are_made_ended_and_read),
        TEST(as_many_pauses_as_there_may_be_are_read),
        TEST(lost_answers_cancel_retry_and_pause_once),
        TEST(no_answer_says_that_it_may_have_been_done),
        TEST(every_refusal_has_its_result),
        TEST(success_without_a_result_is_none),
        TEST(wrong_arguments_send_nothing),
        TEST(what_is_overdue_is_told_by_operations_events_and_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
