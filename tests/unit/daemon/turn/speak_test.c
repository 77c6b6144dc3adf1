// SPDX-License-Identifier: MIT
/* When what was decided is said, with a disk, a store and peers that are played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/daemon.h"
#include "schemas/base/errors.h"

#define MANY 1000000 /* more than may ever wait */

static struct {
    bool is_under_way;
    bool is_over;
    int result;
    int waits; /* for a sync that was not over */
    int writes;
    size_t said;
    int64_t sequence;
} played;

static struct daemon subject;

bool syncer_is_under_way(const struct syncer *syncer)
{
    (void)syncer;
    return played.is_under_way;
}

bool syncer_is_over(const struct syncer *syncer)
{
    (void)syncer;
    return played.is_over;
}

int syncer_begin(struct syncer *syncer, bool nobody_waits)
{
    (void)syncer;
    assert_false(played.is_under_way);
    played.is_under_way = true;
    played.is_over = nobody_waits;
    return 0;
}

int syncer_end(struct syncer *syncer)
{
    (void)syncer;
    assert_true(played.is_under_way);
    played.waits += !played.is_over;
    played.is_under_way = false;
    return played.result;
}

int store_write(struct store *store)
{
    (void)store;
    played.writes++;
    return 0;
}

bool store_is_unsynchronized(const struct store *store)
{
    (void)store;
    return played.sequence > subject.durable_sequence;
}

int64_t store_sequence(const struct store *store)
{
    (void)store;
    return played.sequence;
}

int limits_keep(struct daemon *daemon)
{
    (void)daemon;
    return 0;
}

void effects_clear(struct effects *effects)
{
    effects->count = 0;
    effects->bytes.size_bytes = 0;
}

void effects_send(struct effects *effects, struct sockets *sockets, struct engine *engine,
                  struct now now)
{
    (void)sockets;
    (void)engine;
    (void)now;
    played.said += effects->count;
}

static void decide(size_t count, size_t size_bytes)
{
    subject.effects.count += count;
    subject.effects.bytes.size_bytes += size_bytes;
    subject.received += 100;
    played.sequence += (int64_t)count;
}

static int set_up(void **state)
{
    (void)state;
    memset(&played, 0, sizeof played);
    memset(&subject, 0, sizeof subject);
    decide(1, 100);
    assert_int_equal(speak_when_durable(&subject), 0); /* and the disk works, on and on */
    assert_int_equal(played.said, 0);
    return 0;
}

static void what_is_decided_while_the_disk_works_waits_for_it(void **state)
{
    (void)state;
    decide(10, 1000);
    assert_int_equal(speak_if_durable(&subject), 0);
    assert_int_equal(played.said, 0);
    played.is_over = true;
    assert_int_equal(speak_if_durable(&subject), 0);
    assert_int_equal(played.said, 1);
    assert_int_equal(subject.durable_sequence, 1);
    assert_int_equal(speak_if_durable(&subject), 0);
    assert_int_equal(played.said, 1);
    played.is_over = true;
    assert_int_equal(speak_if_durable(&subject), 0);
    assert_int_equal(played.said, 11);
    assert_int_equal(played.writes, 2);
    assert_int_equal(played.waits, 0);
    assert_int_equal(subject.durable_sequence, 11);
}

/* How much waited when the daemon began to wait itself. */
static size_t decide_until_it_waits(size_t count, size_t size_bytes)
{
    size_t decided = 0;

    while (played.waits == 0 && decided < MANY) {
        decide(count, size_bytes);
        decided++;
        assert_int_equal(speak_if_durable(&subject), 0);
    }
    return decided;
}

static void many_effects_are_not_heaped_up_while_the_disk_works(void **state)
{
    (void)state;
    assert_in_range(decide_until_it_waits(1, 100), 512, 8192);
    assert_int_equal(played.said, 1); /* what the disk worked for; the rest is its next work */
    assert_int_equal(played.writes, 2);
    assert_true(played.is_under_way);
}

static void large_effects_are_not_heaped_up_while_the_disk_works(void **state)
{
    (void)state;
    assert_in_range(decide_until_it_waits(1, 65536), 8, 128);
    assert_int_equal(played.said, 1);
    assert_int_equal(played.writes, 2);
}

static void nothing_is_said_of_what_the_disk_did_not_take(void **state)
{
    (void)state;
    decide(10, 1000);
    played.is_over = true;
    played.result = -ERROR_IO;
    assert_int_equal(speak_if_durable(&subject), -ERROR_IO);
    assert_int_equal(played.said, 0);
    assert_int_equal(subject.durable_sequence, 0);
}

static void all_is_said_before_the_daemon_stops(void **state)
{
    (void)state;
    decide(10, 1000);
    assert_int_equal(turn_settle(&subject), 0);
    assert_int_equal(played.said, 11);
    assert_int_equal(played.waits, 2);
    assert_false(played.is_under_way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_decided_while_the_disk_works_waits_for_it, set_up),
        cmocka_unit_test_setup(many_effects_are_not_heaped_up_while_the_disk_works, set_up),
        cmocka_unit_test_setup(large_effects_are_not_heaped_up_while_the_disk_works, set_up),
        cmocka_unit_test_setup(nothing_is_said_of_what_the_disk_did_not_take, set_up),
        cmocka_unit_test_setup(all_is_said_before_the_daemon_stops, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
