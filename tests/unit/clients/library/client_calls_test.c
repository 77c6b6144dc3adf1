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

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"

enum { TRY_MS = 60, DEADLINE_MS = 8000, SHORT_MS = 400 };

struct fixture {
    char directory[TEMPORARY_BUFFER];
    struct stub *stub;
    struct exportd_client *client;
    struct exportd_error error;
};

static void open_client(struct fixture *fixture, int deadline_ms, const char *token)
{
    struct exportd_options options = {.requests_endpoint = stub_requests_endpoint(fixture->stub),
                                      .status_endpoint = stub_status_endpoint(fixture->stub),
                                      .token = token,
                                      .timeout_ms = TRY_MS,
                                      .deadline_ms = deadline_ms};

    exportd_close(&fixture->client);
    assert_int_equal(exportd_open(&fixture->client, &options, &fixture->error), EXPORTD_OK);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || temporary_make(fixture->directory) != 0) {
        return -1;
    }
    stub_start(&fixture->stub, fixture->directory);
    open_client(fixture, DEADLINE_MS, "header.payload.signature");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    exportd_close(&fixture->client);
    stub_stop(&fixture->stub);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

static void an_export_is_accepted_with_all_its_fields(void **state)
{
    struct fixture *f = *state;
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
}

static void a_lost_answer_is_asked_for_again_and_stays_one_operation(void **state)
{
    struct fixture *f = *state;
    struct exportd_accepted accepted;
    struct stub_counts counts;
    char key[STUB_TEXT_BYTES];

    stub_set_faults(f->stub, &(struct stub_faults){.lost = 5});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    counts = stub_counts(f->stub);
    assert_true(counts.exports >= 6);
    assert_int_equal(counts.operations, 1);
    assert_int_equal(counts.distinct_requests, 1); /* the same bytes each time */
    stub_last_key(f->stub, key);
    assert_int_equal(strlen(key), 32);
    assert_string_equal(key, accepted.idempotency_key);
}

static void exports_over_a_bad_network_are_one_operation_each(void **state)
{
    enum { EXPORTS = 200, QUICK_MS = 15 };
    struct fixture *f = *state;
    struct exportd_options options = {.requests_endpoint = stub_requests_endpoint(f->stub),
                                      .timeout_ms = QUICK_MS,
                                      .deadline_ms = DEADLINE_MS};
    struct exportd_client *client = NULL;
    struct exportd_accepted accepted;
    char last[EXPORTD_ID_BYTES] = "";

    assert_int_equal(exportd_open(&client, &options, &f->error), EXPORTD_OK);
    for (int i = 0; i < EXPORTS; i++) {
        stub_set_faults(f->stub,
                        &(struct stub_faults){
                            .lost = i % 4, .twice = i % 3, .stale = i % 2, .busy = i % 50 == 9});
        if (i % 25 == 0) {
            stub_go_away(f->stub);
            stub_come_back(f->stub);
        }
        assert_int_equal(exportd_export(client, STUB_USER, NULL, &accepted, &f->error), 0);
        assert_true(strcmp(accepted.operation.id, last) > 0);
        memcpy(last, accepted.operation.id, sizeof(last));
    }
    exportd_close(&client);
    assert_int_equal(stub_counts(f->stub).operations, EXPORTS);
    assert_int_equal(stub_counts(f->stub).distinct_requests, EXPORTS);
    assert_true(stub_counts(f->stub).exports > EXPORTS);
}

static void keys_made_here_differ(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

static void doubled_and_stale_answers_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct exportd_operation operation;
    char ids[8][UUID_TEXT_BUFFER];

    for (int i = 0; i < 8; i++) {
        stub_accept(f->stub, ids[i]);
    }
    stub_set_faults(f->stub, &(struct stub_faults){.twice = 8, .stale = 8});
    for (int i = 0; i < 8; i++) {
        assert_int_equal(exportd_get(f->client, ids[i], &operation, &f->error), 0);
        assert_string_equal(operation.id, ids[i]);
    }
}

static void late_answers_do_not_answer_the_next_request(void **state)
{
    struct fixture *f = *state;
    struct exportd_operation operation;
    char first[UUID_TEXT_BUFFER];
    char second[UUID_TEXT_BUFFER];

    stub_accept(f->stub, first);
    stub_accept(f->stub, second);
    open_client(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.delay_ms = SHORT_MS + 200});
    assert_int_equal(exportd_get(f->client, first, &operation, &f->error), EXPORTD_ERROR_TIMEOUT);
    stub_set_faults(f->stub, &(struct stub_faults){0});
    for (int i = 0; i < 20; i++) {
        int rc = exportd_get(f->client, second, &operation, &f->error);

        if (rc == EXPORTD_OK) {
            assert_string_equal(operation.id, second);
            return;
        }
        assert_int_equal(rc, EXPORTD_ERROR_TIMEOUT);
    }
    fail_msg("the stub never came back");
}

