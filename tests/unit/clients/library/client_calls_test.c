// SPDX-License-Identifier: MIT
/* What the calls of the library return when the service is well. */
#include <string.h>

#include "tests/unit/clients/library/calls_fixture.h"

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"

static void an_export_is_accepted_with_all_its_fields(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted accepted;

    assert_int_equal(exportd_export(f->client, STUB_USER, "my-key", &accepted, &f->error), 0);
    assert_string_equal(accepted.operation.user_id, STUB_USER);
    assert_int_equal(accepted.operation.status, EXPORTD_STATUS_NOT_STARTED);
    assert_string_equal(accepted.operation.stage, "queued");
    assert_string_equal(accepted.operation.approval, "automatic");
    assert_string_equal(accepted.operation.storage_location, "");
    assert_string_equal(accepted.operation.completed_date_time, "");
    assert_string_equal(accepted.location, "https://api.example.org/o/1");
    assert_int_equal(accepted.retry_after_seconds, 60);
    assert_string_equal(accepted.idempotency_key, "my-key");
    assert_int_equal(accepted.operation.revision, 1);
    assert_int_equal(accepted.receipt_sequence, accepted.operation.sequence);
    assert_string_equal(accepted.receipt_head, STUB_HEAD);
}

static void keys_made_here_differ(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted first;
    struct exportd_accepted second;

    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &first, &f->error), 0);
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &second, &f->error), 0);
    assert_string_not_equal(first.idempotency_key, second.idempotency_key);
    assert_string_not_equal(first.operation.id, second.operation.id);
    assert_int_equal(stub_counts(f->stub).operations, 2);
}

static void the_same_key_is_the_same_operation_and_conflicts_for_another_person(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted first;
    struct exportd_accepted second;

    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &first, &f->error), 0);
    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &second, &f->error), 0);
    assert_string_equal(first.operation.id, second.operation.id);
    assert_int_equal(exportd_export(f->client, STUB_OTHER_USER, "k", &second, &f->error),
                     EXPORTD_ERROR_CONFLICT);
    assert_int_equal(f->error.status, 409);
    assert_string_equal(f->error.code, "conflict");
    assert_string_equal(f->error.inner_code, "idempotencyKeyReused");
}

static void a_refusal_is_decoded_in_full(void **state)
{
    struct calls *f = *state;
    struct exportd_operation operation = {.attempt = 77};

    assert_int_equal(exportd_get(f->client, UNKNOWN_OPERATION, &operation, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
    assert_int_equal(f->error.result, EXPORTD_ERROR_NOT_FOUND);
    assert_int_equal(f->error.status, 404);
    assert_string_equal(f->error.code, "notFound");
    assert_string_equal(f->error.inner_code, "notFound");
    assert_string_equal(f->error.target, "operationId");
    assert_true(f->error.message[0] != '\0');
    assert_true(f->error.request_id[0] != '\0');
    assert_int_equal(operation.attempt, 77); /* untouched */
    assert_null(exportd_reply_json(f->client, NULL));
}

static void every_refusal_has_its_result(void **state)
{
    static const struct {
        int error;
        int result;
    } rows[] = {
        {ERROR_MALFORMED, EXPORTD_ERROR_REFUSED},
        {ERROR_TOKEN_EXPIRED, EXPORTD_ERROR_UNAUTHORIZED},
        {ERROR_SCOPE_MISSING, EXPORTD_ERROR_FORBIDDEN},
        {ERROR_NOT_FOUND, EXPORTD_ERROR_NOT_FOUND},
        {ERROR_KEY_REUSED, EXPORTD_ERROR_CONFLICT},
        {ERROR_INTERNAL, EXPORTD_ERROR_SERVICE},
        {ERROR_TIMEOUT, EXPORTD_ERROR_UNAVAILABLE},
        {ERROR_DISK_FULL, EXPORTD_ERROR_UNAVAILABLE},
    };
    struct calls *f = *state;
    struct exportd_statistics statistics;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stub_set_faults(f->stub, &(struct stub_faults){.refused = 1, .error = rows[i].error});
        assert_int_equal(exportd_get_statistics(f->client, &statistics, &f->error), rows[i].result);
        assert_string_equal(f->error.inner_code, error_row(rows[i].error)->inner_code);
        assert_string_equal(f->error.message, error_row(rows[i].error)->message);
        assert_int_equal(f->error.status, error_row(rows[i].error)->status);
    }
    assert_int_equal(exportd_get_statistics(f->client, &statistics, NULL), EXPORTD_OK);
}

static void lists_come_in_pages_and_can_be_filtered(void **state)
{
    struct calls *f = *state;
    struct exportd_operation_query query = {.top = 3};
    struct exportd_operation_page page;
    char ids[7][UUID_TEXT_BUFFER];
    char next[EXPORTD_NEXT_BYTES];
    size_t seen = 0;

    for (int i = 0; i < 7; i++) {
        stub_accept(f->stub, ids[i]);
    }
    do {
        assert_int_equal(exportd_list(f->client, &query, &page, &f->error), EXPORTD_OK);
        assert_int_equal(page.sequence, 7);
        for (size_t i = 0; i < page.count; i++, seen++) {
            assert_string_equal(page.items[i].id, ids[6 - seen]);
        }
        assert_null(exportd_reply_item_json(f->client, page.count));
        memcpy(next, page.next, sizeof(next));
        query.next = next;
        exportd_operation_page_release(&page);
    } while (next[0] != '\0');
    assert_int_equal(seen, 7);

    query = (struct exportd_operation_query){.status = EXPORTD_STATUS_COMPLETE};
    stub_move(f->stub, ids[2], OPERATION_STAGE_DONE, STUB_LOSE);
    assert_int_equal(exportd_list(f->client, &query, &page, &f->error), EXPORTD_OK);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].id, ids[2]);
    assert_string_equal(page.items[0].storage_location, "https://bundles.example.org/a/b.zip");
    assert_int_equal(page.items[0].bundle_bytes, 4711);
    exportd_operation_page_release(&page);
    exportd_operation_page_release(&page);
}

