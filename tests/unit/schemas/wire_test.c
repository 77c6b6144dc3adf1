// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "tests/unit/schemas/objects.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static int set_up(void **state)
{
    static struct wire_input input;

    *state = &input;
    return wire_input_init(&input);
}

static int tear_down(void **state)
{
    wire_input_release(*state);
    wire_input_release(*state);
    return 0;
}

struct row {
    const char *bytes;
    size_t size_bytes;
    int error; /* positive */
    const char *field;
};

static void expect_rows(void **state, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wire_error error = {0};
        /* A copy of the exact size, so that AddressSanitizer sees reads beyond the end. */
        char *copy = malloc(rows[i].size_bytes + (rows[i].size_bytes == 0));
        int rc;

        assert_non_null(copy);
        memcpy(copy, rows[i].bytes, rows[i].size_bytes);
        rc = wire_parse(*state, copy, rows[i].size_bytes, &error);
        free(copy);
        if (rc != -rows[i].error) {
            fail_msg("row %zu: %s instead of %s", i, error_row(rc)->name,
                     error_row(rows[i].error)->name);
        }
        if (rc != 0) {
            assert_int_equal(error.error, rc);
            assert_string_equal(error.field, rows[i].field);
            assert_true(error.expected[0] != '\0');
        }
    }
}