static void a_refusal_is_decoded_in_full(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

static void a_busy_service_is_asked_again_within_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct exportd_accepted accepted;

    stub_set_faults(f->stub, &(struct stub_faults){.busy = 3});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).operations, 1);
    assert_true(stub_counts(f->stub).requests >= 4);

    open_client(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.busy = 1000});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error),
                     EXPORTD_ERROR_UNAVAILABLE);
    assert_int_equal(f->error.status, 503);
}

static void a_service_that_names_a_time_to_wait_is_given_it(void **state)
{
    struct fixture *f = *state;
    struct exportd_accepted accepted;

    stub_set_faults(f->stub, &(struct stub_faults){.waits = 1});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).exports, 2);

    open_client(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.waits = 1});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error),
                     EXPORTD_ERROR_UNAVAILABLE);
    assert_string_equal(f->error.inner_code, "busy");
    assert_int_equal(stub_counts(f->stub).exports,
                     3); /* asking again within the deadline is no use */
}

static void garbage_is_an_error_and_the_next_call_works(void **state)
{
    struct fixture *f = *state;
    struct exportd_operation operation;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    for (int garbage = STUB_GARBAGE_BYTES; garbage < STUB_GARBAGE_COUNT; garbage++) {
        bool is_too_long = garbage == STUB_GARBAGE_LONG;

        open_client(f, is_too_long ? SHORT_MS : DEADLINE_MS, NULL);
        stub_set_faults(f->stub, &(struct stub_faults){.garbage_count = is_too_long ? 1000 : 1,
                                                       .garbage = (enum stub_garbage)garbage});
        assert_int_equal(exportd_get(f->client, id, &operation, &f->error),
                         is_too_long ? EXPORTD_ERROR_TIMEOUT : EXPORTD_ERROR_REPLY);
        stub_set_faults(f->stub, &(struct stub_faults){0});
        open_client(f, DEADLINE_MS, NULL);
        assert_int_equal(exportd_get(f->client, id, &operation, &f->error), EXPORTD_OK);
    }
}

static void a_service_that_is_away_is_a_time_out_and_its_return_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    struct exportd_pong pong;

    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_OK);
    assert_string_equal(pong.version, "0.0.1-stub");
    stub_go_away(f->stub);
    open_client(f, SHORT_MS, NULL);
    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_ERROR_TIMEOUT);
    assert_non_null(strstr(f->error.message, "nothing was sent"));
    stub_come_back(f->stub);
    open_client(f, DEADLINE_MS, NULL);
    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_OK);
}

static void a_client_survives_a_restart_of_the_service(void **state)
{
    struct fixture *f = *state;
    struct exportd_accepted accepted;
    struct exportd_operation operation;

    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    stub_go_away(f->stub);
    stub_come_back(f->stub);
    assert_int_equal(exportd_get(f->client, accepted.operation.id, &operation, &f->error), 0);
    assert_string_equal(operation.id, accepted.operation.id);
}

static void no_answer_after_the_request_went_out_says_so(void **state)
{
    struct fixture *f = *state;
    struct exportd_accepted accepted;

    open_client(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 1000});
    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &accepted, &f->error),
                     EXPORTD_ERROR_TIMEOUT);
    assert_non_null(strstr(f->error.message, "may have been carried out"));
    assert_true(stub_counts(f->stub).exports >= 2);
    stub_set_faults(f->stub, &(struct stub_faults){0});
    open_client(f, DEADLINE_MS, NULL);
    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).operations, 1);
}

static void lists_come_in_pages_and_can_be_filtered(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_export_is_accepted_with_all_its_fields),
        TEST(a_lost_answer_is_asked_for_again_and_stays_one_operation),
        TEST(exports_over_a_bad_network_are_one_operation_each),
        TEST(keys_made_here_differ),
        TEST(the_same_key_is_the_same_operation_and_conflicts_for_another_person),
        TEST(doubled_and_stale_answers_are_told_apart),
        TEST(late_answers_do_not_answer_the_next_request),
        TEST(a_refusal_is_decoded_in_full),
        TEST(every_refusal_has_its_result),
        TEST(a_busy_service_is_asked_again_within_the_deadline),
        TEST(a_service_that_names_a_time_to_wait_is_given_it),
        TEST(garbage_is_an_error_and_the_next_call_works),
        TEST(a_service_that_is_away_is_a_time_out_and_its_return_ends_the_wait),
        TEST(a_client_survives_a_restart_of_the_service),
        TEST(no_answer_after_the_request_went_out_says_so),
        TEST(lists_come_in_pages_and_can_be_filtered),
        TEST(profiles_events_and_statistics_are_read),
        TEST(wrong_arguments_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
