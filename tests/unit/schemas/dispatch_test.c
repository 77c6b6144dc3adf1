// SPDX-License-Identifier: MIT
#include "schemas/base/errors.h"
#include "schemas/messages.h"
#include "tests/unit/schemas/objects.h"

static int tear_down(void **state)
{
    (void)state;
    object_forget();
    return 0;
}

static void a_message_is_dispatched_by_its_type(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *field;
    } rows[] = {
        {"{type: optional}", REQUEST_KIND_OPTIONAL, ""},
        {"{a: 1, type: sample}", REQUEST_KIND_SAMPLE, ""},
        {"{type: part}", -ERROR_UNKNOWN_TYPE, "type"},
        {"{type: ''}", -ERROR_UNKNOWN_TYPE, "type"},
        {"{type: 1}", -ERROR_FIELD_TYPE, "type"},
        {"{typ: sample}", -ERROR_FIELD_MISSING, "type"},
        {"{}", -ERROR_FIELD_MISSING, "type"},
        {"[type]", -ERROR_MALFORMED, ""},
        {"type", -ERROR_MALFORMED, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wire_error error = {0};

        assert_int_equal(codec_dispatch(request_schemas, object_of(rows[i].text), &error),
                         rows[i].rc);
        assert_string_equal(error.field, rows[i].field);
    }
}

static void names_and_numbers_of_an_enum_are_inverse(void **state)
{
    (void)state;
    for (int i = 0; i < COLOUR_COUNT; i++) {
        enum colour back;

        assert_true(colour_of(text_of(colour_name((enum colour)i)), &back));
        assert_int_equal((int)back, i);
    }
    assert_null(colour_names[COLOUR_COUNT]);
    assert_string_equal(colour_name(COLOUR_DARK_GREEN), "darkGreen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_dispatched_by_its_type),
        cmocka_unit_test(names_and_numbers_of_an_enum_are_inverse),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