static void whole_objects_of_every_form_are_read(void **state)
{
    static const struct row rows[] = {
        {BYTES("\x00"), 0, ""},
        {BYTES("\x7f"), 0, ""},
        {BYTES("\xe0"), 0, ""},
        {BYTES("\xff"), 0, ""},
        {BYTES("\xc0"), 0, ""},
        {BYTES("\xc2"), 0, ""},
        {BYTES("\xc3"), 0, ""},
        {BYTES("\xc4\x01\xff"), 0, ""},
        {BYTES("\xc5\x00\x01\xff"), 0, ""},
        {BYTES("\xc6\x00\x00\x00\x01\xff"), 0, ""},
        {BYTES("\xca\x00\x00\x00\x00"), 0, ""},
        {BYTES("\xcb\x80\x00\x00\x00\x00\x00\x00\x00"), 0, ""},
        {BYTES("\xcc\x05"), 0, ""},
        {BYTES("\xcd\x00\x05"), 0, ""},
        {BYTES("\xce\x00\x00\x00\x05"), 0, ""},
        {BYTES("\xcf\x00\x00\x00\x00\x00\x00\x00\x05"), 0, ""},
        {BYTES("\xd0\x05"), 0, ""},
        {BYTES("\xd1\x00\x05"), 0, ""},
        {BYTES("\xd2\x00\x00\x00\x05"), 0, ""},
        {BYTES("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"), 0, ""},
        {BYTES("\xa0"), 0, ""},
        {BYTES("\xa1"
               "a"),
         0, ""},
        {BYTES("\xd9\x01"
               "a"),
         0, ""},
        {BYTES("\xda\x00\x01"
               "a"),
         0, ""},
        {BYTES("\xdb\x00\x00\x00\x01"
               "a"),
         0, ""},
        {BYTES("\x90"), 0, ""},
        {BYTES("\x91\xc0"), 0, ""},
        {BYTES("\xdc\x00\x01\xc0"), 0, ""},
        {BYTES("\xdd\x00\x00\x00\x01\xc0"), 0, ""},
        {BYTES("\x80"), 0, ""},
        {BYTES("\x82\xa1"
               "a\xc0\xa1"
               "b\xc0"),
         0, ""},
        {BYTES("\xde\x00\x01\xa1"
               "a\xc0"),
         0, ""},
        {BYTES("\xdf\x00\x00\x00\x01\xd9\x01"
               "a\xc0"),
         0, ""},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x90"), 0, ""},
        {BYTES("\x91\x81\xa1"
               "a\x92\x80\x01"),
         0, ""},
    };

    expect_rows(state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void damaged_messages_are_refused(void **state)
{
    static const struct row rows[] = {
        {BYTES(""), ERROR_MALFORMED, ""},
        {BYTES("\xc1"), ERROR_MALFORMED, ""},
        {BYTES("\x91\xc1"), ERROR_MALFORMED, "[0]"},
        {BYTES("\xc0\xc0"), ERROR_MALFORMED, ""},
        {BYTES("\x80\x00"), ERROR_MALFORMED, ""},
        {BYTES("\x91"), ERROR_MALFORMED, ""},
        {BYTES("\x92\xc0"), ERROR_MALFORMED, ""},
        {BYTES("\x81\xa1"
               "a"),
         ERROR_MALFORMED, "a"},
        {BYTES("\xa2"
               "a"),
         ERROR_MALFORMED, ""},
        {BYTES("\xd9"), ERROR_MALFORMED, ""},
        {BYTES("\xda\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xdb\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xca\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xcb\x00\x00\x00\x00\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xcc"), ERROR_MALFORMED, ""},
        {BYTES("\xcd\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xce\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xcf\x00\x00\x00\x00\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd0"), ERROR_MALFORMED, ""},
        {BYTES("\xd1\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd2\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd3\x00\x00\x00\x00\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd4\x01\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd5\x01\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd6\xff\x00\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd7\x01\x00\x00\x00\x00\x00\x00\x00\x00"), ERROR_MALFORMED, ""},
        {BYTES("\xd8\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
         ERROR_MALFORMED, ""},
        {BYTES("\xc7\x00\x01"), ERROR_MALFORMED, ""},
        {BYTES("\xc8\x00\x00\x01"), ERROR_MALFORMED, ""},
        {BYTES("\xc9\x00\x00\x00\x00\x01"), ERROR_MALFORMED, ""},
        {BYTES("\x81\x01\x02"), ERROR_MALFORMED, ""},
        {BYTES("\x81\xc0\x02"), ERROR_MALFORMED, ""},
        {BYTES("\x81\x80\x02"), ERROR_MALFORMED, ""},
        {BYTES("\x81\xc4\x01"
               "a\x02"),
         ERROR_MALFORMED, ""},
        {BYTES("\xa1\x80"), ERROR_MALFORMED, ""},
        {BYTES("\xa1\x00"), ERROR_MALFORMED, ""},
        {BYTES("\x81\xa1\x00\xc0"), ERROR_MALFORMED, ""},
        {BYTES("\x81\xa1"
               "a\xa2\xc3\x28"),
         ERROR_MALFORMED, "a"},
        {BYTES("\x81\xa1"
               "a\x92\x01\x81\xa1"
               "b\xa1\xff"),
         ERROR_MALFORMED, "a[1].b"},
        {BYTES("\x81\xa2\xc3\xa4\xc1"), ERROR_MALFORMED, "?"},
    };

    expect_rows(state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void duplicate_keys_are_refused_wherever_they_are(void **state)
{
    static const struct row rows[] = {
        {BYTES("\x82\xa1"
               "a\x01\xa1"
               "a\x01"),
         ERROR_FIELD_DUPLICATE, "a"},
        {BYTES("\x82\xa1"
               "a\x01\xd9\x01"
               "a\x02"),
         ERROR_FIELD_DUPLICATE, "a"},
        {BYTES("\x82\xa0\x01\xa0\x01"), ERROR_FIELD_DUPLICATE, "?"},
        {BYTES("\x81\xa1"
               "a\x91\x83\xa1"
               "b\x01\xa1"
               "c\x01\xa1"
               "b\x01"),
         ERROR_FIELD_DUPLICATE, "a[0].b"},
        {BYTES("\x82\xa1"
               "a\x81\xa1"
               "b\x01\xa1"
               "b\x01"),
         0, ""},
    };

    expect_rows(state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void bombs_are_refused_before_anything_is_allocated(void **state)
{
    static const struct row rows[] = {
        {BYTES("\xdd\xff\xff\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xdf\xff\xff\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xdc\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xde\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xdb\xff\xff\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xc6\xff\xff\xff\xff"), ERROR_MALFORMED, ""},
        {BYTES("\xdb\x80\x00\x00\x00"
               "a"),
         ERROR_MALFORMED, ""},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x90"), ERROR_TOO_DEEP, "[0][0][0][0][0][0][0][0]"},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\xc0"), 0, ""},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x80"), ERROR_TOO_DEEP, "[0][0][0][0][0][0][0][0]"},
        {BYTES("\x81\xa1"
               "a\xdd\x00\x01\x00\x00"),
         ERROR_MALFORMED, "a"},
        {BYTES("\x82\xa1"
               "a"),
         ERROR_MALFORMED, ""},
    };

    expect_rows(state, rows, sizeof(rows) / sizeof(rows[0]));
}

/* The error of a message made of a head and count times a byte. */
static int parse_filled(struct wire_input *input, const char *head, size_t head_bytes, char filling,
                        size_t count)
{
    char *bytes = malloc(head_bytes + count);
    struct wire_error error = {0};
    int rc;

    assert_non_null(bytes);
    memcpy(bytes, head, head_bytes);
    memset(bytes + head_bytes, filling, count);
    rc = wire_parse(input, bytes, head_bytes + count, &error);
    free(bytes);
    return rc;
}

static void limits_hold_to_the_last_one(void **state)
{
    (void)state;
    assert_int_equal(parse_filled(*state, BYTES("\xda\x40\x00"), 'a', LIMIT_STRING_BYTES), 0);
    assert_int_equal(parse_filled(*state, BYTES("\xda\x40\x01"), 'a', LIMIT_STRING_BYTES + 1),
                     -ERROR_TOO_LONG);
    assert_int_equal(parse_filled(*state, BYTES("\xc5\x40\x00"), 'a', LIMIT_STRING_BYTES), 0);
    assert_int_equal(parse_filled(*state, BYTES("\xc5\x40\x01"), 'a', LIMIT_STRING_BYTES + 1),
                     -ERROR_TOO_LONG);
    /* A list counts as one element itself. */
    assert_int_equal(parse_filled(*state, BYTES("\xdc\x0f\xff"), '\x90', LIMIT_ELEMENTS - 1), 0);
    assert_int_equal(parse_filled(*state, BYTES("\xdc\x10\x00"), '\x90', LIMIT_ELEMENTS),
                     -ERROR_TOO_MANY);
    assert_int_equal(parse_filled(*state, BYTES("\xdc\xff\xf0"), '\x90', 0xfff0), -ERROR_TOO_MANY);
    assert_int_equal(parse_filled(*state, BYTES(""), '\x91', LIMIT_MESSAGE_BYTES + 1),
                     -ERROR_TOO_LONG);
    assert_int_equal(parse_filled(*state, BYTES(""), '\x91', LIMIT_MESSAGE_BYTES), -ERROR_TOO_DEEP);
}

static void elements_are_counted_over_all_levels(void **state)
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_error error;

    wire_array(&output, 64);
    for (int i = 0; i < 64; i++) {
        wire_array(&output, 63);
        for (int k = 0; k < 63; k++) {
            wire_null(&output);
        }
    }
    assert_int_equal(wire_parse(*state, output.data, output.size_bytes, &error), -ERROR_TOO_MANY);
    assert_string_equal(error.field, "[63]");
    wire_output_release(&output);
}

static void one_element_too_many_is_found_after_a_list_that_just_fits(void **state)
{
    for (uint32_t inner = LIMIT_ELEMENTS - 3; inner <= LIMIT_ELEMENTS - 2; inner++) {
        struct wire_output output = WIRE_OUTPUT_INIT;
        struct wire_error error = {0};

        wire_array(&output, 2);
        wire_array(&output, inner);
        for (uint32_t i = 0; i < inner; i++) {
            wire_null(&output);
        }
        wire_null(&output);
        assert_int_equal(wire_parse(*state, output.data, output.size_bytes, &error),
                         inner == LIMIT_ELEMENTS - 3 ? 0 : -ERROR_TOO_MANY);
        assert_string_equal(error.field, inner == LIMIT_ELEMENTS - 3 ? "" : "[1]");
        wire_output_release(&output);
    }
}

static void a_map_has_at_most_64_keys(void **state)
{
    for (uint32_t keys = LIMIT_MAP_KEYS; keys <= LIMIT_MAP_KEYS + 1; keys++) {
        struct wire_output output = WIRE_OUTPUT_INIT;
        struct wire_error error;

        wire_map(&output, keys);
        for (uint32_t i = 0; i < keys; i++) {
            char key[2] = {(char)('A' + i % 50), (char)('A' + i / 50)};

            wire_text(&output, (struct text){key, 2});
            wire_integer(&output, i);
        }
        assert_int_equal(wire_parse(*state, output.data, output.size_bytes, &error),
                         keys <= LIMIT_MAP_KEYS ? 0 : -ERROR_TOO_MANY);
        wire_output_release(&output);
    }
}

static void every_prefix_of_a_message_is_refused(void **state)
{
    static const char message[] = "\x83\xa1"
                                  "a\x93\xcd\x01\x02\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18\xa2hi\xa1"
                                  "b\x81\xa1"
                                  "c\xc0\xd9\x01"
                                  "d\xdc\x00\x01\xc3";
    size_t whole = sizeof(message) - 1;

    for (size_t size = 0; size <= whole; size++) {
        char *copy = malloc(size + 1);
        struct wire_error error;

        assert_non_null(copy);
        memcpy(copy, message, size);
        assert_int_equal(wire_parse(*state, copy, size, &error),
                         size == whole ? 0 : -ERROR_MALFORMED);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_objects_of_every_form_are_read),
        cmocka_unit_test(damaged_messages_are_refused),
        cmocka_unit_test(duplicate_keys_are_refused_wherever_they_are),
        cmocka_unit_test(bombs_are_refused_before_anything_is_allocated),
        cmocka_unit_test(limits_hold_to_the_last_one),
        cmocka_unit_test(elements_are_counted_over_all_levels),
        cmocka_unit_test(one_element_too_many_is_found_after_a_list_that_just_fits),
        cmocka_unit_test(a_map_has_at_most_64_keys),
        cmocka_unit_test(every_prefix_of_a_message_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
