// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/codec/json.h"
#include "schemas/messages.h"
#include "tests/unit/schemas/objects.h"

static void expect(struct wire_output *output, const char *json)
{
    assert_int_equal(output->error, 0);
    wire_append(output, "", 1);
    assert_string_equal(output->data, json);
    wire_output_clear(output);
}

static int tear_down(void **state)
{
    (void)state;
    object_forget();
    return 0;
}

static void objects_are_written_on_one_line(void **state)
{
    static const struct {
        const char *yaml;
        const char *json;
    } rows[] = {
        {"{}", "{}"},
        {"[]", "[]"},
        {"null", "null"},
        {"{a: [1, -2, 18446744073709551615, true, false, null], b: {c: x}}",
         "{\"a\":[1,-2,18446744073709551615,true,false,null],\"b\":{\"c\":\"x\"}}"},
        {"[1.0, 0.1, -0.0, 1e300, 1.5e-9, 100000000000000000000.0]",
         "[1.0,0.1,-0.0,1e+300,1.5e-09,1e+20]"},
        {"[.nan, .inf, -.inf]", "[null,null,null]"},
        {"\"quote \\\" back \\\\ tab \\t line \\n bell \\a del \\x7f \xc3\xa4\"",
         "\"quote \\\" back \\\\ tab \\t line \\n bell \\u0007 del \\u007f \xc3\xa4\""},
    };
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_from_object(object_of(rows[i].yaml), &output);
        expect(&output, rows[i].json);
    }
    wire_output_release(&output);
}

static void doubles_read_back_as_themselves(void **state)
{
    static const double numbers[] = {
        0.1, 1.0 / 3, DBL_MAX, DBL_MIN, DBL_EPSILON, 1e15 + 0.3, 1e22, 5e-324, 9007199254740993.0,
        2.5};
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        msgpack_object object = {.type = MSGPACK_OBJECT_FLOAT64, .via.f64 = numbers[i]};

        json_from_object(&object, &output);
        wire_append(&output, "", 1);
        assert_true(strtod(output.data, NULL) == numbers[i]);
        wire_output_clear(&output);
    }
    wire_output_release(&output);
}

static void structs_look_as_they_do_on_the_wire(void **state)
{
    struct optional_request value;
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    assert_int_equal(
        optional_request_decode(object_of("{type: optional, words: [a, b]}"), &value, NULL), 0);
    json_from_value(&optional_request_schema, &value, &output);
    expect(&output, "{\"type\":\"optional\",\"text\":null,\"colour\":\"light-blue\",\"kind\":null,"
                    "\"greeting\":\"good \\\"day\\\"\",\"count\":-7,\"ratio\":0.1,\"isTrue\":true,"
                    "\"always\":{\"level\":4},\"list\":[],\"words\":[\"a\",\"b\"]}");
    wire_output_release(&output);
}

static void a_number_member_is_always_a_float(void **state)
{
    struct part value = {.name = TEXT("x"), .weight = 100};
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    json_from_value(&part_schema, &value, &output);
    expect(&output, "{\"name\":\"x\",\"weight\":100.0}");
    wire_output_release(&output);
}

static void items_that_are_only_encoded_are_written_too(void **state)
{
    struct optional_request value;
    struct optional_request_list item = {.key_word = TEXT("k")};
    struct wire_output items = WIRE_OUTPUT_INIT;
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    assert_int_equal(optional_request_decode(object_of("{type: optional}"), &value, NULL), 0);
    optional_request_list_encode(&item, &items);
    value.list =
        (struct wire_list){.encoded = items.data, .encoded_bytes = items.size_bytes, .count = 1};
    json_from_value(&optional_request_schema, &value, &output);
    wire_append(&output, "", 1);
    assert_non_null(strstr(output.data, "\"list\":[{\"key-word\":\"k\"}]"));
    wire_output_release(&items);
    wire_output_release(&output);
}

static void an_enum_is_a_string(void **state)
{
    enum colour colour = COLOUR_DARK_GREEN;
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    json_from_value(&colour_schema, &colour, &output);
    expect(&output, "\"darkGreen\"");
    wire_output_release(&output);
}

static void an_earlier_error_stays(void **state)
{
    enum colour colour = COLOUR_RED;
    struct wire_output output = {.error = -7};

    (void)state;
    json_from_value(&colour_schema, &colour, &output);
    assert_int_equal(output.error, -7);
    assert_int_equal(output.size_bytes, 0);
    wire_output_release(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_written_on_one_line),
        cmocka_unit_test(doubles_read_back_as_themselves),
        cmocka_unit_test(structs_look_as_they_do_on_the_wire),
        cmocka_unit_test(a_number_member_is_always_a_float),
        cmocka_unit_test(items_that_are_only_encoded_are_written_too),
        cmocka_unit_test(an_enum_is_a_string),
        cmocka_unit_test(an_earlier_error_stays),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