static void profiles_events_and_statistics_are_read(void **state)
{
    struct calls *f = *state;
    struct exportd_profile profile;
    struct exportd_profile_page profiles;
    struct exportd_event_page events;
    struct exportd_statistics statistics;
    char id[UUID_TEXT_BUFFER];
    char json[EXPORTD_EVENT_JSON_BYTES];

    stub_accept(f->stub, id);
    stub_move(f->stub, id, OPERATION_STAGE_FAILED, STUB_LOSE);
    assert_int_equal(exportd_get_profile(f->client, STUB_USER, &profile, &f->error), EXPORTD_OK);
    assert_string_equal(profile.user_principal_name, "anna.berg@example.org");
    assert_int_equal(exportd_get_profile(f->client, STUB_UNKNOWN_USER, &profile, &f->error),
                     EXPORTD_ERROR_NOT_FOUND);
    assert_int_equal(exportd_list_profiles(f->client, 1, NULL, &profiles, &f->error), EXPORTD_OK);
    assert_int_equal(profiles.count, 1);
    assert_string_equal(profiles.next, "2");
    exportd_profile_page_release(&profiles);

    assert_int_equal(exportd_events_since(f->client, 1, id, 0, &events, &f->error), EXPORTD_OK);
    assert_int_equal(events.count, 1);
    assert_string_equal(events.items[0].kind, "failed");
    assert_string_equal(events.items[0].failure_code, "sourceFailed");
    assert_int_equal(events.items[0].rows, -1);
    assert_int_equal(events.sequence, 2);
    assert_string_equal(exportd_event_json(&events.items[0], json),
                        exportd_reply_item_json(f->client, 0));
    exportd_event_page_release(&events);

    assert_int_equal(exportd_get_statistics(f->client, &statistics, &f->error), EXPORTD_OK);
    assert_int_equal(statistics.slots, 12);
    assert_string_equal(statistics.version, "0.0.1-stub");
    assert_non_null(strstr(exportd_reply_json(f->client, "statistics"), "\"slots\":12"));
}

static void wrong_arguments_send_nothing(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted accepted;
    struct exportd_operation operation;
    struct exportd_event_page events;
    struct exportd_client *client = NULL;
    struct exportd_options options = {.requests_endpoint = "nonsense"};

    assert_int_equal(exportd_get(f->client, "not-an-id", &operation, &f->error),
                     EXPORTD_ERROR_ARGUMENT);
    assert_string_equal(f->error.target, "operation_id");
    assert_int_equal(exportd_get(f->client, NULL, &operation, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_get(NULL, STUB_USER, &operation, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_export(f->client, STUB_USER, "two words", &accepted, &f->error),
                     EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_export(f->client, STUB_USER, "", &accepted, &f->error),
                     EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(exportd_events_since(f->client, -1, NULL, 0, &events, &f->error),
                     EXPORTD_ERROR_ARGUMENT);
    assert_int_equal(stub_counts(f->stub).requests, 0);
    assert_int_equal(exportd_open(&client, &options, &f->error), EXPORTD_ERROR_ARGUMENT);
    assert_null(client);
    exportd_close(&client);
    exportd_close(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, calls_set_up, calls_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_export_is_accepted_with_all_its_fields),
        TEST(keys_made_here_differ),
        TEST(the_same_key_is_the_same_operation_and_conflicts_for_another_person),
        TEST(a_refusal_is_decoded_in_full),
        TEST(every_refusal_has_its_result),
        TEST(lists_come_in_pages_and_can_be_filtered),
        TEST(profiles_events_and_statistics_are_read),
        TEST(wrong_arguments_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
