// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/messages.h"
#include "tests/unit/schemas/objects.h"

#define SAMPLE                                                                                     \
    "{type: sample, text: abcd, name: a-b, id: 01941b2c-7d3e-7f00-8abc-def012345678,"              \
    " submittedDateTime: '2026-11-23T08:15:30.250Z', count: -5, ratio: 0.5, isTrue: true,"         \
    " kind: two, colour: light-blue, inner: {switch: 1}, part: {name: x}, numbers: [1, 2],"        \
    " parts: [{name: a, weight: 3}, {name: b}], nothing: null}"

static int tear_down(void **state)
{
    (void)state;
    object_forget();
    return 0;
}

static void every_kind_of_member_is_decoded(void **state)
{
    struct sample_request value;
    struct part part;
    int64_t number;
    char text[UUID_TEXT_BUFFER];

    (void)state;
    assert_int_equal(sample_request_decode(object_of(SAMPLE), &value, NULL), 0);
    assert_true(text_equal(value.text, TEXT("abcd")));
    assert_string_equal(uuid_format(&value.id, text), "01941b2c-7d3e-7f00-8abc-def012345678");
    assert_int_equal(value.submitted_date_time.ms, INT64_C(1795421730250));
    assert_int_equal(value.count, -5);
    assert_true(value.ratio == 0.5);
    assert_true(value.is_true);
    assert_int_equal(value.kind, SAMPLE_REQUEST_KIND_TWO);
    assert_int_equal(value.colour, COLOUR_LIGHT_BLUE);
    assert_int_equal(value.inner.switch_, 1);
    assert_true(value.part.weight == 1.5);
    assert_int_equal(value.numbers.count, 2);
    codec_item(&value.numbers, 1, &number);
    assert_int_equal(number, 2);
    assert_int_equal(value.parts.count, 2);
    codec_item(&value.parts, 0, &part);
    assert_true(part.weight == 3);
    codec_item(&value.parts, 1, &part);
    assert_true(text_equal(part.name, TEXT("b")));
    assert_true(part.weight == 1.5);
    assert_false(value.has_nothing);
}

struct row {
    const char *piece;
    const char *replacement;
    int error;
    const char *field;
    const char *expected;
};

