// SPDX-License-Identifier: MIT
#include "daemon/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/operation.h"
#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"
#include "tests/unit/daemon/store/sample.h"

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct sample *sample = *state;

    for (int i = 0; i < 10; i++) {
        sample_put(sample, 40);
        assert_int_equal(store_commit(sample->store), 0);
        sample_close(sample);
        sample_open(sample);
        sample_compare(sample);
    }
}

/* The same work with the view always behind, always up to date, and in between. */
static void overlay_and_view_give_the_same_answers(void **state)
{
    static const int64_t sizes[] = {2, 10, 64, 1000000};
    struct sample *sample = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sample_close(sample);
        sample->options.overlay_operations = sizes[i];
        sample_open(sample);
        for (int turn = 0; turn < 12; turn++) {
            sample_put(sample, 1 + (int)next_random(&sample->seed, 60));
            if (turn % 5 == 4) {
                sample_compare(sample); /* reads see what is not committed yet */
            }
            assert_int_equal(store_commit(sample->store), 0);
        }
        sample_compare(sample);
    }
    sample_close(sample);
    sample_open(sample);
    sample_compare(sample);
}

static void the_overlay_is_bounded(void **state)
{
    struct sample *sample = *state;

    for (int turn = 0; turn < 30; turn++) {
        sample_put(sample, 50);
        assert_int_equal(store_commit(sample->store), 0);
        assert_true(store_waiting(sample->store) <= 64);
    }
    assert_int_equal(store_catch_up(sample->store, SIZE_MAX), 0);
    assert_int_equal(store_waiting(sample->store), 0);
    assert_int_equal(store_commit(sample->store), 0);
    assert_int_equal(store_rest(sample->store), 0);
}

static int count_only(void *argument, enum event_kind kind, const struct record *record,
                      struct text result)
{
    (void)kind;
    (void)record;
    (void)result;
    ++*(size_t *)argument;
    return 0;
}

static int stop_at_second(void *argument, enum event_kind kind, const struct record *record,
                          struct text result)
{
    return count_only(argument, kind, record, result) + (*(size_t *)argument == 2);
}

static void examined_bounds_give_short_pages_that_say_so(void **state)
{
    struct sample *sample = *state;
    struct store_query query = {
        .tenant_id = sample_tenant(0), .has_status = true, .status = OPERATION_STATUS_FAILED};
    struct uuid last;
    bool has_more;
    size_t seen = 0;

    for (size_t i = 0; i < 90; i++) {
        struct operation_request request = {.id = number_uuid(i + 1),
                                            .tenant_id = sample_tenant(0)};
        struct record record = operation_create(&request, (int64_t)i + 1);
        assert_int_equal(store_put(sample->store, EVENT_KIND_ACCEPTED, &record, TEXT("")), 0);
    }
    assert_int_equal(store_list(sample->store, &query, 10, count_only, &seen, &last, &has_more), 0);
    assert_int_equal(seen, 0);
    assert_true(has_more);
    assert_int_equal(last.bytes[15], 81);
    query.has_before = true;
    query.before = last;
    assert_int_equal(store_list(sample->store, &query, 80, count_only, &seen, &last, &has_more), 0);
    assert_false(has_more); /* exactly as many as there are */
    query = (struct store_query){.tenant_id = sample_tenant(0)};
    assert_int_equal(store_list(sample->store, &query, 80, stop_at_second, &seen, &last, &has_more),
                     0);
    assert_int_equal(seen, 2);
    assert_true(has_more);
    assert_int_equal(last.bytes[15], 90); /* what the visitor did not take comes again */
    assert_int_equal(store_commit(sample->store), 0);
}

struct paging {
    struct sample *sample;
    uint8_t seen[SAMPLE_OPERATIONS + 1];
};

static int mark(void *argument, enum event_kind kind, const struct record *record,
                struct text result)
{
    struct paging *paging = argument;

    (void)kind;
    (void)result;
    paging->seen[(size_t)record->id.bytes[15] | (size_t)record->id.bytes[14] << 8]++;
    return 0;
}

static void pages_have_neither_gaps_nor_repeats_while_operations_are_added(void **state)
{
    struct sample *sample = *state;
    struct store_query query = {.tenant_id = sample_tenant(0)};
    static struct paging paging;
    bool has_more = true;
    size_t before;

    paging = (struct paging){.sample = sample};
    sample_put(sample, 500);
    before = sample->count;
    while (has_more) {
        assert_int_equal(
            store_list(sample->store, &query, 4, mark, &paging, &query.before, &has_more), 0);
        query.has_before = true;
        sample_put(sample, 5);
        assert_int_equal(store_commit(sample->store), 0);
    }
    for (size_t i = 0; i < sample->count; i++) {
        assert_int_equal(paging.seen[i + 1], i < before && i % SAMPLE_TENANTS == 0);
    }
}

static void an_event_out_of_sequence_is_refused(void **state)
{
    struct sample *sample = *state;
    struct sample_event event;

    sample_make(sample);
    event = sample->events[0];
    event.record.sequence = 2;
    assert_int_equal(store_put(sample->store, event.kind, &event.record, TEXT("")),
                     -ERROR_INTERNAL);
    assert_int_equal(store_sequence(sample->store), 0);
    assert_int_equal(sample_put_after(sample, 0), 0);
    assert_int_equal(store_commit(sample->store), 0);
    sample_compare(sample);
}

