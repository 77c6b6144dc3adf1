// SPDX-License-Identifier: MIT
/* Every allocation of SQLite fails in turn while the store is read: what is there is given whole,
 * or it is said that memory is short, never that it is absent or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/daemon/core/world.h"
#include "tests/unit/daemon/store/sample.h"

#define EVENTS 40

static int count(void *argument, enum event_kind kind, const struct record *record,
                 struct text result)
{
    (void)kind;
    (void)record;
    (void)result;
    ++*(int *)argument;
    return 0;
}

static int get(struct sample *sample, int *number)
{
    struct uuid id = number_uuid(1);
    struct record record;
    struct text result;
    int rc = store_get(sample->store, &id, &record, &result);

    *number = rc ? 0 : (int)result.size_bytes;
    return rc;
}

static int list(struct sample *sample, int *number)
{
    struct store_query query = {.tenant_id = sample_tenant(1)};
    struct uuid last;
    bool has_more;

    return store_list(sample->store, &query, 1000, count, number, &last, &has_more);
}

static int events(struct sample *sample, int *number)
{
    struct uuid tenant = sample_tenant(1);
    int64_t examined;

    return store_events(sample->store, 0, &tenant, NULL, 1000, count, number, &examined);
}

static int gathering(struct sample *sample, int *number)
{
    return store_gathering(sample->store, count, number);
}

static int ahead(struct sample *sample, int *number)
{
    struct uuid tenant = sample_tenant(1);
    struct uuid id = number_uuid(SAMPLE_OPERATIONS);
    int64_t before = 0;
    int rc = store_ahead(sample->store, &tenant, &id, 1000, &before);

    *number = (int)before;
    return rc;
}

static int (*const reads[])(struct sample *sample, int *number) = {
    get, list, events, gathering, ahead,
};

/* Each read gives the same as when nothing failed, or says that memory is short. */
static void fail_each_allocation(struct sample *sample, int (*read)(struct sample *, int *))
{
    int expected = 0;
    int number = 0;
    int found;
    int rc;

    assert_int_equal(read(sample, &expected), 0);
    do {
        found = 0;
        memory_fault_at(++number);
        rc = read(sample, &found);
        if (rc) {
            assert_int_equal(rc, -ERROR_MEMORY);
            assert_non_null(strstr(store_message(sample->store), "memory"));
        } else {
            assert_int_equal(found, expected);
        }
    } while (memory_fault_struck());
    memory_fault_at(0);
    assert_int_equal(rc, 0);
}

static void what_is_there_is_neither_absent_nor_damaged_for_want_of_memory(void **state)
{
    struct sample *sample = *state;

    sample_put(sample, EVENTS);
    assert_int_equal(store_commit(sample->store), 0);
    for (int is_settled = 0; is_settled < 2; is_settled++) {
        for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
            fail_each_allocation(sample, reads[i]);
        }
        assert_int_equal(store_settle(sample->store), 0);
    }
}

static void a_store_is_opened_or_says_that_memory_is_short(void **state)
{
    struct sample *sample = *state;
    int number = 0;
    int rc;

    sample_put(sample, EVENTS);
    assert_int_equal(store_commit(sample->store), 0);
    do {
        sample_close(sample);
        number = memory_fault_next(number);
        memory_fault_at(number);
        rc = store_open(&sample->store, &sample->options, sample->message);
        if (rc) {
            assert_int_equal(rc, -ERROR_MEMORY);
            assert_non_null(strstr(sample->message, "memory"));
            sample->store = NULL;
        }
    } while (memory_fault_struck());
    memory_fault_at(0);
    assert_int_equal(rc, 0);
    assert_true(number > 1);
    sample_compare(sample);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_neither_absent_nor_damaged_for_want_of_memory),
        TEST(a_store_is_opened_or_says_that_memory_is_short),
    };

    memory_fault_of_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
