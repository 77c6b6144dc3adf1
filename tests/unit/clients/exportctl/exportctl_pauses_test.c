// SPDX-License-Identifier: MIT
/* exportctl pause, resume and pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/clients/exportctl/control.h"

#define TENANT       "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER_TENANT "aaaaaaaa-0000-4000-8000-000000000002"

static void what_is_paused_is_printed_after_each_change(void **state)
{
    struct control *c = *state;

    assert_int_equal(CONTROL_RUN(c, "pauses"), 0);
    assert_string_equal(c->out, "paused       nothing\n");
    assert_int_equal(CONTROL_RUN(c, "pause", TENANT), 0);
    assert_string_equal(c->out, "paused       " TENANT "\n");
    assert_int_equal(CONTROL_RUN(c, "pause", OTHER_TENANT), 0);
    assert_int_equal(CONTROL_RUN(c, "pause", "--everything"), 0);
    assert_string_equal(c->out, "paused       everything\npaused       " TENANT
                                "\npaused       " OTHER_TENANT "\n");
    assert_int_equal(CONTROL_RUN(c, "stats"), 0);
    assert_non_null(strstr(c->out, "paused       yes\n"));
    assert_int_equal(CONTROL_RUN(c, "resume", "--everything"), 0);
    assert_string_equal(c->out, "paused       " TENANT "\npaused       " OTHER_TENANT "\n");
    assert_int_equal(CONTROL_RUN(c, "resume", TENANT), 0);
    assert_int_equal(CONTROL_RUN(c, "pauses"), 0);
    assert_string_equal(c->out, "paused       " OTHER_TENANT "\n");
    assert_int_equal(CONTROL_RUN(c, "resume", OTHER_TENANT), 0);
    assert_string_equal(c->out, "paused       nothing\n");
    assert_string_equal(c->err, "");
}

static void pauses_as_json_are_one_document(void **state)
{
    static const char *const lines[][5] = {{"pause", TENANT, "--json", NULL},
                                           {"pause", "--everything", "--json", NULL},
                                           {"pauses", "--json", NULL},
                                           {"resume", OTHER_TENANT, "--json", NULL}};
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        json_t *json;
        json_t *tenants;

        control_start(c, lines[i]);
        assert_int_equal(control_wait(c), 0);
        assert_int_equal(control_line_count(c), 1);
        json = control_json_line(c, 0);
        tenants = json_object_get(json, "tenants");
        assert_int_equal(json_is_true(json_object_get(json, "everything")), i >= 1);
        assert_int_equal(json_array_size(tenants), 1);
        assert_string_equal(json_string_value(json_array_get(tenants, 0)), TENANT);
        json_decref(json);
    }
}

static void refusals_say_what_was_to_be_paused_and_what_to_do(void **state)
{
    static const struct {
        const char *line[4];
        int error;
        const char *subject;
        const char *told;
    } rows[] = {
        {{"pause", TENANT, NULL}, ERROR_OPERATOR_NEEDED, TENANT ": ", "permissions.operators"},
        {{"pause", "--everything", NULL},
         ERROR_OPERATOR_NEEDED,
         "everything: ",
         "permissions.operators"},
        {{"resume", TENANT, NULL}, ERROR_OPERATOR_NEEDED, TENANT ": ", "permissions.operators"},
        {{"pauses", NULL}, ERROR_OPERATOR_NEEDED, "", "permissions.operators"},
        {{"pauses", NULL}, ERROR_IDENTITY_ROLE, "", "--certificate of a key with the role"},
        {{"pauses", NULL}, ERROR_IDENTITY_TENANT, "", "not limited to other tenants"},
        {{"pause", TENANT, NULL}, ERROR_TOO_MANY_PAUSES, TENANT ": ", "exportctl pauses"},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stub_set_faults(c->stub, &(struct stub_faults){.refused = 1, .error = rows[i].error});
        control_start(c, rows[i].line);
        assert_int_equal(control_wait(c), 3);
        assert_non_null(strstr(c->err, error_row(rows[i].error)->message));
        assert_non_null(strstr(c->err, rows[i].subject));
        assert_non_null(strstr(c->err, rows[i].told));
        assert_string_equal(c->out, "");
    }
}

/* An empty variable in a script must not stop the work of everybody. */
static void everything_is_meant_only_when_it_is_said(void **state)
{
    static const char *const lines[][4] = {
        {"pause", NULL},
        {"resume", NULL},
        {"pause", "", NULL},
        {"resume", "", NULL},
        {"pause", "not-an-id", NULL},
        {"pause", TENANT, "--everything", NULL},
        {"resume", TENANT, "--everything", NULL},
        {"pause", TENANT, OTHER_TENANT, NULL},
        {"pauses", TENANT, NULL},
        {"pauses", "--everything", NULL},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        control_start(c, lines[i]);
        assert_int_equal(control_wait(c), 2);
        assert_string_not_equal(c->err, "");
    }
    assert_int_equal(stub_counts(c->stub).requests, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_set_up, control_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_paused_is_printed_after_each_change),
        TEST(pauses_as_json_are_one_document),
        TEST(refusals_say_what_was_to_be_paused_and_what_to_do),
        TEST(everything_is_meant_only_when_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
