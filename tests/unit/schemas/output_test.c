// SPDX-License-Identifier: MIT
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/unit/schemas/objects.h"

static int set_up(void **state)
{
    static struct wire_input input;

    *state = &input;
    return wire_input_init(&input);
}

static int tear_down(void **state)
{
    wire_input_release(*state);
    return 0;
}

static void what_is_written_is_read_back(void **state)
{
    struct wire_input *input = *state;
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_output again = WIRE_OUTPUT_INIT;
    struct wire_error error;
    const msgpack_object *found;

    wire_map(&output, 7);
    wire_text(&output, TEXT("text"));
    wire_text(&output, TEXT("v\xc3\xa4lue"));
    wire_text(&output, TEXT("least"));
    wire_integer(&output, INT64_MIN);
    wire_text(&output, TEXT("most"));
    wire_integer(&output, INT64_MAX);
    wire_text(&output, TEXT("double"));
    wire_double(&output, 0.1);
    wire_text(&output, TEXT("true"));
    wire_bool(&output, true);
    wire_text(&output, TEXT("null"));
    wire_null(&output);
    wire_text(&output, TEXT("list"));
    wire_array(&output, 1);
    wire_bool(&output, false);
    assert_int_equal(output.error, 0);
    assert_int_equal(wire_parse(input, output.data, output.size_bytes, &error), 0);
    found = wire_find(&input->root, "text");
    assert_int_equal(found->type, MSGPACK_OBJECT_STR);
    assert_memory_equal(found->via.str.ptr, "v\xc3\xa4lue", 6);
    assert_true(found->via.str.ptr > output.data &&
                found->via.str.ptr < output.data + output.size_bytes);
    assert_int_equal(wire_find(&input->root, "least")->via.i64, INT64_MIN);
    assert_int_equal(wire_find(&input->root, "most")->via.u64, INT64_MAX);
    assert_true(wire_find(&input->root, "double")->via.f64 == 0.1);
    assert_null(wire_find(&input->root, "tex"));
    assert_null(wire_find(found, "text"));
    assert_null(wire_find(NULL, "text"));
    wire_object(&again, &input->root);
    assert_int_equal(again.size_bytes, output.size_bytes);
    assert_memory_equal(again.data, output.data, output.size_bytes);
    wire_output_clear(&again);
    assert_int_equal(again.size_bytes, 0);
    wire_output_release(&again);
    wire_output_release(&again);
    wire_output_release(&output);
}

static void the_first_failure_of_an_output_is_kept(void **state)
{
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    wire_integer(&output, 1);
    wire_append(&output, "", SIZE_MAX / 2);
    assert_int_equal(output.error, -ERROR_MEMORY);
    wire_integer(&output, 2);
    assert_int_equal(output.size_bytes, 1);
    wire_output_clear(&output);
    wire_integer(&output, 3);
    assert_int_equal(output.error, 0);
    assert_int_equal(output.data[0], 3);
    wire_output_release(&output);
}

static void integers_take_the_fewest_bytes(void **state)
{
    static const struct {
        int64_t value;
        size_t size_bytes;
    } rows[] = {{0, 1},          {127, 1},
                {128, 2},        {255, 2},
                {256, 3},        {65535, 3},
                {65536, 5},      {-1, 1},
                {-32, 1},        {-33, 2},
                {-128, 2},       {-129, 3},
                {-32768, 3},     {-32769, 5},
                {INT32_MIN, 5},  {INT32_MIN - INT64_C(1), 9},
                {UINT32_MAX, 5}, {UINT32_MAX + INT64_C(1), 9},
                {INT64_MAX, 9},  {INT64_MIN, 9}};
    struct wire_input *input = *state;
    struct wire_output output = WIRE_OUTPUT_INIT;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_output_clear(&output);
        wire_integer(&output, rows[i].value);
        assert_int_equal(output.size_bytes, rows[i].size_bytes);
        assert_int_equal(wire_parse(input, output.data, output.size_bytes, NULL), 0);
        assert_int_equal(input->root.via.i64, rows[i].value);
    }
    wire_output_release(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_first_failure_of_an_output_is_kept),
        cmocka_unit_test(integers_take_the_fewest_bytes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
