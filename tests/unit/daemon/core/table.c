// SPDX-License-Identifier: MIT
#include "schemas/base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/daemon/core/world.h"

#define THINGS 5000

struct thing {
    struct table_link link;
    int64_t key;
    bool is_in;
};

static struct thing things[THINGS];

static struct thing *find(const struct table *table, int64_t key, uint64_t hash)
{
    struct table_link *link = table_find(table, hash);

    for (; link; link = table_find_next(link)) {
        struct thing *thing = TABLE_ENTRY(link, struct thing, link);
        if (thing->key == key) {
            return thing;
        }
    }
    return NULL;
}

static void a_random_schedule_finds_exactly_what_is_in(void **state)
{
    struct table table;
    uint64_t seed = 11;
    size_t count = 0;
    size_t walked = 0;

    (void)state;
    memset(things, 0, sizeof things);
    assert_int_equal(table_init(&table, 1), 0);
    for (int step = 0; step < 40000; step++) {
        size_t i = (size_t)next_random(&seed, THINGS);
        struct thing *thing = &things[i];

        thing->key = (int64_t)i;
        if (thing->is_in) {
            assert_ptr_equal(find(&table, thing->key, table_hash_integer(thing->key)), thing);
            table_remove(&table, &thing->link);
            count--;
        } else {
            assert_null(find(&table, thing->key, table_hash_integer(thing->key)));
            table_insert(&table, &thing->link, table_hash_integer(thing->key));
            count++;
        }
        thing->is_in = !thing->is_in;
        assert_int_equal(table.count, count);
    }
    for (struct table_link *link = table_each(&table, NULL); link;
         link = table_each(&table, link)) {
        assert_true(TABLE_ENTRY(link, struct thing, link)->is_in);
        walked++;
    }
    assert_int_equal(walked, count);
    table_release(&table);
    table_release(&table);
}

static void things_of_one_hash_are_all_found(void **state)
{
    struct table table;

    (void)state;
    memset(things, 0, sizeof things);
    assert_int_equal(table_init(&table, 16), 0);
    for (int i = 0; i < 100; i++) {
        things[i].key = i;
        table_insert(&table, &things[i].link, i % 2 ? 5 : 5 + 64);
    }
    table_remove(&table, &things[50].link);
    table_remove(&table, &things[50].link);
    assert_int_equal(table.count, 99);
    for (int i = 0; i < 100; i++) {
        struct thing *found = find(&table, i, i % 2 ? 5 : 5 + 64);
        assert_ptr_equal(found, i == 50 ? NULL : &things[i]);
    }
    table_release(&table);
}

static void hashes_depend_on_every_byte_and_on_the_secret(void **state)
{
    unsigned char bytes[40] = {0};
    uint64_t before = table_hash_bytes(bytes, sizeof bytes);
    struct uuid id = number_uuid(1);
    uint64_t of_id = table_hash_uuid(&id);

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_true(table_hash_bytes(bytes, sizeof bytes) != before);
        bytes[i] = 0;
    }
    for (size_t size = 0; size < sizeof bytes; size++) {
        assert_true(table_hash_bytes(bytes, size) != before);
    }
    table_seed(123456);
    assert_true(table_hash_bytes(bytes, sizeof bytes) != before);
    assert_true(table_hash_uuid(&id) != of_id);
    assert_true(table_hash_integer(1) != table_hash_integer(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_schedule_finds_exactly_what_is_in),
        cmocka_unit_test(things_of_one_hash_are_all_found),
        cmocka_unit_test(hashes_depend_on_every_byte_and_on_the_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
