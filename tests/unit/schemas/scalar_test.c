// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/codec/scalar.h"

static void words_have_the_types_of_the_core_schema(void **state)
{
    static const struct {
        const char *text;
        msgpack_object_type type;
    } rows[] = {
        {"", MSGPACK_OBJECT_NIL},
        {"~", MSGPACK_OBJECT_NIL},
        {"null", MSGPACK_OBJECT_NIL},
        {"NULL", MSGPACK_OBJECT_NIL},
        {"nUll", MSGPACK_OBJECT_STR},
        {"true", MSGPACK_OBJECT_BOOLEAN},
        {"FALSE", MSGPACK_OBJECT_BOOLEAN},
        {"tRUE", MSGPACK_OBJECT_STR},
        {"yes", MSGPACK_OBJECT_STR},
        {"no", MSGPACK_OBJECT_STR},
        {"on", MSGPACK_OBJECT_STR},
        {"0", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"-0", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"+7", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"-7", MSGPACK_OBJECT_NEGATIVE_INTEGER},
        {"0x1F", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"0o17", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"017", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"0x", MSGPACK_OBJECT_STR},
        {"0o8", MSGPACK_OBJECT_STR},
        {"-0x1", MSGPACK_OBJECT_STR},
        {"1_000", MSGPACK_OBJECT_STR},
        {"1.", MSGPACK_OBJECT_FLOAT64},
        {".5", MSGPACK_OBJECT_FLOAT64},
        {"-1.5e-3", MSGPACK_OBJECT_FLOAT64},
        {"1e5", MSGPACK_OBJECT_FLOAT64},
        {"1e", MSGPACK_OBJECT_STR},
        {".", MSGPACK_OBJECT_STR},
        {"-", MSGPACK_OBJECT_STR},
        {"+.", MSGPACK_OBJECT_STR},
        {"e5", MSGPACK_OBJECT_STR},
        {"1.2.3", MSGPACK_OBJECT_STR},
        {".inf", MSGPACK_OBJECT_FLOAT64},
        {"-.inf", MSGPACK_OBJECT_FLOAT64},
        {".NaN", MSGPACK_OBJECT_FLOAT64},
        {"inf", MSGPACK_OBJECT_STR},
        {"nan", MSGPACK_OBJECT_STR},
        {"2026-11-23", MSGPACK_OBJECT_STR},
        {"12:30", MSGPACK_OBJECT_STR},
        {"18446744073709551615", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"18446744073709551616", MSGPACK_OBJECT_FLOAT64},
        {"-9223372036854775808", MSGPACK_OBJECT_NEGATIVE_INTEGER},
        {"-9223372036854775809", MSGPACK_OBJECT_FLOAT64},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        msgpack_object object = scalar_resolve(text_of(rows[i].text));

        if (object.type != rows[i].type) {
            fail_msg("%s has type %d", rows[i].text, (int)object.type);
        }
    }
}

static void numbers_have_their_values(void **state)
{
    (void)state;
    assert_int_equal(scalar_resolve(TEXT("0x1F")).via.u64, 31);
    assert_int_equal(scalar_resolve(TEXT("0o17")).via.u64, 15);
    assert_int_equal(scalar_resolve(TEXT("017")).via.u64, 17);
    assert_int_equal(scalar_resolve(TEXT("-9223372036854775808")).via.i64, INT64_MIN);
    assert_true(scalar_resolve(TEXT("-1.5e-3")).via.f64 == -1.5e-3);
    assert_true(isnan(scalar_resolve(TEXT(".nan")).via.f64));
    assert_true(scalar_resolve(TEXT("-.inf")).via.f64 == -INFINITY);
    assert_true(scalar_resolve(TEXT("True")).via.boolean);
    assert_false(scalar_resolve(TEXT("false")).via.boolean);
}

static void a_string_borrows_its_text(void **state)
{
    static const char long_digits[] =
        "1111111111111111111111111111111111111111111111111111111111111111111111";
    struct text text = TEXT(long_digits);
    msgpack_object object = scalar_resolve(text);

    (void)state;
    assert_int_equal(object.type, MSGPACK_OBJECT_STR);
    assert_ptr_equal(object.via.str.ptr, text.data);
    assert_int_equal(object.via.str.size, text.size_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_have_the_types_of_the_core_schema),
        cmocka_unit_test(numbers_have_their_values),
        cmocka_unit_test(a_string_borrows_its_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
