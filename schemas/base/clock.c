// SPDX-License-Identifier: MIT
#include "schemas/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schemas/base/errors.h"

#define MS_PER_DAY    INT64_C(86400000)
#define FIRST_YEAR_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_YEAR_MS  INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) {
        abort();
    }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct mono mono_now(void)
{
    return (struct mono){clock_ms(CLOCK_BOOTTIME)};
}

struct wall wall_now(void)
{
    return (struct wall){clock_ms(CLOCK_REALTIME)};
}

struct date {
    int year;
    int month;
    int day;
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar. Years start in March here, so that the
 * leap day is the last one. */
static int64_t days_of(struct date date)
{
    int year = date.month <= 2 ? date.year - 1 : date.year;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400;
    int month = date.month > 2 ? date.month - 3 : date.month + 9;
    int of_year = (153 * month + 2) / 5 + date.day - 1;
    int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

    return (int64_t)era * 146097 + days - 719468;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int of_era = (int)(shifted - era * 146097);
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (5 * of_year + 2) / 153;
    struct date date = {
        .year = year + (int)era * 400 + (month >= 10 ? 1 : 0),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };

    return date;
}

static void put_digits(char *at, int digits, int value)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

char *date_time_format(struct wall time, char buffer[DATE_TIME_BUFFER])
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    int64_t ms = time.ms < FIRST_YEAR_MS ? FIRST_YEAR_MS : time.ms;
    int64_t days;
    struct date date;
    int rest;

    ms = ms > LAST_YEAR_MS ? LAST_YEAR_MS : ms;
    days = (ms >= 0 ? ms : ms - (MS_PER_DAY - 1)) / MS_PER_DAY;
    rest = (int)(ms - days * MS_PER_DAY);
    date = date_of(days);
    for (size_t i = 0; i < sizeof(form); i++) {
        buffer[i] = form[i];
    }
    put_digits(buffer, 4, date.year);
    put_digits(buffer + 5, 2, date.month);
    put_digits(buffer + 8, 2, date.day);
    put_digits(buffer + 11, 2, rest / 3600000);
    put_digits(buffer + 14, 2, rest / 60000 % 60);
    put_digits(buffer + 17, 2, rest / 1000 % 60);
    put_digits(buffer + 20, 3, rest % 1000);
    return buffer;
}

/* What is left to read. */
struct reader {
    const char *at;
    const char *end;
};

static bool take_digits(struct reader *reader, int digits, int *value)
{
    int read = 0;

    if (reader->end - reader->at < digits) {
        return false;
    }
    for (int i = 0; i < digits; i++) {
        char c = *reader->at++;

        if (c < '0' || c > '9') {
            return false;
        }
        read = read * 10 + (c - '0');
    }
    *value = read;
    return true;
}

static bool take_one_of(struct reader *reader, char a, char b)
{
    if (reader->at == reader->end || (*reader->at != a && *reader->at != b)) {
        return false;
    }
    reader->at++;
    return true;
}

static bool take_date(struct reader *reader, struct date *date)
{
    static const int days_in[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap;

    if (!take_digits(reader, 4, &date->year) || !take_one_of(reader, '-', '-') ||
        !take_digits(reader, 2, &date->month) || !take_one_of(reader, '-', '-') ||
        !take_digits(reader, 2, &date->day) || date->month < 1 || date->month > 12) {
        return false;
    }
    is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return date->day >= 1 &&
           date->day <= days_in[date->month - 1] + (is_leap && date->month == 2 ? 1 : 0);
}

static bool take_fraction(struct reader *reader, int *ms)
{
    int digits = 0;

    *ms = 0;
    if (!take_one_of(reader, '.', '.')) {
        return true;
    }
    for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; digits++) {
        if (digits < 3) {
            *ms = *ms * 10 + (*reader->at - '0');
        }
        reader->at++;
    }
    for (int i = digits; i < 3; i++) {
        *ms *= 10;
    }
    return digits >= 1 && digits <= 9;
}

static bool take_offset(struct reader *reader, int *minutes)
{
    int hours;
    int rest;
    bool is_west;

    *minutes = 0;
    if (take_one_of(reader, 'Z', 'z')) {
        return true;
    }
    is_west = reader->at < reader->end && *reader->at == '-';
    if (!take_one_of(reader, '+', '-') || !take_digits(reader, 2, &hours) ||
        !take_one_of(reader, ':', ':') || !take_digits(reader, 2, &rest) || hours > 23 ||
        rest > 59) {
        return false;
    }
    *minutes = (hours * 60 + rest) * (is_west ? -1 : 1);
    return true;
}

int date_time_parse(struct text t, struct wall *time)
{
    struct reader reader = {t.data, t.data + t.size_bytes};
    struct date date;
    int hour;
    int minute;
    int second;
    int fraction_ms;
    int offset;
    int64_t ms;

    if (t.size_bytes == 0 || !take_date(&reader, &date) || !take_one_of(&reader, 'T', 't') ||
        !take_digits(&reader, 2, &hour) || !take_one_of(&reader, ':', ':') ||
        !take_digits(&reader, 2, &minute) || !take_one_of(&reader, ':', ':') ||
        !take_digits(&reader, 2, &second) || !take_fraction(&reader, &fraction_ms) ||
        !take_offset(&reader, &offset) || reader.at != reader.end) {
        return -ERROR_MALFORMED;
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return -ERROR_MALFORMED;
    }
    ms = days_of(date) * MS_PER_DAY + (int64_t)(hour * 60 + minute - offset) * 60000 +
         (int64_t)second * 1000 + fraction_ms;
    /* Unix time has no leap second: 23:59:60Z is the midnight after it (RFC 3339 section 5.6). */
    if (second == 60 && (ms - fraction_ms) % MS_PER_DAY != 0) {
        return -ERROR_MALFORMED;
    }
    if (ms < FIRST_YEAR_MS || ms > LAST_YEAR_MS) {
        return -ERROR_MALFORMED;
    }
    time->ms = ms;
    return 0;
}
