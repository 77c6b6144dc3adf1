// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "schemas/base/uuid.h"

#define CANONICAL "01941b2c-7d3e-7f00-8abc-def012345678"

static void reading_and_writing_are_inverse(void **state)
{
    struct uuid uuid;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_int_equal(uuid_parse(TEXT(CANONICAL), &uuid), 0);
    assert_int_equal(uuid.bytes[0], 0x01);
    assert_int_equal(uuid.bytes[15], 0x78);
    assert_string_equal(uuid_format(&uuid, text), CANONICAL);
}

static void capitals_are_read_and_written_small(void **state)
{
    struct uuid uuid;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_int_equal(uuid_parse(TEXT("01941B2C-7D3E-7F00-8ABC-DEF012345678"), &uuid), 0);
    assert_string_equal(uuid_format(&uuid, text), CANONICAL);
}

static void no_other_form_is_read(void **state)
{
    static const struct text bad[] = {
        TEXT(""),
        TEXT("01941b2c-7d3e-7f00-8abc-def01234567"),
        TEXT(CANONICAL "0"),
        TEXT("{01941b2c-7d3e-7f00-8abc-def012345678}"),
        TEXT("01941b2c07d3e-7f00-8abc-def012345678"),
        TEXT("01941b2c-7d3e07f00-8abc-def012345678"),
        TEXT("01941b2c-7d3e-7f0008abc-def012345678"),
        TEXT("01941b2c-7d3e-7f00-8abc0def012345678"),
        TEXT("0194-b2c-7d3e-7f00-8abc-def012345678"),
        TEXT("g1941b2c-7d3e-7f00-8abc-def012345678"),
        TEXT("01941b2c-7d3e-7f00-8abc-def01234567 "),
        TEXT("01941b2c-7d3e-7f00-8abc-def01234567\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct uuid uuid = {{7}};

        assert_int_equal(uuid_parse(bad[i], &uuid), -ERROR_MALFORMED);
        assert_int_equal(uuid.bytes[0], 7);
    }
}

static void version_7_holds_time_then_random_bits(void **state)
{
    uint8_t ones[10];
    uint8_t zeros[10] = {0};
    char text[UUID_TEXT_BUFFER];
    struct uuid uuid;

    (void)state;
    memset(ones, 0xff, sizeof(ones));
    uuid = uuid_v7(INT64_C(0x017F22E279B0), ones); /* the time of RFC 9562 appendix A.6 */
    assert_string_equal(uuid_format(&uuid, text), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    uuid = uuid_v7(INT64_C(0x017F22E279B0), zeros);
    assert_string_equal(uuid_format(&uuid, text), "017f22e2-79b0-7000-8000-000000000000");
}

static void order_follows_the_text(void **state)
{
    struct uuid a;
    struct uuid b;

    (void)state;
    assert_int_equal(uuid_parse(TEXT("00000000-0000-0000-0000-0000000000ff"), &a), 0);
    assert_int_equal(uuid_parse(TEXT("80000000-0000-0000-0000-000000000000"), &b), 0);
    assert_true(uuid_compare(&a, &b) < 0);
    assert_true(uuid_compare(&b, &a) > 0);
    assert_int_equal(uuid_compare(&a, &a), 0);
    assert_true(uuid_equal(&a, &a));
    assert_false(uuid_equal(&a, &b));
}

static int compare(const void *a, const void *b)
{
    return uuid_compare(a, b);
}

/* All of them in one millisecond, so that only what is drawn tells them apart. */
static void a_million_drawn_ids_have_no_repeats(void **state)
{
    enum { IDS = 1000000 };
    struct uuid *ids = calloc(IDS, sizeof(*ids));
    uint8_t random[10];

    (void)state;
    assert_non_null(ids);
    for (size_t i = 0; i < IDS; i++) {
        assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
        ids[i] = uuid_v7(INT64_C(0x017F22E279B0), random);
    }
    qsort(ids, IDS, sizeof(*ids), compare);
    for (size_t i = 1; i < IDS; i++) {
        assert_false(uuid_equal(&ids[i - 1], &ids[i]));
    }
    free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_and_writing_are_inverse),
        cmocka_unit_test(capitals_are_read_and_written_small),
        cmocka_unit_test(no_other_form_is_read),
        cmocka_unit_test(version_7_holds_time_then_random_bits),
        cmocka_unit_test(order_follows_the_text),
        cmocka_unit_test(a_million_drawn_ids_have_no_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
