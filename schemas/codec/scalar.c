// SPDX-License-Identifier: MIT
#include "schemas/codec/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 64

static const struct {
    const char *text;
    msgpack_object_type type;
    bool truth;
    double number;
} words[] = {
    {"", MSGPACK_OBJECT_NIL, false, 0},
    {"~", MSGPACK_OBJECT_NIL, false, 0},
    {"null", MSGPACK_OBJECT_NIL, false, 0},
    {"Null", MSGPACK_OBJECT_NIL, false, 0},
    {"NULL", MSGPACK_OBJECT_NIL, false, 0},
    {"true", MSGPACK_OBJECT_BOOLEAN, true, 0},
    {"True", MSGPACK_OBJECT_BOOLEAN, true, 0},
    {"TRUE", MSGPACK_OBJECT_BOOLEAN, true, 0},
    {"false", MSGPACK_OBJECT_BOOLEAN, false, 0},
    {"False", MSGPACK_OBJECT_BOOLEAN, false, 0},
    {"FALSE", MSGPACK_OBJECT_BOOLEAN, false, 0},
    {".nan", MSGPACK_OBJECT_FLOAT64, false, NAN},
    {".NaN", MSGPACK_OBJECT_FLOAT64, false, NAN},
    {".NAN", MSGPACK_OBJECT_FLOAT64, false, NAN},
    {".inf", MSGPACK_OBJECT_FLOAT64, false, INFINITY},
    {".Inf", MSGPACK_OBJECT_FLOAT64, false, INFINITY},
    {".INF", MSGPACK_OBJECT_FLOAT64, false, INFINITY},
    {"+.inf", MSGPACK_OBJECT_FLOAT64, false, INFINITY},
    {"-.inf", MSGPACK_OBJECT_FLOAT64, false, -INFINITY},
};

static size_t skip_digits(const char *text, size_t at, const char *digits)
{
    return at + strspn(text + at, digits);
}

/* [-+]? [0-9]+ */
static bool is_integer(const char *text)
{
    size_t start = text[0] == '-' || text[0] == '+';
    size_t end = skip_digits(text, start, "0123456789");

    return end > start && text[end] == '\0';
}

/* 0o[0-7]+ and 0x[0-9a-fA-F]+ */
static int radix_of(const char *text)
{
    size_t end = 2;
    int radix = strncmp(text, "0o", 2) == 0 ? 8 : strncmp(text, "0x", 2) == 0 ? 16 : 0;

    if (radix == 0) {
        return 0;
    }
    end = skip_digits(text, 2, radix == 8 ? "01234567" : "0123456789abcdefABCDEF");
    return end > 2 && text[end] == '\0' ? radix : 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(const char *text)
{
    size_t start = text[0] == '-' || text[0] == '+';
    size_t whole_end = skip_digits(text, start, "0123456789");
    size_t end = whole_end;

    if (text[end] == '.') {
        end = skip_digits(text, end + 1, "0123456789");
    }
    if (end == start || (whole_end == start && end == start + 1)) {
        return false;
    }
    if (text[end] == 'e' || text[end] == 'E') {
        size_t first = end + 1 + (text[end + 1] == '-' || text[end + 1] == '+');

        end = skip_digits(text, first, "0123456789");
        if (end == first) {
            return false;
        }
    }
    return text[end] == '\0';
}

static msgpack_object of_double(double number)
{
    return (msgpack_object){.type = MSGPACK_OBJECT_FLOAT64, .via.f64 = number};
}

static msgpack_object of_integer(const char *digits, int radix)
{
    bool is_negative = digits[0] == '-';

    errno = 0;
    if (is_negative) {
        long long negative = strtoll(digits, NULL, radix);

        if (errno == 0) {
            return negative < 0
                       ? (msgpack_object){.type = MSGPACK_OBJECT_NEGATIVE_INTEGER,
                                          .via.i64 = negative}
                       : (msgpack_object){.type = MSGPACK_OBJECT_POSITIVE_INTEGER, .via.u64 = 0};
        }
    } else {
        unsigned long long positive = strtoull(digits, NULL, radix);

        if (errno == 0) {
            return (msgpack_object){.type = MSGPACK_OBJECT_POSITIVE_INTEGER, .via.u64 = positive};
        }
    }
    return of_double(strtod(digits, NULL));
}

msgpack_object scalar_resolve(struct text plain)
{
    msgpack_object string = {
        .type = MSGPACK_OBJECT_STR,
        .via.str = {.size = plain.size_bytes, .ptr = plain.data},
    };
    char text[NUMBER_BYTES];

    if (text_copy(plain, text, sizeof(text)) != 0) {
        return string;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        msgpack_object object = {.type = words[i].type};

        if (strcmp(text, words[i].text) == 0) {
            if (object.type == MSGPACK_OBJECT_BOOLEAN) {
                object.via.boolean = words[i].truth;
            } else if (object.type == MSGPACK_OBJECT_FLOAT64) {
                object.via.f64 = words[i].number;
            }
            return object;
        }
    }
    if (is_integer(text)) {
        return of_integer(text, 10);
    }
    if (radix_of(text) != 0) {
        return of_integer(text + 2, radix_of(text));
    }
    return is_float(text) ? of_double(strtod(text, NULL)) : string;
}