static const struct row bad_rows[] = {
    {"type: sample, ", "", ERROR_FIELD_MISSING, "type", "the string sample"},
    {"type: sample", "type: other", ERROR_FIELD_VALUE, "type", "the string sample"},
    {"type: sample", "type: 1", ERROR_FIELD_TYPE, "type", "the string sample"},
    {"text: abcd", "text: abcde", ERROR_FIELD_VALUE, "text", "a string of 1 to 4 characters"},
    {"text: abcd", "text: \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", ERROR_FIELD_VALUE, "text",
     "a string of 1 to 4 characters"},
    {"text: abcd", "text: ''", ERROR_FIELD_VALUE, "text", "a string of 1 to 4 characters"},
    {"text: abcd", "text: 1", ERROR_FIELD_TYPE, "text", "a string of 1 to 4 characters"},
    {"text: abcd", "text: null", ERROR_FIELD_TYPE, "text", "a string of 1 to 4 characters"},
    {"text: abcd", "text: [a]", ERROR_FIELD_TYPE, "text", "a string of 1 to 4 characters"},
    {"name: a-b", "name: A", ERROR_FIELD_VALUE, "name",
     "a string of 1 to 63 characters: lower case letters, digits and _ - that starts with a letter "
     "or digit"},
    {"def012345678", "def01234567", ERROR_FIELD_VALUE, "id", "a UUID"},
    {"id: 01941b2c-7d3e-7f00-8abc-def012345678", "id: 7", ERROR_FIELD_TYPE, "id", "a UUID"},
    {"2026-11-23T", "2026-11-31T", ERROR_FIELD_VALUE, "submittedDateTime",
     "an RFC 3339 date and time"},
    {"count: -5", "count: -6", ERROR_FIELD_VALUE, "count",
     "a whole number from -5 to 9223372036854775807"},
    {"count: -5", "count: 9223372036854775808", ERROR_FIELD_VALUE, "count",
     "a whole number from -5 to 9223372036854775807"},
    {"count: -5", "count: 18446744073709551615", ERROR_FIELD_VALUE, "count",
     "a whole number from -5 to 9223372036854775807"},
    {"count: -5", "count: 1.0", ERROR_FIELD_TYPE, "count",
     "a whole number from -5 to 9223372036854775807"},
    {"count: -5", "count: true", ERROR_FIELD_TYPE, "count",
     "a whole number from -5 to 9223372036854775807"},
    {"ratio: 0.5", "ratio: .nan", ERROR_FIELD_VALUE, "ratio", "a number from 0 to 1"},
    {"ratio: 0.5", "ratio: .inf", ERROR_FIELD_VALUE, "ratio", "a number from 0 to 1"},
    {"ratio: 0.5", "ratio: -.inf", ERROR_FIELD_VALUE, "ratio", "a number from 0 to 1"},
    {"ratio: 0.5", "ratio: 1.0000001", ERROR_FIELD_VALUE, "ratio", "a number from 0 to 1"},
    {"ratio: 0.5", "ratio: -1", ERROR_FIELD_VALUE, "ratio", "a number from 0 to 1"},
    {"ratio: 0.5", "ratio: '0.5'", ERROR_FIELD_TYPE, "ratio", "a number from 0 to 1"},
    {"isTrue: true", "isTrue: 1", ERROR_FIELD_TYPE, "isTrue", "true or false"},
    {"isTrue: true", "isTrue: 'true'", ERROR_FIELD_TYPE, "isTrue", "true or false"},
    {"kind: two", "kind: three", ERROR_FIELD_VALUE, "kind", "one of one, two"},
    {"kind: two", "kind: tw", ERROR_FIELD_VALUE, "kind", "one of one, two"},
    {"kind: two", "kind: twoo", ERROR_FIELD_VALUE, "kind", "one of one, two"},
    {"kind: two", "kind: ''", ERROR_FIELD_VALUE, "kind", "one of one, two"},
    {"kind: two", "kind: 1", ERROR_FIELD_TYPE, "kind", "one of one, two"},
    {"light-blue", "darkgreen", ERROR_FIELD_VALUE, "colour", "one of red, darkGreen, light-blue"},
    {"switch: 1", "switch: 2", ERROR_FIELD_VALUE, "inner.switch", "a whole number from 0 to 1"},
    {"{switch: 1}", "{}", ERROR_FIELD_MISSING, "inner.switch", "a whole number from 0 to 1"},
    {"{switch: 1}", "{switch: 1, Switch: 2}", ERROR_FIELD_UNKNOWN, "inner.Switch",
     "one of the fields switch"},
    {"{switch: 1}", "[]", ERROR_FIELD_TYPE, "inner", "a map"},
    {"{name: x}", "{name: x, weight: -2}", ERROR_FIELD_VALUE, "part.weight",
     "a number from -1.5 to 100"},
    {"[1, 2]", "[]", ERROR_FIELD_VALUE, "numbers", "a list of 1 to 3 items"},
    {"[1, 2]", "[1, 2, 3, 4]", ERROR_FIELD_VALUE, "numbers", "a list of 1 to 3 items"},
    {"[1, 2]", "[1, 10]", ERROR_FIELD_VALUE, "numbers[1]", "a whole number from 0 to 9"},
    {"[1, 2]", "[1, null]", ERROR_FIELD_TYPE, "numbers[1]", "a whole number from 0 to 9"},
    {"[1, 2]", "{a: 1}", ERROR_FIELD_TYPE, "numbers", "a list of 1 to 3 items"},
    {"{name: b}", "{weight: 1}", ERROR_FIELD_MISSING, "parts[1].name",
     "a string of 1 to 8 characters"},
    {"{name: b}", "b", ERROR_FIELD_TYPE, "parts[1]", "a map"},
    {"{name: b}", "{name: b, extra: 1}", ERROR_FIELD_UNKNOWN, "parts[1].extra",
     "one of the fields name, weight"},
    {", nothing: null", "", ERROR_FIELD_MISSING, "nothing",
     "a string of at most 10 characters or null"},
    {"nothing: null", "nothing: 5", ERROR_FIELD_TYPE, "nothing",
     "a string of at most 10 characters or null"},
    {"nothing: null", "nothing: null, secret value: 1", ERROR_FIELD_UNKNOWN, "?", NULL},
    {"nothing: null", "nothing: null, '': 1", ERROR_FIELD_UNKNOWN, "?", NULL},
};

