// SPDX-License-Identifier: MIT
/* What the calls of the library return over a bad network, and from a service that is busy, away or
 * talks nonsense. */
#include <string.h>

#include "tests/unit/clients/library/calls_fixture.h"

static void a_lost_answer_is_asked_for_again_and_stays_one_operation(void **state)
{
    struct calls *f = *state;
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
    struct calls *f = *state;
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

static void doubled_and_stale_answers_are_told_apart(void **state)
{
    struct calls *f = *state;
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
    struct calls *f = *state;
    struct exportd_operation operation;
    char first[UUID_TEXT_BUFFER];
    char second[UUID_TEXT_BUFFER];

    stub_accept(f->stub, first);
    stub_accept(f->stub, second);
    calls_open(f, SHORT_MS, NULL);
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

static void a_busy_service_is_asked_again_within_the_deadline(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted accepted;

    stub_set_faults(f->stub, &(struct stub_faults){.busy = 3});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).operations, 1);
    assert_true(stub_counts(f->stub).requests >= 4);

    calls_open(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.busy = 1000});
    for (int i = 0; i < 20; i++) {
        int rc = exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error);

        if (rc == EXPORTD_ERROR_UNAVAILABLE) {
            assert_int_equal(f->error.status, 503);
            return;
        }
        assert_int_equal(rc, EXPORTD_ERROR_TIMEOUT); /* not even one answer in so short a time */
    }
    fail_msg("the stub never answered");
}

static void a_service_that_names_a_time_to_wait_is_given_it(void **state)
{
    struct calls *f = *state;
    struct exportd_accepted accepted;

    stub_set_faults(f->stub, &(struct stub_faults){.waits = 1});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).exports, 2);

    calls_open(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.waits = 1});
    assert_int_equal(exportd_export(f->client, STUB_USER, NULL, &accepted, &f->error),
                     EXPORTD_ERROR_UNAVAILABLE);
    assert_string_equal(f->error.inner_code, "busy");
    assert_int_equal(stub_counts(f->stub).exports,
                     3); /* asking again within the deadline is no use */
}

static void garbage_is_an_error_and_the_next_call_works(void **state)
{
    struct calls *f = *state;
    struct exportd_operation operation;
    char id[UUID_TEXT_BUFFER];

    stub_accept(f->stub, id);
    for (int garbage = STUB_GARBAGE_BYTES; garbage < STUB_GARBAGE_COUNT; garbage++) {
        bool is_too_long = garbage == STUB_GARBAGE_LONG;

        calls_open(f, is_too_long ? SHORT_MS : DEADLINE_MS, NULL);
        stub_set_faults(f->stub, &(struct stub_faults){.garbage_count = is_too_long ? 1000 : 1,
                                                       .garbage = (enum stub_garbage)garbage});
        assert_int_equal(exportd_get(f->client, id, &operation, &f->error),
                         is_too_long ? EXPORTD_ERROR_TIMEOUT : EXPORTD_ERROR_REPLY);
        stub_set_faults(f->stub, &(struct stub_faults){0});
        calls_open(f, DEADLINE_MS, NULL);
        assert_int_equal(exportd_get(f->client, id, &operation, &f->error), EXPORTD_OK);
    }
}

static void a_service_that_is_away_is_a_time_out_and_its_return_ends_the_wait(void **state)
{
    struct calls *f = *state;
    struct exportd_pong pong;

    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_OK);
    assert_string_equal(pong.version, "0.0.1-stub");
    stub_go_away(f->stub);
    calls_open(f, SHORT_MS, NULL);
    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_ERROR_TIMEOUT);
    assert_non_null(strstr(f->error.message, "nothing was sent"));
    stub_come_back(f->stub);
    calls_open(f, DEADLINE_MS, NULL);
    assert_int_equal(exportd_ping(f->client, &pong, &f->error), EXPORTD_OK);
}

static void a_client_survives_a_restart_of_the_service(void **state)
{
    struct calls *f = *state;
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
    struct calls *f = *state;
    struct exportd_accepted accepted;

    calls_open(f, SHORT_MS, NULL);
    stub_set_faults(f->stub, &(struct stub_faults){.lost = 1000});
    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &accepted, &f->error),
                     EXPORTD_ERROR_TIMEOUT);
    assert_non_null(strstr(f->error.message, "may have been carried out"));
    assert_true(stub_counts(f->stub).exports >= 2);
    stub_set_faults(f->stub, &(struct stub_faults){0});
    calls_open(f, DEADLINE_MS, NULL);
    assert_int_equal(exportd_export(f->client, STUB_USER, "k", &accepted, &f->error), 0);
    assert_int_equal(stub_counts(f->stub).operations, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, calls_set_up, calls_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_lost_answer_is_asked_for_again_and_stays_one_operation),
        TEST(exports_over_a_bad_network_are_one_operation_each),
        TEST(doubled_and_stale_answers_are_told_apart),
        TEST(late_answers_do_not_answer_the_next_request),
        TEST(a_busy_service_is_asked_again_within_the_deadline),
        TEST(a_service_that_names_a_time_to_wait_is_given_it),
        TEST(garbage_is_an_error_and_the_next_call_works),
        TEST(a_service_that_is_away_is_a_time_out_and_its_return_ends_the_wait),
        TEST(a_client_survives_a_restart_of_the_service),
        TEST(no_answer_after_the_request_went_out_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
