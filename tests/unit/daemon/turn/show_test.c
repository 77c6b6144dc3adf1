// SPDX-License-Identifier: MIT
#include "daemon/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"

static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct record record_in(enum operation_stage stage, enum operation_status status)
{
    return (struct record){.stage = stage,
                           .status = status,
                           .sequence = 11,
                           .revision = 4,
                           .attempt = 2,
                           .submitted = {1000},
                           .due = {9000}};
}

static struct operation show(const struct record *record, const struct attempt *attempt)
{
    struct operation operation;

    assert_int_equal(show_operation(record, TEXT(""), attempt, NULL, &operation), 0);
    return operation;
}

static void a_queued_operation_with_an_offer_is_shown_offered(void **state)
{
    struct record record = record_in(OPERATION_STAGE_QUEUED, OPERATION_STATUS_NOT_STARTED);
    struct attempt attempt = {.progress = 77};
    struct operation operation = show(&record, &attempt);

    (void)state;
    assert_int_equal(operation.stage, OPERATION_STAGE_OFFERED);
    assert_int_equal(operation.status, OPERATION_STATUS_NOT_STARTED);
    assert_true(operation.progress == 0);
    assert_false(operation.has_completed_date_time);
    assert_false(operation.has_expiration_date_time);
    assert_false(operation.has_storage_location);
    assert_int_equal(show(&record, NULL).stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(show_event(EVENT_KIND_SNAPSHOT, &record, &attempt, (struct wall){1}).stage,
                     OPERATION_STAGE_OFFERED);
}

static void progress_is_shown_while_it_is_gathered_only(void **state)
{
    struct record record = record_in(OPERATION_STAGE_GATHERING, OPERATION_STATUS_RUNNING);
    struct attempt attempt = {.is_running = true, .progress = 42.5, .rows = 7, .bytes = 70};
    struct event event = show_event(EVENT_KIND_PROGRESS, &record, &attempt, (struct wall){5});

    (void)state;
    assert_true(show(&record, &attempt).progress == 42.5);
    assert_int_equal(show(&record, &attempt).stage, OPERATION_STAGE_GATHERING);
    assert_true(show(&record, NULL).progress == 0);
    assert_true(event.progress == 42.5);
    assert_true(event.has_rows && event.has_bytes);
    assert_int_equal(event.rows, 7);
    assert_int_equal(event.bytes, 70);
    assert_int_equal(event.sequence, 11);
    assert_int_equal(event.revision, 4);
    event = show_event(EVENT_KIND_STARTED, &record, NULL, (struct wall){5});
    assert_true(event.progress == 0);
    assert_false(event.has_rows || event.has_bytes);
    record.stage = OPERATION_STAGE_RETRY_WAIT;
    record.status = OPERATION_STATUS_NOT_STARTED;
    assert_true(show(&record, &attempt).progress == 0);
}

static void a_complete_operation_is_shown_with_its_stored_result(void **state)
{
    struct record record = record_in(OPERATION_STAGE_DONE, OPERATION_STATUS_COMPLETE);
    struct operation_result result = {
        .has_storage_location = true,
        .storage_location = TEXT("https://bundles.example.org/1"),
        .has_bundle = true,
        .bundle = {.sha256 = {digest, 64}, .bytes = 12345},
    };
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_input input;
    struct operation operation;

    (void)state;
    record.completed.ms = 5000;
    record.expiration.ms = 7000;
    assert_int_equal(wire_input_init(&input), 0);
    operation_result_encode(&result, &output);
    assert_int_equal(output.error, 0);
    assert_int_equal(show_operation(&record,
                                    (struct text){output.data, (uint32_t)output.size_bytes}, NULL,
                                    &input, &operation),
                     0);
    assert_true(operation.progress == 100);
    assert_true(operation.has_storage_location);
    assert_true(text_equal(operation.storage_location, result.storage_location));
    assert_true(operation.has_bundle);
    assert_int_equal(operation.bundle.bytes, 12345);
    assert_int_equal(operation.completed_date_time.ms, 5000);
    assert_int_equal(operation.expiration_date_time.ms, 7000);
    for (uint32_t size = 1; size < output.size_bytes; size++) {
        assert_int_equal(
            show_operation(&record, (struct text){output.data, size}, NULL, &input, &operation),
            -ERROR_DAMAGED);
    }
    wire_output_release(&output);
    wire_input_release(&input);
}

static void every_failure_has_a_message_and_is_shown_as_stored(void **state)
{
    (void)state;
    for (int code = 0; code < FAILURE_CODE_COUNT; code++) {
        struct record record = record_in(OPERATION_STAGE_FAILED, OPERATION_STATUS_FAILED);
        struct operation operation;
        struct event event;

        record.has_failure = true;
        record.failure = (enum failure_code)code;
        record.failure_is_retryable = code % 2;
        operation = show(&record, NULL);
        event = show_event(EVENT_KIND_FAILED, &record, NULL, (struct wall){1});
        assert_true(operation.has_failure);
        assert_int_equal(operation.failure.code, code);
        assert_int_equal(operation.failure.retryable, code % 2);
        assert_true(operation.failure.message.size_bytes > 10);
        assert_true(operation.progress == 0);
        assert_true(event.has_failure_code);
        assert_int_equal(event.failure_code, code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queued_operation_with_an_offer_is_shown_offered),
        cmocka_unit_test(progress_is_shown_while_it_is_gathered_only),
        cmocka_unit_test(a_complete_operation_is_shown_with_its_stored_result),
        cmocka_unit_test(every_failure_has_a_message_and_is_shown_as_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
