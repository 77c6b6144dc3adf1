// SPDX-License-Identifier: MIT
#include "daemon/core/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"

#define WINDOW_MS 86400000
#define STEP_MS   (WINDOW_MS / LIMIT_STEPS)
#define START_MS  (INT64_C(20000) * WINDOW_MS)
#define ENTRIES   8
#define EVENTS    4096

static struct limit limit;

static int set_up(void **state)
{
    (void)state;
    return limit_init(&limit, WINDOW_MS, ENTRIES);
}

static int tear_down(void **state)
{
    (void)state;
    limit_release(&limit);
    limit_release(&limit);
    return 0;
}

static struct limit_key key_of(uint64_t number)
{
    return (struct limit_key){.tenant_id = number_uuid(number)};
}

static int64_t wait_ms(uint64_t number, int64_t most, int64_t now_ms)
{
    struct limit_key key = key_of(number);

    return limit_wait_ms(&limit, &key, most, (struct wall){now_ms});
}

static void count(uint64_t number, int64_t time_ms, int64_t now_ms)
{
    struct limit_key key = key_of(number);

    assert_int_equal(limit_count(&limit, &key, (struct wall){time_ms}, (struct wall){now_ms}), 0);
}

static void as_many_as_allowed_and_no_more_until_the_wait_is_over(void **state)
{
    int64_t now_ms = START_MS + 12345;
    int64_t wait;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_ms(1, 3, now_ms), 0);
        count(1, now_ms, now_ms);
    }
    wait = wait_ms(1, 3, now_ms);
    assert_in_range(wait, WINDOW_MS - STEP_MS, WINDOW_MS + STEP_MS);
    assert_true(wait_ms(1, 3, now_ms + wait - 1) > 0);
    assert_int_equal(wait_ms(1, 3, now_ms + wait), 0);
    assert_int_equal(wait_ms(2, 3, now_ms), 0); /* another */
    assert_int_equal(wait_ms(1, 4, now_ms), 0); /* a higher limit */
    assert_int_equal(wait_ms(1, 0, now_ms), 0); /* none */
}

/* At random: no window that begins at a counted event holds more than is allowed, and after every
 * wait that was told one more is. */
static void no_window_ever_holds_more_and_every_wait_is_right(void **state)
{
    static int64_t times[EVENTS];
    const int64_t most = 7;
    int64_t now_ms = START_MS;
    uint64_t seed = 9;
    size_t used = 0;

    (void)state;
    for (int i = 0; i < EVENTS; i++) {
        int64_t wait = wait_ms(1, most, now_ms);

        assert_in_range(wait, 0, WINDOW_MS + STEP_MS);
        if (wait == 0) {
            times[used++] = now_ms;
            count(1, now_ms, now_ms);
        }
        if (wait > 0 && next_random(&seed, 4) == 0) {
            assert_true(wait_ms(1, most, now_ms + wait - 1) > 0);
            assert_int_equal(wait_ms(1, most, now_ms + wait), 0);
            now_ms += wait;
        } else {
            now_ms += (int64_t)next_random(&seed, WINDOW_MS / 10);
        }
    }
    assert_true(used > 100);
    for (size_t i = 0; i + (size_t)most < used; i++) {
        assert_true(times[i + (size_t)most] - times[i] >= WINDOW_MS);
    }
}

static void what_is_counted_anew_after_a_restart_is_what_was_counted(void **state)
{
    int64_t now_ms = START_MS;
    uint64_t seed = 3;
    struct limit again;
    struct limit_key key = key_of(1);
    static int64_t times[200];

    (void)state;
    for (int i = 0; i < 200; i++) {
        times[i] = now_ms;
        count(1, now_ms, now_ms);
        now_ms += (int64_t)next_random(&seed, WINDOW_MS / 50);
    }
    assert_int_equal(limit_init(&again, WINDOW_MS, ENTRIES), 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(limit_count(&again, &key, (struct wall){times[i]}, (struct wall){now_ms}),
                         0);
    }
    for (int64_t most = 1; most < 200; most++) {
        assert_int_equal(limit_wait_ms(&again, &key, most, (struct wall){now_ms}),
                         wait_ms(1, most, now_ms));
    }
    limit_release(&again);
}

static void a_clock_that_is_set_back_forgets_nothing_and_locks_nobody_out_for_long(void **state)
{
    int64_t future_ms = START_MS + 365 * (int64_t)WINDOW_MS;
    int64_t wait;

    (void)state;
    count(1, future_ms, future_ms);
    wait = wait_ms(1, 1, START_MS);
    assert_in_range(wait, WINDOW_MS, WINDOW_MS + STEP_MS);
    count(1, future_ms, START_MS); /* one of the future, as an operation may be at the start */
    assert_int_equal(wait_ms(1, 1, START_MS), wait);
    assert_int_equal(wait_ms(1, 1, START_MS + wait), 0);
}

static void without_room_a_new_key_waits_until_the_oldest_counts_no_more(void **state)
{
    int64_t wait;

    (void)state;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        count(i, START_MS + (int64_t)i * STEP_MS, START_MS + (int64_t)i * STEP_MS);
    }
    wait = wait_ms(99, 5, START_MS + ENTRIES * (int64_t)STEP_MS);
    assert_in_range(wait, 1, WINDOW_MS + STEP_MS);
    count(99, START_MS + ENTRIES * (int64_t)STEP_MS, START_MS + ENTRIES * (int64_t)STEP_MS);
    assert_int_equal(limit.entries.count, ENTRIES);
    assert_int_equal(wait_ms(3, 5, START_MS + ENTRIES * (int64_t)STEP_MS), 0); /* it has its own */
    assert_int_equal(wait_ms(99, 5, START_MS + ENTRIES * (int64_t)STEP_MS + wait), 0);
    count(99, START_MS + 10 * (int64_t)WINDOW_MS, START_MS + 10 * (int64_t)WINDOW_MS);
    count(98, START_MS + 10 * (int64_t)WINDOW_MS, START_MS + 10 * (int64_t)WINDOW_MS);
    assert_true(limit.entries.count < ENTRIES); /* what counts no more goes */
}

