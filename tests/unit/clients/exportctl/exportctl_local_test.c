// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/permission.h"
#include "tests/support/bundle_sample.h"
#include "tests/unit/clients/exportctl/control.h"

static void every_schema_is_listed_and_printed(void **state)
{
    struct control *c = *state;
    int count = 0;

    assert_int_equal(CONTROL_RUN(c, "schema"), 0);
    for (; schema_all[count]; count++) {
        assert_non_null(strstr(c->out, schema_all[count]->name));
    }
    assert_int_equal(control_line_count(c), count);
    assert_int_equal(CONTROL_RUN(c, "schema", "ping.request"), 0);
    assert_string_equal(c->out, ping_request_schema.yaml);
    assert_int_equal(CONTROL_RUN(c, "schema", "operation.yaml", "--json"), 0);
    json_decref(control_json_line(c, 0));
    assert_int_equal(CONTROL_RUN(c, "schema", "--json"), 0);
    for (int i = 0; i < count; i++) {
        json_t *json = control_json_line(c, i);

        assert_string_equal(json_string_value(json_object_get(json, "name")), schema_all[i]->name);
        json_decref(json);
    }
    assert_int_equal(CONTROL_RUN(c, "schema", "nonsense"), 4);
    assert_int_equal(CONTROL_RUN(c, "schema", "ping.requestx"), 4);
}

static void every_request_is_in_the_permission_table(void **state)
{
    struct control *c = *state;

    assert_int_equal(CONTROL_RUN(c, "permissions"), 0);
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        assert_non_null(strstr(c->out, permission_of((enum request_kind)kind)->documentation));
    }
    assert_non_null(strstr(c->out, permission_rules));
    assert_int_equal(CONTROL_RUN(c, "permissions", "--json"), 0);
    assert_int_equal(control_line_count(c), REQUEST_KIND_COUNT);
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        const struct permission *row = permission_of((enum request_kind)kind);
        json_t *json = control_json_line(c, kind);
        const json_t *keys = json_object_get(json, "openedBy");
        size_t scopes = (size_t)__builtin_popcount(row->scopes.bits | row->configured_scopes.bits);

        assert_int_equal(json_array_size(keys), scopes + row->is_open + row->needs_operator);
        assert_int_equal(json_is_true(json_object_get(json, "isOpen")), row->is_open);
        assert_int_equal(json_is_true(json_object_get(json, "needsOperator")), row->needs_operator);
        json_decref(json);
    }
    assert_int_equal(CONTROL_RUN(c, "permissions", "ping"), 2);
}

static void a_right_bundle_is_right_and_a_changed_one_is_not(void **state)
{
    struct control *c = *state;
    struct sample sample;
    struct bundle_result result;
    size_t size;
    char *bytes;
    json_t *json;

    sample_init(&sample);
    assert_int_equal(sample_write(&sample, &result), 0);
    assert_int_equal(CONTROL_RUN(c, "verify", result.path), 0);
    assert_non_null(strstr(c->out, ": right, "));
    assert_int_equal(CONTROL_RUN(c, "verify", "--json", result.path), 0);
    json = control_json_line(c, 0);
    assert_true(json_is_true(json_object_get(json, "isRight")));
    assert_int_equal(json_integer_value(json_object_get(json, "files")), result.file_count);
    json_decref(json);

    bytes = sample_read(result.path, &size);
    assert_non_null(bytes);
    bytes[size / 2] = (char)(bytes[size / 2] ^ 1);
    sample_save(result.path, bytes, size);
    free(bytes);
    assert_int_equal(CONTROL_RUN(c, "verify", result.path), 1);
    assert_int_equal(CONTROL_RUN(c, "verify", result.path, "--json"), 1);
    json = control_json_line(c, 0);
    assert_true(json_is_false(json_object_get(json, "isRight")));
    assert_true(json_array_size(json_object_get(json, "problems")) > 0);
    json_decref(json);
    sample_release(&sample);
}

static void what_is_no_bundle_is_told(void **state)
{
    struct control *c = *state;
    char path[CONTROL_PATH_BYTES];

    assert_int_equal(CONTROL_RUN(c, "verify", "/nonexistent/\033[31mx.zip"), 4);
    assert_null(strchr(c->err, '\033'));
    snprintf(path, sizeof(path), "%s/x.zip", c->directory);
    assert_int_equal(temporary_write(c->directory, "x.zip", "not a bundle", 12), 0);
    assert_int_equal(CONTROL_RUN(c, "verify", path), 1);
    assert_int_equal(CONTROL_RUN(c, "verify", path, "/nonexistent"), 4);
    assert_int_equal(CONTROL_RUN(c, "verify"), 2);
}

static void a_key_that_exportd_would_refuse_is_not_made(void **state)
{
    static const char tenant[] = "6d1e2f30-5a4b-4c3d-8e9f-000000000001";
    struct control *c = *state;
    char name[CONTROL_PATH_BYTES];
    char file[CONTROL_PATH_BYTES + 8];

    snprintf(name, sizeof(name), "%s/made", c->directory);
    snprintf(file, sizeof(file), "%s.key", name);
    assert_int_equal(CONTROL_RUN(c, "keygen", name, "--roles", "worker", "--tenants", tenant), 2);
    assert_non_null(strstr(c->err, "--tenants is not for"));
    assert_int_equal(
        CONTROL_RUN(c, "keygen", name, "--roles", "client,operator", "--tenants", tenant), 2);
    assert_int_not_equal(access(file, F_OK), 0);
    assert_int_equal(CONTROL_RUN(c, "keygen", name, "--roles", "client", "--tenants", tenant), 0);
    assert_int_equal(access(file, F_OK), 0);
}

static void help_explains_every_command(void **state)
{
    struct control *c = *state;

    assert_int_equal(CONTROL_RUN(c, "help"), 0);
    assert_non_null(strstr(c->out, "Exit codes:"));
    assert_non_null(strstr(c->out, "130"));
    assert_int_equal(CONTROL_RUN(c, "--help"), 0);
    assert_int_equal(CONTROL_RUN(c, "get", "--help"), 0);
    assert_non_null(strstr(c->out, "Usage: exportctl get ID"));
    assert_int_equal(CONTROL_RUN(c, "help", "export"), 0);
    assert_non_null(strstr(c->out, "--wait"));
    assert_int_equal(CONTROL_RUN(c, "--version"), 0);
    assert_string_equal(c->out, "exportctl " EXPORTD_VERSION "\n");
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
    struct control *c = *state;

    c->redirect = "/dev/full";
    assert_int_equal(CONTROL_RUN(c, "help"), 6);
    assert_non_null(strstr(c->err, "could not be written"));
    assert_int_equal(CONTROL_RUN(c, "ping"), 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_set_up, control_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_schema_is_listed_and_printed),
        TEST(every_request_is_in_the_permission_table),
        TEST(a_right_bundle_is_right_and_a_changed_one_is_not),
        TEST(what_is_no_bundle_is_told),
        TEST(a_key_that_exportd_would_refuse_is_not_made),
        TEST(help_explains_every_command),
        TEST(output_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