static void a_result_of_any_bytes_up_to_the_limit_comes_back(void **state)
{
    static char bytes[RECORD_RESULT_BYTES + 1];
    struct sample *sample = *state;
    struct operation_request request = {.id = number_uuid(1)};
    struct record record = operation_create(&request, 1);
    struct text result;

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7);
    }
    assert_int_equal(
        store_put(sample->store, EVENT_KIND_ACCEPTED, &record, (struct text){bytes, sizeof bytes}),
        -ERROR_INTERNAL);
    assert_int_equal(store_put(sample->store, EVENT_KIND_ACCEPTED, &record,
                               (struct text){bytes, RECORD_RESULT_BYTES}),
                     0);
    assert_int_equal(store_get(sample->store, &record.id, &record, &result), 0);
    assert_int_equal(result.size_bytes, RECORD_RESULT_BYTES);
    assert_int_equal(store_commit(sample->store), 0);
    sample_close(sample);
    sample_open(sample);
    assert_int_equal(store_get(sample->store, &record.id, &record, &result), 0);
    assert_int_equal(result.size_bytes, RECORD_RESULT_BYTES);
    assert_memory_equal(result.data, bytes, RECORD_RESULT_BYTES);
    assert_int_equal(operation_move(&record, EVENT_KIND_FAILED, 2, (struct wall){5}), 0);
    assert_int_equal(store_put(sample->store, EVENT_KIND_FAILED, &record, TEXT("")), 0);
    assert_int_equal(store_commit(sample->store), 0);
    assert_int_equal(store_get(sample->store, &record.id, &record, &result), 0);
    assert_int_equal(result.size_bytes, 0); /* the one before is dropped */
}

static void each_opening_has_a_larger_start_count(void **state)
{
    struct sample *sample = *state;

    for (int64_t start = 1; start < 6; start++) {
        assert_int_equal(store_start_count(sample->store), start);
        sample_close(sample);
        sample_open(sample);
    }
}

static void another_process_is_refused_while_the_store_is_held(void **state)
{
    struct sample *sample = *state;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = NULL;
        int rc = store_open(&store, &sample->options, sample->message);
        _exit(rc == -ERROR_LOCKED && !store && strstr(sample->message, "another") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    sample_put(sample, 5);
    assert_int_equal(store_commit(sample->store), 0);
}

static void there_is_no_room_below_the_minimum_and_it_is_looked_up_now_and_then(void **state)
{
    struct sample *sample = *state;

    assert_true(store_has_room(sample->store, (struct mono){1000}));
    sample_close(sample);
    sample->options.minimum_free_bytes = INT64_MAX;
    sample_open(sample);
    assert_false(store_has_room(sample->store, (struct mono){1000}));
    assert_false(store_has_room(sample->store, (struct mono){1200}));
    assert_false(store_has_room(sample->store, (struct mono){1250}));
}

static void directory_and_files_are_for_their_owner_only(void **state)
{
    static const char *const names[] = {"", "/store.db", "/store.db-wal", "/lock"};
    struct sample *sample = *state;
    mode_t old = umask(077);
    struct stat status;
    char path[256];

    sample_close(sample);
    snprintf(sample->directory, sizeof sample->directory, "%s/other", sample->root);
    sample_open(sample);
    umask(old);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s%s", sample->directory, names[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, i == 0 ? 0700 : 0600);
    }
}

static void a_directory_that_others_may_write_to_is_refused(void **state)
{
    static const mode_t modes[] = {0770, 0702, 0777, 01777};
    struct sample *sample = *state;
    struct store *store = NULL;

    sample_close(sample);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(sample->directory, modes[i]), 0);
        assert_int_equal(store_open(&store, &sample->options, sample->message),
                         -ERROR_CONFIGURATION);
        assert_null(store);
        assert_non_null(strstr(sample->message, "chmod go-w"));
    }
    assert_int_equal(chmod(sample->directory, 0750), 0);
    sample_open(sample);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    struct sample *sample = *state;
    struct store_options options = {.directory = "/dev/null/store"};
    struct store *store = NULL;

    assert_int_equal(store_open(&store, &options, sample->message), -ERROR_IO);
    assert_null(store);
    assert_non_null(strstr(sample->message, "/dev/null/store"));
    assert_int_equal(store_close(&store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_is_there_after_reopening),
        TEST(overlay_and_view_give_the_same_answers),
        TEST(the_overlay_is_bounded),
        TEST(examined_bounds_give_short_pages_that_say_so),
        TEST(pages_have_neither_gaps_nor_repeats_while_operations_are_added),
        TEST(an_event_out_of_sequence_is_refused),
        TEST(a_result_of_any_bytes_up_to_the_limit_comes_back),
        TEST(each_opening_has_a_larger_start_count),
        TEST(another_process_is_refused_while_the_store_is_held),
        TEST(there_is_no_room_below_the_minimum_and_it_is_looked_up_now_and_then),
        TEST(directory_and_files_are_for_their_owner_only),
        TEST(a_directory_that_others_may_write_to_is_refused),
        TEST(a_directory_that_cannot_be_made_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
