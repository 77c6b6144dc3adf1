// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "schemas/base/errors.h"
#include "workers/runtime/results.h"

static const struct mono now = {1000};
static const struct bundle_identity bundle = {.tenant = {{1}}, .operation = {{2}}, .fence = 7};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct results));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    results_release(*state);
    free(*state);
    return 0;
}

static void a_result_is_kept_until_it_is_removed(void **state)
{
    struct results *results = *state;

    assert_int_equal(results_add(results, 7, "report", 6, &bundle, now), 0);
    assert_int_equal(results_add(results, 8, "other", 5, NULL, now), 0);
    struct result *result = results_find(results, 7);
    assert_non_null(result);
    assert_int_equal(result->report_bytes, 6);
    assert_memory_equal(result->report, "report", 6);
    assert_true(result->has_bundle);
    assert_true(identity_equal(&result->bundle, &bundle));
    results_remove(results, result);
    assert_null(results_find(results, 7));
    assert_non_null(results_find(results, 8));
    assert_false(results_find(results, 8)->has_bundle);
}

static void no_more_results_are_kept_than_there_is_room_for(void **state)
{
    struct results *results = *state;

    for (int64_t fence = 1; fence <= RESULTS_MAXIMUM; fence++) {
        assert_false(results_are_full(results));
        assert_int_equal(results_add(results, fence, "r", 1, NULL, now), 0);
    }
    assert_true(results_are_full(results));
    assert_int_equal(results_add(results, 9999, "r", 1, NULL, now), -ERROR_TOO_MANY);
    results_remove(results, results_find(results, 1));
    assert_int_equal(results_add(results, 9999, "r", 1, NULL, now), 0);
}

static void the_fences_that_ended_last_are_remembered(void **state)
{
    struct results *results = *state;

    assert_false(results_have_ended(results, 1));
    assert_false(results_have_ended(results, 0));
    for (int64_t fence = 1; fence <= RESULTS_REMEMBER + 1; fence++)
        results_add_ended(results, fence);
    assert_false(results_have_ended(results, 1));
    assert_true(results_have_ended(results, 2));
    assert_true(results_have_ended(results, RESULTS_REMEMBER + 1));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_result_is_kept_until_it_is_removed),
        TEST(no_more_results_are_kept_than_there_is_room_for),
        TEST(the_fences_that_ended_last_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