static void a_packed_entry_is_the_same_in_the_next_life(void **state)
{
    uint8_t packed[LIMIT_PACKED_BYTES];
    struct limit_key key;
    struct limit again;

    (void)state;
    count(5, START_MS, START_MS);
    assert_false(limit_take_changed(&limit, &key, packed)); /* nobody keeps it */
    limit.is_kept = true;
    for (int i = 0; i < 300; i++) {
        count(1, START_MS + i * (int64_t)STEP_MS / 100, START_MS + i * (int64_t)STEP_MS / 100);
    }
    assert_true(limit_take_changed(&limit, &key, packed));
    assert_memory_equal(&key.tenant_id, &(struct uuid[]){number_uuid(1)}, UUID_BYTES);
    assert_false(limit_take_changed(&limit, &key, packed));
    assert_int_equal(limit_init(&again, WINDOW_MS, ENTRIES), 0);
    assert_int_equal(limit_restore(&again, &key, packed, sizeof packed - 1, (struct wall){0}),
                     -ERROR_DAMAGED);
    assert_int_equal(limit_restore(&again, &key, packed, sizeof packed,
                                   (struct wall){START_MS + 5 * (int64_t)STEP_MS}),
                     0);
    for (int64_t most = 1; most < 302; most += 50) {
        assert_int_equal(
            limit_wait_ms(&again, &key, most, (struct wall){START_MS + 5 * (int64_t)STEP_MS}),
            wait_ms(1, most, START_MS + 5 * (int64_t)STEP_MS));
    }
    memset(packed, 0xff, sizeof packed);
    assert_int_equal(limit_restore(&again, &key, packed, sizeof packed, (struct wall){START_MS}),
                     -ERROR_DAMAGED);
    limit_release(&again);
}

/* Takes entries of new persons until it is told to wait; how many it got. */
static int take_all_persons(struct limit *shared, uint64_t tenant, int64_t now_ms, int64_t *wait)
{
    struct limit_key key = {.tenant_id = number_uuid(tenant)};
    struct wall now = {now_ms};
    int taken = 0;

    for (;; taken++) {
        key.user_id = number_uuid((uint64_t)now_ms + (uint64_t)taken);
        *wait = limit_wait_ms(shared, &key, 1, now);
        if (*wait > 0) {
            return taken;
        }
        assert_int_equal(limit_count(shared, &key, now, now), 0);
        assert_true(limit_wait_ms(shared, &key, 1, now) > 0); /* it is counted, not passed over */
    }
}

static void no_tenant_takes_the_room_of_another(void **state)
{
    enum { MOST = 1000 };
    struct limit shared;
    int64_t wait;
    int taken;

    (void)state;
    assert_int_equal(limit_init(&shared, WINDOW_MS, MOST), 0);
    shared.is_shared = true;
    assert_int_equal(take_all_persons(&shared, 1, START_MS, &wait), MOST / 2);
    assert_int_equal(take_all_persons(&shared, 1, START_MS, &wait), 0);
    assert_int_equal(take_all_persons(&shared, 2, START_MS, &wait), MOST / 4);
    for (uint64_t tenant = 3; tenant < 8; tenant++) { /* half of what is left, and never nothing */
        taken = take_all_persons(&shared, tenant, START_MS, &wait);
        assert_int_equal(taken, (MOST - (int)(shared.entries.count - (size_t)taken) + 1) / 2);
        assert_in_range(wait, WINDOW_MS - STEP_MS, WINDOW_MS + STEP_MS);
    }
    assert_true(shared.entries.count < MOST);
    /* All of it counts no more a window later, however many others came since. */
    assert_int_equal(take_all_persons(&shared, 1, START_MS + WINDOW_MS + STEP_MS, &wait), MOST / 2);
    limit_release(&shared);
}

static void after_the_wait_a_tenant_that_had_its_share_goes_on(void **state)
{
    enum { MOST = 100 };
    struct limit shared;
    int64_t now_ms = START_MS;
    int64_t wait;

    (void)state;
    assert_int_equal(limit_init(&shared, WINDOW_MS, MOST), 0);
    shared.is_shared = true;
    assert_int_equal(take_all_persons(&shared, 1, now_ms, &wait), MOST / 2);
    assert_int_equal(take_all_persons(&shared, 2, now_ms + STEP_MS, &wait), MOST / 4);
    assert_int_equal(take_all_persons(&shared, 1, now_ms + 2 * STEP_MS, &wait), 0);
    now_ms += 2 * STEP_MS + wait;
    assert_int_equal(take_all_persons(&shared, 3, now_ms - 1, &wait), 13);
    assert_true(take_all_persons(&shared, 1, now_ms, &wait) > 0);
    limit_release(&shared);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_many_as_allowed_and_no_more_until_the_wait_is_over),
        TEST(no_window_ever_holds_more_and_every_wait_is_right),
        TEST(what_is_counted_anew_after_a_restart_is_what_was_counted),
        TEST(a_clock_that_is_set_back_forgets_nothing_and_locks_nobody_out_for_long),
        TEST(without_room_a_new_key_waits_until_the_oldest_counts_no_more),
        TEST(no_tenant_takes_the_room_of_another),
        TEST(after_the_wait_a_tenant_that_had_its_share_goes_on),
        TEST(a_packed_entry_is_the_same_in_the_next_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
