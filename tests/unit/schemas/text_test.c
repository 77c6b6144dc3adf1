// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "schemas/base/text.h"

static void texts_are_compared_by_length_and_bytes(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT("abc"), text_of("abc")));
    assert_false(text_equal(TEXT("abc"), TEXT("abd")));
    assert_false(text_equal(TEXT("abc"), TEXT("ab")));
    assert_true(text_equal((struct text){NULL, 0}, TEXT("")));
}

static void a_copy_is_terminated_or_refused(void **state)
{
    char buffer[4] = "xxx";

    (void)state;
    assert_int_equal(text_copy(TEXT("abc"), buffer, sizeof(buffer)), 0);
    assert_string_equal(buffer, "abc");
    assert_int_equal(text_copy(TEXT("abcd"), buffer, sizeof(buffer)), -ERROR_TOO_LONG);
    assert_int_equal(text_copy(TEXT("a\0b"), buffer, sizeof(buffer)), -ERROR_TOO_LONG);
    assert_string_equal(buffer, "abc");
    assert_int_equal(text_copy((struct text){NULL, 0}, buffer, sizeof(buffer)), 0);
    assert_string_equal(buffer, "");
}

static void code_points_are_counted(void **state)
{
    static const struct {
        struct text text;
        uint32_t points;
    } rows[] = {
        {TEXT(""), 0},
        {TEXT("plain ascii of some length, twice over"), 38},
        {TEXT("\x7f"), 1},
        {TEXT("\xc2\x80"), 1},
        {TEXT("\xdf\xbf"), 1},
        {TEXT("\xe0\xa0\x80"), 1},
        {TEXT("\xed\x9f\xbf"), 1},
        {TEXT("\xee\x80\x80"), 1},
        {TEXT("\xef\xbf\xbf"), 1},
        {TEXT("\xf0\x90\x80\x80"), 1},
        {TEXT("\xf4\x8f\xbf\xbf"), 1},
        {TEXT("12345678\xc3\xa4"
              "12345678"),
         17},
        {TEXT("1234567\xe2\x82\xac"), 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t points = UINT32_MAX;

        assert_int_equal(text_code_points(rows[i].text, &points), 0);
        assert_int_equal(points, rows[i].points);
    }
}

static void what_is_not_utf8_is_refused_at_every_offset(void **state)
{
    static const struct text bad[] = {
        TEXT("\0"),
        TEXT("\x80"),
        TEXT("\xbf"),
        TEXT("\xc0\x80"),
        TEXT("\xc1\xbf"),
        TEXT("\xc2"),
        TEXT("\xc2 "),
        TEXT("\xe0\x9f\xbf"),
        TEXT("\xe2\x82"),
        TEXT("\xed\xa0\x80"),
        TEXT("\xed\xbf\xbf"),
        TEXT("\xf0\x8f\xbf\xbf"),
        TEXT("\xf0\x90\x80"),
        TEXT("\xf4\x90\x80\x80"),
        TEXT("\xf5\x80\x80\x80"),
        TEXT("\xff"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (uint32_t offset = 0; offset < 20; offset++) {
            char buffer[32] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
            uint32_t points = 12345;

            for (uint32_t k = 0; k < bad[i].size_bytes; k++) {
                buffer[offset + k] = bad[i].data[k];
            }
            assert_int_equal(
                text_code_points((struct text){buffer, offset + bad[i].size_bytes}, &points),
                -ERROR_MALFORMED);
            assert_int_equal(points, 12345);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared_by_length_and_bytes),
        cmocka_unit_test(a_copy_is_terminated_or_refused),
        cmocka_unit_test(code_points_are_counted),
        cmocka_unit_test(what_is_not_utf8_is_refused_at_every_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
