// SPDX-License-Identifier: MIT
/* How many lines a flood of refusals may write, and that none is lost from the count. */
#include "daemon/core/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

static int set_up(void **state)
{
    struct throttle *throttle = NULL;
    int rc = throttle_new(&throttle);

    *state = throttle;
    return rc;
}

static int tear_down(void **state)
{
    struct throttle *throttle = *state;

    throttle_destroy(&throttle);
    throttle_destroy(&throttle);
    return 0;
}

static struct mono at(int64_t ms)
{
    return (struct mono){1000000 + ms};
}

/* How many of so many lines of a sort are allowed at a time. */
static int allowed(struct throttle *throttle, int error, const char *identity, int count,
                   int64_t ms)
{
    int lines = 0;

    for (int i = 0; i < count; i++) {
        lines += throttle_allows(throttle, THROTTLED_REFUSED, error, text_of(identity), at(ms));
    }
    return lines;
}

static uint64_t take_all(struct throttle *throttle)
{
    struct throttle_sort sort;
    uint64_t sum = 0;
    uint64_t count;

    while (throttle_take(throttle, &sort, &count)) {
        assert_true(count > 0);
        sum += count;
    }
    return sum;
}

static void a_burst_is_told_and_then_so_many_a_second(void **state)
{
    struct throttle *throttle = *state;
    struct throttle_sort sort;
    uint64_t count;

    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", LIMIT_REFUSAL_LINES, 0),
                     LIMIT_REFUSAL_LINES);
    assert_false(throttle_take(throttle, &sort, &count));
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 5000, 0), 0);
    for (int second = 1; second <= 20; second++) {
        assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 100, second * 1000),
                         LIMIT_REFUSAL_LINES_A_SECOND);
    }
    assert_true(throttle_take(throttle, &sort, &count));
    assert_int_equal(sort.event, THROTTLED_REFUSED);
    assert_int_equal(sort.error, -ERROR_NOT_FOUND);
    assert_string_equal(sort.identity, "a");
    assert_int_equal(count, 5000 + 20 * (100 - LIMIT_REFUSAL_LINES_A_SECOND));
    assert_false(throttle_take(throttle, &sort, &count));
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 5000, 100000000),
                     LIMIT_REFUSAL_LINES);
}

static void one_flood_hides_no_other_reason_event_or_identity(void **state)
{
    struct throttle *throttle = *state;

    (void)allowed(throttle, -ERROR_NOT_FOUND, "a", 100000, 0);
    assert_int_equal(allowed(throttle, -ERROR_SCOPE_MISSING, "a", 1, 0), 1);
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "b", 1, 0), 1);
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "", 1, 0), 1);
    assert_true(
        throttle_allows(throttle, THROTTLED_REPORT_REFUSED, -ERROR_NOT_FOUND, TEXT("a"), at(0)));
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 1, 0), 0);
}

static void a_clock_that_stands_or_goes_back_gives_nothing(void **state)
{
    struct throttle *throttle = *state;

    (void)allowed(throttle, -ERROR_NOT_FOUND, "a", LIMIT_REFUSAL_LINES, 5000);
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 10, 5000), 0);
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 10, 0), 0);
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "a", 10, 5000), 0);
}

/* However many sorts there are, so many lines are written, and every line left out is counted. */
static void sorts_beyond_the_places_share_and_are_counted(void **state)
{
    enum { SORTS = 2000, EACH = LIMIT_REFUSAL_LINES + 7 };
    struct throttle *throttle = *state;
    char identity[32];
    int64_t lines = 0;

    for (int i = 0; i < SORTS; i++) {
        snprintf(identity, sizeof identity, "peer-%d", i);
        lines += allowed(throttle, -ERROR_NOT_FOUND, identity, EACH, 0);
    }
    assert_true(lines >= (int64_t)LIMIT_REFUSAL_LINES * 256);
    assert_true(lines <= (int64_t)LIMIT_REFUSAL_LINES * 513);
    assert_int_equal(take_all(throttle), (int64_t)SORTS * EACH - lines);
    /* Those of long ago make room. */
    assert_int_equal(allowed(throttle, -ERROR_NOT_FOUND, "peer-x", EACH, 100000000),
                     LIMIT_REFUSAL_LINES);
}

static void what_was_left_out_is_not_forgotten_for_another_sort(void **state)
{
    struct throttle *throttle = *state;
    char identity[32];

    (void)allowed(throttle, -ERROR_NOT_FOUND, "a", LIMIT_REFUSAL_LINES + 3, 0);
    for (int i = 0; i < 2000; i++) {
        snprintf(identity, sizeof identity, "peer-%d", i);
        (void)allowed(throttle, -ERROR_NOT_FOUND, identity, 1, 100000000 + (int64_t)i * 1000000);
    }
    assert_int_equal(take_all(throttle), 3);
}

static void a_name_that_is_too_long_is_none(void **state)
{
    struct throttle *throttle = *state;
    char identity[200];
    struct throttle_sort sort;
    uint64_t count;

    memset(identity, 'x', sizeof identity - 1);
    identity[sizeof identity - 1] = '\0';
    (void)allowed(throttle, -ERROR_NOT_FOUND, identity, LIMIT_REFUSAL_LINES + 1, 0);
    assert_true(throttle_take(throttle, &sort, &count));
    assert_string_equal(sort.identity, "");
    assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_is_told_and_then_so_many_a_second),
        TEST(one_flood_hides_no_other_reason_event_or_identity),
        TEST(a_clock_that_stands_or_goes_back_gives_nothing),
        TEST(sorts_beyond_the_places_share_and_are_counted),
        TEST(what_was_left_out_is_not_forgotten_for_another_sort),
        TEST(a_name_that_is_too_long_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
