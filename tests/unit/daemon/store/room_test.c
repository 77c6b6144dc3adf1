// SPDX-License-Identifier: MIT
/* Disk space set aside, and transactions that SQLite gives up by itself. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/store/internal.h"
#include "daemon/store/reserve.h"
#include "tests/unit/daemon/store/sample.h"

static int64_t reserved_bytes(const struct sample *sample)
{
    char path[TEMPORARY_BUFFER + 32];
    struct stat status;

    snprintf(path, sizeof path, "%s/reserve", sample->directory);
    return stat(path, &status) ? 0 : status.st_blocks * INT64_C(512);
}

static void limit_files(rlim_t size_bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void an_open_store_has_space_set_aside(void **state)
{
    struct sample *sample = *state;

    assert_true(store_has_room(sample->store, (struct mono){1000}));
    assert_true(reserved_bytes(sample) >= RESERVE_BYTES);
}

static void without_the_reserve_new_work_is_refused_and_the_rest_goes_on(void **state)
{
    struct sample *sample = *state;

    sample_close(sample);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1 << 20);
    sample_open(sample);
    assert_int_equal(reserved_bytes(sample), 0);
    assert_false(store_has_room(sample->store, (struct mono){1000}));
    sample_put(sample, 5);
    assert_int_equal(store_commit(sample->store), 0);
    limit_files(RLIM_INFINITY);
    assert_true(store_has_room(sample->store, (struct mono){2000}));
    assert_true(reserved_bytes(sample) >= RESERVE_BYTES);
    sample_compare(sample);
}

/* As SQLite does when it runs out of memory or disk. */
static void give_up(struct sample *sample)
{
    assert_int_equal(sqlite3_exec(sample->store->database, "ROLLBACK", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void nothing_is_stored_of_a_transaction_that_sqlite_gave_up(void **state)
{
    struct sample *sample = *state;
    int64_t stored;

    sample_put(sample, 20);
    assert_int_equal(store_commit(sample->store), 0);
    stored = sample->event_count;
    sample_put(sample, 1);
    assert_int_equal(store_catch_up(sample->store, 1), 0);
    give_up(sample);
    sample_make(sample);
    assert_int_not_equal(sample_put_after(sample, sample->event_count - 1), 0);
    assert_int_not_equal(store_catch_up(sample->store, 100), 0);
    assert_int_not_equal(store_commit(sample->store), 0);
    store_close(&sample->store);
    sample_truncate(sample, stored);
    sample_open(sample);
    sample_compare(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_open_store_has_space_set_aside, sample_set_up,
                                        sample_tear_down),
        cmocka_unit_test_setup_teardown(
            without_the_reserve_new_work_is_refused_and_the_rest_goes_on, sample_set_up,
            sample_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_stored_of_a_transaction_that_sqlite_gave_up,
                                        sample_set_up, sample_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