static void what_is_wrong_is_named_with_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
        const struct row *row = &bad_rows[i];
        const msgpack_object *object = object_of(with(SAMPLE, row->piece, row->replacement));
        struct sample_request value;
        struct sample_request before;
        struct wire_error error = {0};
        int rc;

        memset(&value, 0x5a, sizeof(value));
        memcpy(&before, &value, sizeof(value));
        rc = sample_request_decode(object, &value, &error);
        if (rc != -row->error || strcmp(error.field, row->field) != 0) {
            fail_msg("%s: %s at %s", row->replacement, error_row(rc)->name, error.field);
        }
        assert_int_equal(error.error, rc);
        assert_non_null(error.at);
        if (row->expected) {
            assert_string_equal(error.expected, row->expected);
        }
        assert_memory_equal(&value, &before, sizeof(value));
        assert_int_equal(sample_request_decode(object, &value, NULL), rc);
    }
}

static void bounds_are_inclusive(void **state)
{
    static const struct {
        const char *piece;
        const char *replacement;
    } rows[] = {
        {"text: abcd", "text: a"},
        {"text: abcd", "text: \xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
        {"count: -5", "count: 9223372036854775807"},
        {"ratio: 0.5", "ratio: 0"},
        {"ratio: 0.5", "ratio: 1"},
        {"ratio: 0.5", "ratio: -0.0"},
        {"[1, 2]", "[0, 9, 9]"},
        {"nothing: null", "nothing: ''"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sample_request value;
        struct wire_error error;

        if (sample_request_decode(object_of(with(SAMPLE, rows[i].piece, rows[i].replacement)),
                                  &value, &error) != 0) {
            fail_msg("%s: %s", rows[i].replacement, error.expected);
        }
    }
}

static void lengths_are_counted_in_code_points(void **state)
{
    static const struct {
        const char *text;
        int error;
    } rows[] = {
        {"ab", ERROR_FIELD_VALUE},
        {"abc", 0},
        {"abcde", 0},
        {"abcdef", ERROR_FIELD_VALUE},
        {"\xc3\xa4\xc3\xa4", ERROR_FIELD_VALUE},
        {"\xe2\x82\xac\xe2\x82\xac", ERROR_FIELD_VALUE},
        {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 0},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", ERROR_FIELD_VALUE},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct optional_request value;
        char yaml[64];

        snprintf(yaml, sizeof(yaml), "{type: optional, code: %s}", rows[i].text);
        assert_int_equal(optional_request_decode(object_of(yaml), &value, NULL), -rows[i].error);
    }
}

static void only_a_map_is_a_message(void **state)
{
    static const char *const texts[] = {"[]", "sample", "1", "null"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sample_request value;
        struct wire_error error;

        assert_int_equal(sample_request_decode(object_of(texts[i]), &value, &error),
                         -ERROR_MALFORMED);
        assert_string_equal(error.field, "");
    }
}

static void what_is_absent_has_its_default(void **state)
{
    struct optional_request value;

    (void)state;
    memset(&value, 0x5a, sizeof(value));
    assert_int_equal(optional_request_decode(object_of("{type: optional}"), &value, NULL), 0);
    assert_false(value.has_text);
    assert_false(value.has_id);
    assert_false(value.has_kind);
    assert_int_equal(value.colour, COLOUR_LIGHT_BLUE);
    assert_true(text_equal(value.greeting, TEXT("good \"day\"")));
    assert_int_equal(value.count, -7);
    assert_true(value.ratio == 0.1);
    assert_true(value.is_true);
    assert_false(value.has_section);
    assert_int_equal(value.section.level, 3);
    assert_int_equal(value.always.level, 4);
    assert_int_equal(value.list.count, 0);
    assert_false(value.has_words);
    assert_int_equal(value.words.count, 0);
}

static void null_is_absent_where_it_is_allowed(void **state)
{
    struct optional_request value;
    struct wire_error error;

    (void)state;
    assert_int_equal(optional_request_decode(object_of("{type: optional, text: null, kind: null}"),
                                             &value, NULL),
                     0);
    assert_false(value.has_text);
    assert_false(value.has_kind);
    assert_int_equal(
        optional_request_decode(object_of("{type: optional, id: null}"), &value, &error),
        -ERROR_FIELD_TYPE);
    assert_string_equal(error.field, "id");
    assert_int_equal(
        optional_request_decode(object_of("{type: optional, count: null}"), &value, &error),
        -ERROR_FIELD_TYPE);
}

static void what_is_given_is_there(void **state)
{
    struct optional_request value;
    struct optional_request_list item;

    (void)state;
    assert_int_equal(
        optional_request_decode(
            object_of("{words: [], list: [{key-word: abc}], section: {}, always: {level: 9}, "
                      "kind: one, text: hello, colour: red, isTrue: false, "
                      "count: -9223372036854775808, type: optional}"),
            &value, NULL),
        0);
    assert_true(value.has_words);
    assert_true(value.has_section);
    assert_int_equal(value.section.level, 3);
    assert_int_equal(value.always.level, 9);
    assert_true(value.has_kind);
    assert_int_equal(value.kind, OPTIONAL_REQUEST_KIND_ONE);
    assert_true(value.has_text);
    assert_int_equal(value.colour, COLOUR_RED);
    assert_false(value.is_true);
    assert_int_equal(value.count, INT64_MIN);
    codec_item(&value.list, 0, &item);
    assert_true(text_equal(item.key_word, TEXT("abc")));
}

static void what_is_absent_is_left_out_or_written_as_null(void **state)
{
    struct optional_request value = {.colour = COLOUR_DARK_GREEN};
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_input input;
    struct wire_error error;

    (void)state;
    assert_int_equal(wire_input_init(&input), 0);
    optional_request_encode(&value, &output);
    assert_int_equal(output.error, 0);
    assert_int_equal(wire_parse(&input, output.data, output.size_bytes, &error), 0);
    assert_int_equal(wire_find(&input.root, "text")->type, MSGPACK_OBJECT_NIL);
    assert_int_equal(wire_find(&input.root, "kind")->type, MSGPACK_OBJECT_NIL);
    assert_null(wire_find(&input.root, "id"));
    assert_null(wire_find(&input.root, "section"));
    assert_null(wire_find(&input.root, "words"));
    assert_int_equal(wire_find(&input.root, "list")->via.array.size, 0);
    assert_int_equal(input.root.via.map.size, 10);
    wire_output_release(&output);
    wire_input_release(&input);
}

static void lists_are_written_from_their_encoded_items(void **state)
{
    struct optional_request value = {.has_words = true};
    struct wire_output items = WIRE_OUTPUT_INIT;
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_input input;
    struct wire_error error;
    struct text word;

    (void)state;
    assert_int_equal(wire_input_init(&input), 0);
    wire_text(&items, TEXT("one"));
    wire_text(&items, TEXT("two"));
    value.words =
        (struct wire_list){.encoded = items.data, .encoded_bytes = items.size_bytes, .count = 2};
    optional_request_encode(&value, &output);
    assert_int_equal(wire_parse(&input, output.data, output.size_bytes, &error), 0);
    assert_int_equal(optional_request_decode(&input.root, &value, &error), 0);
    assert_int_equal(value.words.count, 2);
    codec_item(&value.words, 1, &word);
    assert_true(text_equal(word, TEXT("two")));
    wire_output_release(&items);
    wire_output_release(&output);
    wire_input_release(&input);
}

/* NULs may follow in what a damaged store has. */
static void only_a_name_itself_is_of_its_number(void **state)
{
    static const char text[16] = "done";
    static const char *const names[] = {"failed", text, NULL};

    (void)state;
    for (uint32_t size = 0; size <= sizeof(text); size++) {
        assert_int_equal(codec_enum_of(names, (struct text){text, size}), size == 4 ? 1 : -1);
    }
    assert_int_equal(codec_enum_of(names, (struct text){NULL, 0}), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_member_is_decoded),
        cmocka_unit_test(what_is_wrong_is_named_with_what_is_allowed),
        cmocka_unit_test(bounds_are_inclusive),
        cmocka_unit_test(lengths_are_counted_in_code_points),
        cmocka_unit_test(only_a_map_is_a_message),
        cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(null_is_absent_where_it_is_allowed),
        cmocka_unit_test(what_is_given_is_there),
        cmocka_unit_test(what_is_absent_is_left_out_or_written_as_null),
        cmocka_unit_test(lists_are_written_from_their_encoded_items),
        cmocka_unit_test(only_a_name_itself_is_of_its_number),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
