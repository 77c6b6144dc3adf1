// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "schemas/chain.h"

static struct chain chain;

static int set_up(void **state)
{
    (void)state;
    return chain_init(&chain);
}

static int tear_down(void **state)
{
    (void)state;
    chain_release(&chain);
    return 0;
}

static void fill(struct chain_value values[CHAIN_COLUMN_COUNT])
{
    for (int i = 0; i < CHAIN_COLUMN_COUNT; i++) {
        values[i] = (struct chain_value){0};
        if (chain_columns[i].type == CHAIN_INTEGER) {
            values[i].integer = i;
        } else {
            values[i].data = chain_columns[i].name;
            values[i].size_bytes = (uint32_t)strlen(chain_columns[i].name);
        }
    }
}

static void hash_of(const struct chain_value values[CHAIN_COLUMN_COUNT],
                    uint8_t hash[CHAIN_HASH_BYTES])
{
    memset(hash, 0, CHAIN_HASH_BYTES);
    assert_int_equal(chain_next(&chain, values, hash), 0);
}

/* The digest is what sha256sum says of 32 zero bytes, 01 00000008 "accepted", 02 00000001 "i" and
 * 06 0000000000000007. */
static void the_hash_is_that_of_the_canonical_bytes(void **state)
{
    struct chain_value values[CHAIN_COLUMN_COUNT] = {0};
    uint8_t hash[CHAIN_HASH_BYTES];
    char text[CHAIN_TEXT_BUFFER];

    (void)state;
    values[CHAIN_kind] = (struct chain_value){.data = "accepted", .size_bytes = 8};
    values[CHAIN_id] = (struct chain_value){.data = "i", .size_bytes = 1};
    values[CHAIN_sequence].integer = 7;
    hash_of(values, hash);
    assert_string_equal(chain_format(hash, text),
                        "27c1bf1eb97f03d740f24696b9e1c4e351ae7f0bceff469b6f50d43470dc7ea2");
}

static void every_column_and_the_hash_before_count(void **state)
{
    struct chain_value values[CHAIN_COLUMN_COUNT];
    uint8_t whole[CHAIN_HASH_BYTES];
    uint8_t other[CHAIN_HASH_BYTES] = {1};

    (void)state;
    fill(values);
    hash_of(values, whole);
    assert_int_equal(chain_next(&chain, values, other), 0);
    assert_memory_not_equal(other, whole, sizeof whole);
    for (int i = 0; i < CHAIN_COLUMN_COUNT; i++) {
        struct chain_value kept = values[i];

        values[i].integer ^= 1 << 20;
        values[i].size_bytes -= kept.data != NULL;
        hash_of(values, other);
        assert_memory_not_equal(other, whole, sizeof whole);
        values[i] = (struct chain_value){0};
        hash_of(values, other);
        assert_memory_not_equal(other, whole, sizeof whole);
        values[i] = kept;
    }
}

/* What would be the same bytes without lengths and numbers. */
static void values_do_not_run_into_each_other(void **state)
{
    struct chain_value values[CHAIN_COLUMN_COUNT] = {0};
    uint8_t one[CHAIN_HASH_BYTES];
    uint8_t other[CHAIN_HASH_BYTES];

    (void)state;
    values[CHAIN_status] = (struct chain_value){.data = "ab", .size_bytes = 2};
    values[CHAIN_stage] = (struct chain_value){.data = "c", .size_bytes = 1};
    hash_of(values, one);
    values[CHAIN_status] = (struct chain_value){.data = "a", .size_bytes = 1};
    values[CHAIN_stage] = (struct chain_value){.data = "bc", .size_bytes = 2};
    hash_of(values, other);
    assert_memory_not_equal(one, other, sizeof one);
    memset(values, 0, sizeof values);
    values[CHAIN_retry_of] = (struct chain_value){.data = "", .size_bytes = 0};
    hash_of(values, one);
    memset(values, 0, sizeof values);
    hash_of(values, other); /* an empty blob is not NULL */
    assert_memory_not_equal(one, other, sizeof one);
}

static void the_longest_result_fits_and_a_longer_value_is_refused(void **state)
{
    struct chain_value values[CHAIN_COLUMN_COUNT];
    uint8_t hash[CHAIN_HASH_BYTES] = {0};
    uint8_t before[CHAIN_HASH_BYTES];
    char *bytes = calloc(1, CHAIN_EVENT_BYTES + 1);

    (void)state;
    assert_non_null(bytes);
    fill(values);
    values[CHAIN_result] = (struct chain_value){.data = bytes, .size_bytes = RECORD_RESULT_BYTES};
    assert_int_equal(chain_next(&chain, values, hash), 0);
    memcpy(before, hash, sizeof hash);
    for (uint32_t size = CHAIN_EVENT_BYTES - 2048; size <= CHAIN_EVENT_BYTES + 1; size++) {
        values[CHAIN_result].size_bytes = size;
        if (chain_next(&chain, values, hash)) {
            assert_memory_equal(hash, before, sizeof hash);
        }
        memcpy(before, hash, sizeof hash);
    }
    assert_int_equal(chain_next(&chain, values, hash), -ERROR_TOO_LONG);
    values[CHAIN_kind] = (struct chain_value){.data = bytes, .size_bytes = UINT32_MAX};
    assert_int_equal(chain_next(&chain, values, hash), -ERROR_TOO_LONG);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_that_of_the_canonical_bytes),
        cmocka_unit_test(every_column_and_the_hash_before_count),
        cmocka_unit_test(values_do_not_run_into_each_other),
        cmocka_unit_test(the_longest_result_fits_and_a_longer_value_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
