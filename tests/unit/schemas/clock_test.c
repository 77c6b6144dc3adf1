// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "schemas/base/clock.h"
#include "schemas/base/errors.h"

#define FIRST_MS INT64_C(-62167219200000)
#define LAST_MS  INT64_C(253402300799999)

static void known_moments_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
        const char *written;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
        {"2026-11-23T08:15:30.250Z", 1795421730250, "2026-11-23T08:15:30.250Z"},
        {"2000-02-29t12:00:00.5z", 951825600500, "2000-02-29T12:00:00.500Z"},
        {"1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"},
        {"1985-04-12T23:20:50.52Z", 482196050520, "1985-04-12T23:20:50.520Z"},
        {"1996-12-19T16:39:57-08:00", 851042397000, "1996-12-20T00:39:57.000Z"},
        {"1937-01-01T12:00:27.87+00:20", -1041337172130, "1937-01-01T11:40:27.870Z"},
        {"1990-12-31T23:59:60Z", 662688000000, "1991-01-01T00:00:00.000Z"},
        {"1990-12-31T15:59:60-08:00", 662688000000, "1991-01-01T00:00:00.000Z"},
        {"2026-01-01T00:00:00.123456789Z", 1767225600123, "2026-01-01T00:00:00.123Z"},
        {"0000-01-01T00:00:00Z", FIRST_MS, "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", LAST_MS, "9999-12-31T23:59:59.999Z"},
    };
    char text[DATE_TIME_BUFFER];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wall time = {12345};

        assert_int_equal(date_time_parse(text_of(rows[i].text), &time), 0);
        assert_int_equal(time.ms, rows[i].ms);
        assert_string_equal(date_time_format(time, text), rows[i].written);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T08:15:30",
        "2026-11-23 08:15:30Z",
        "2026-11-23T08:15Z",
        "2026-11-23T08:15:30.Z",
        "2026-11-23T08:15:30.1234567890Z",
        "2026-11-23T08:15:30,5Z",
        "2026-11-23T08:15:30ZZ",
        "2026-11-23T08:15:30+0100",
        "2026-11-23T08:15:30+24:00",
        "2026-11-23T08:15:30+01:60",
        "2026-11-23T08:15:30+1:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2200-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "2026-04-01T24:00:00Z",
        "2026-04-01T00:60:00Z",
        "2026-04-01T00:00:61Z",
        "2026-04-01T00:00:60Z",
        "2026-04-01T22:59:60Z",
        "-026-04-01T00:00:00Z",
        "20a6-04-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wall time = {12345};

        if (date_time_parse(text_of(bad[i]), &time) != -ERROR_MALFORMED) {
            fail_msg("%s was accepted", bad[i]);
        }
        assert_int_equal(time.ms, 12345);
    }
}

static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -25567; day < 60000; day++) { /* 1900 to 2134 */
        time_t seconds = day * 86400 + day % 86400;
        struct wall time;
        struct wall read;
        struct tm parts;
        char expected[80];
        char text[DATE_TIME_BUFFER];

        time.ms = (int64_t)seconds * 1000 + 7;
        assert_non_null(gmtime_r(&seconds, &parts));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.007Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec);
        assert_string_equal(date_time_format(time, text), expected);
        assert_int_equal(date_time_parse(text_of(text), &read), 0);
        assert_int_equal(read.ms, time.ms);
    }
}

static void times_beyond_four_digit_years_are_written_as_the_nearest_end(void **state)
{
    char text[DATE_TIME_BUFFER];

    (void)state;
    assert_string_equal(date_time_format((struct wall){INT64_MIN}, text),
                        "0000-01-01T00:00:00.000Z");
    assert_string_equal(date_time_format((struct wall){INT64_MAX}, text),
                        "9999-12-31T23:59:59.999Z");
}

static void the_clocks_run(void **state)
{
    struct mono first = mono_now();
    struct mono second = mono_now();

    (void)state;
    assert_true(first.ms > 0);
    assert_true(second.ms >= first.ms);
    assert_true(wall_now().ms > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments_are_read_and_written),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(times_beyond_four_digit_years_are_written_as_the_nearest_end),
        cmocka_unit_test(the_clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
