// SPDX-License-Identifier: MIT
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/codec/patterns.h"

#define TEXTS 200000

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Mostly of the characters that patterns are about, sometimes any. */
static size_t make_text(uint32_t *seed, char text[80])
{
    static const char usual[] = "abcfgzABZ0189._:-";
    size_t length = next(seed) % 8 == 0 ? 60 + next(seed) % 8 : next(seed) % 6;
    bool is_hexadecimal = next(seed) % 2 == 0;

    for (size_t i = 0; i < length; i++) {
        if (next(seed) % 64 == 0) {
            text[i] = (char)(1 + next(seed) % 126);
        } else if (is_hexadecimal) {
            text[i] = "0123456789abcdef"[next(seed) % 16];
        } else {
            text[i] = usual[next(seed) % (sizeof(usual) - 1)];
        }
    }
    text[length] = '\0';
    return length;
}

static void every_checker_agrees_with_its_regular_expression(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (const struct pattern *row = pattern_table; row->pattern; row++) {
        regex_t regex;
        uint32_t matched = 0;

        assert_int_equal(regcomp(&regex, row->pattern, REG_EXTENDED | REG_NOSUB), 0);
        for (int i = 0; i < TEXTS / 10; i++) {
            char text[80];
            size_t length = make_text(&seed, text);
            bool expected = regexec(&regex, text, 0, NULL, 0) == 0;

            if (row->matches((struct text){text, (uint32_t)length}) != expected) {
                fail_msg("%s and its checker differ about \"%s\"", row->pattern, text);
            }
            matched += expected;
        }
        regfree(&regex);
        assert_true(matched > 0 && matched < TEXTS / 10);
    }
}

static void a_pattern_is_found_by_its_exact_text(void **state)
{
    (void)state;
    for (const struct pattern *row = pattern_table; row->pattern; row++) {
        assert_ptr_equal(pattern_find(text_of(row->pattern)), row);
        assert_true(strlen(row->words) > 0);
        assert_false(row->matches(TEXT("")));
    }
    assert_null(pattern_find(TEXT("^[!-~]*$")));
    assert_null(pattern_find(TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_checker_agrees_with_its_regular_expression),
        cmocka_unit_test(a_pattern_is_found_by_its_exact_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
