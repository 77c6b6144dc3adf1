// SPDX-License-Identifier: MIT
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/syncer.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/daemon/store/sample.h"

#define LONG_MS 60000

static struct syncer *syncer;

static int set_up(void **state)
{
    if (faulty_vfs_install() || sample_set_up(state)) {
        return -1;
    }
    return syncer_open(&syncer, ((struct sample *)*state)->store);
}

static int tear_down(void **state)
{
    syncer_close(&syncer);
    return sample_tear_down(state);
}

static bool is_readable(int timeout_ms)
{
    struct pollfd descriptor = {.fd = syncer_descriptor(syncer), .events = POLLIN};

    return poll(&descriptor, 1, timeout_ms) == 1;
}

static void write_some(struct sample *sample)
{
    sample_put(sample, 5);
    assert_int_equal(store_write(sample->store), 0);
}

static void a_sync_for_which_nobody_waits_is_over_at_once(void **state)
{
    struct sample *sample = *state;

    write_some(sample);
    assert_true(store_is_unsynchronized(sample->store));
    assert_int_equal(syncer_begin(syncer, true), 0);
    assert_true(syncer_is_under_way(syncer));
    assert_true(syncer_is_over(syncer));
    assert_int_equal(syncer_end(syncer), 0);
    assert_false(syncer_is_under_way(syncer));
    assert_false(store_is_unsynchronized(sample->store));
    assert_false(is_readable(0));
}

static void the_store_takes_events_while_the_log_is_synchronized(void **state)
{
    struct sample *sample = *state;

    for (int i = 0; i < 50; i++) {
        write_some(sample);
        assert_int_equal(syncer_begin(syncer, false), 0);
        sample_put(sample, 3);
        assert_true(is_readable(LONG_MS));
        assert_true(syncer_is_over(syncer));
        assert_int_equal(syncer_end(syncer), 0);
        assert_false(is_readable(0));
    }
    assert_int_equal(store_commit(sample->store), 0);
    sample_compare(sample);
    sample_close(sample);
    sample_open(sample);
    sample_compare(sample);
}

static void the_end_of_a_sync_can_be_waited_for(void **state)
{
    write_some(*state);
    assert_int_equal(syncer_begin(syncer, false), 0);
    assert_int_equal(syncer_end(syncer), 0);
    assert_false(store_is_unsynchronized(((struct sample *)*state)->store));
}

static void nothing_is_synchronized_when_nothing_was_written(void **state)
{
    (void)state;
    faulty_vfs_arm(1, true, false);
    assert_int_equal(syncer_begin(syncer, true), 0);
    assert_int_equal(syncer_end(syncer), 0);
    assert_int_equal(faulty_vfs_calls(), 0);
    faulty_vfs_arm(0, false, false);
}

/* What the disk then holds is unknown: the store is not written to any more. */
static void a_sync_that_fails_is_told_and_the_store_ends(void **state)
{
    struct sample *sample = *state;

    write_some(sample);
    faulty_vfs_arm(1, false, false);
    assert_int_equal(syncer_begin(syncer, false), 0);
    assert_int_not_equal(syncer_end(syncer), 0);
    faulty_vfs_arm(0, false, false);
    assert_non_null(strstr(store_message(sample->store), "synchronizing the log"));
    assert_int_not_equal(store_settle(sample->store), 0);
    syncer_close(&syncer);
    store_close(&sample->store);
    sample_open(sample);
    sample_compare(sample);
}

static void closing_waits_for_a_sync_under_way(void **state)
{
    struct sample *sample = *state;

    write_some(sample);
    assert_int_equal(syncer_begin(syncer, false), 0);
    syncer_close(&syncer);
    assert_null(syncer);
    assert_int_equal(store_commit(sample->store), 0);
    sample_compare(sample);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sync_for_which_nobody_waits_is_over_at_once),
        TEST(the_store_takes_events_while_the_log_is_synchronized),
        TEST(the_end_of_a_sync_can_be_waited_for),
        TEST(nothing_is_synchronized_when_nothing_was_written),
        TEST(a_sync_that_fails_is_told_and_the_store_ends),
        TEST(closing_waits_for_a_sync_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
