// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/clients/exportctl/control.h"

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"
#define LOCATION          "https://bundles.example.org/a/b.zip\n"

static const char *text_of_member(json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    assert_non_null(text);
    return text;
}

static void an_export_prints_the_operation_and_its_key(void **state)
{
    struct control *c = *state;

    assert_int_equal(CONTROL_RUN(c, "export", STUB_USER, "--key", "k-1"), 0);
    assert_non_null(strstr(c->out, "status       notStarted (queued), 0 %\n"));
    assert_non_null(strstr(c->out, "key          k-1\n"));
    assert_string_equal(c->err, "");
    assert_int_equal(stub_counts(c->stub).operations, 1);
}

static void an_export_as_json_is_the_operation(void **state)
{
    struct control *c = *state;
    json_t *first;
    json_t *second;

    assert_int_equal(CONTROL_RUN(c, "export", "--json", STUB_USER, "--key", "k-1"), 0);
    assert_int_equal(control_line_count(c), 1);
    first = control_json_line(c, 0);
    assert_string_equal(text_of_member(first, "userId"), STUB_USER);
    assert_int_equal(CONTROL_RUN(c, "export", "--json", STUB_USER, "--key", "k-1"), 0);
    second = control_json_line(c, 0);
    assert_true(json_equal(first, second));
    assert_int_equal(CONTROL_RUN(c, "get", "--json", text_of_member(first, "id")), 0);
    json_decref(second);
    second = control_json_line(c, 0);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

static void wait_prints_the_storage_location_and_nothing_else(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    control_start(c, (const char *const[]){"export", STUB_USER, "--wait", NULL});
    assert_true(stub_newest(c->stub, id));
    assert_true(stub_wait_subscribed(c->stub, id));
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_move(c->stub, id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    assert_int_equal(control_wait(c), 0);
    assert_string_equal(c->out, LOCATION);
    assert_string_equal(c->err, "");
}

static void wait_ends_with_one_when_the_operation_fails(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];
    json_t *json;

    control_start(c, (const char *const[]){"export", STUB_USER, "--wait", "--json", NULL});
    assert_true(stub_newest(c->stub, id));
    stub_move(c->stub, id, OPERATION_STAGE_FAILED, STUB_PUBLISH);
    assert_int_equal(control_wait(c), 1);
    json = control_json_line(c, 0);
    assert_string_equal(text_of_member(json, "status"), "failed");
    json_decref(json);
    assert_non_null(strstr(c->err, "failed (sourceFailed)"));
}

static void an_interrupted_wait_says_how_to_come_back(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];
    char wanted[UUID_TEXT_BUFFER + 32];

    control_start(c, (const char *const[]){"export", STUB_USER, "--wait", NULL});
    assert_true(stub_newest(c->stub, id));
    assert_true(stub_wait_subscribed(c->stub, id));
    assert_int_equal(kill(c->process.pid, SIGINT), 0);
    assert_int_equal(control_wait(c), 130);
    snprintf(wanted, sizeof(wanted), "exportctl watch %s\n", id);
    assert_non_null(strstr(c->err, "The operation goes on."));
    assert_non_null(strstr(c->err, wanted));
    assert_string_equal(c->out, "");
}

static void no_answer_tells_the_key_to_repeat_it_with(void **state)
{
    struct control *c = *state;
    char key[STUB_TEXT_BYTES];
    const char *told;

    stub_set_faults(c->stub, &(struct stub_faults){.lost = 1000});
    assert_int_equal(CONTROL_RUN(c, "export", STUB_USER, "--timeout", "0.5"), 5);
    told = strstr(c->err, "--key ");
    assert_non_null(told);
    stub_last_key(c->stub, key);
    assert_memory_equal(told + strlen("--key "), key, strlen(key));
    stub_set_faults(c->stub, &(struct stub_faults){0});
    assert_int_equal(CONTROL_RUN(c, "export", STUB_USER, "--key", key), 0);
    assert_int_equal(stub_counts(c->stub).operations, 1);
}

static void refusals_have_exit_codes_and_advice(void **state)
{
    static const struct {
        int error;
        int code;
        const char *told;
    } rows[] = {
        {ERROR_TOKEN_MISSING, 3, "--token-file"},   {ERROR_TOKEN_EXPIRED, 3, "(tokenExpired)"},
        {ERROR_SCOPE_MISSING, 3, "(scopeMissing)"}, {ERROR_NOT_FOUND, 4, "Check the id"},
        {ERROR_DISK_FULL, 5, "(diskFull)"},         {ERROR_INTERNAL, 7, "Request id: "},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stub_set_faults(c->stub, &(struct stub_faults){.refused = 1, .error = rows[i].error});
        assert_int_equal(CONTROL_RUN(c, "get", UNKNOWN_OPERATION), rows[i].code);
        assert_non_null(strstr(c->err, rows[i].told));
        assert_non_null(strstr(c->err, UNKNOWN_OPERATION));
        assert_string_equal(c->out, "");
    }
    stub_set_faults(c->stub,
                    &(struct stub_faults){.garbage_count = 1, .garbage = STUB_GARBAGE_BYTES});
    assert_int_equal(CONTROL_RUN(c, "get", UNKNOWN_OPERATION), 7);
}

static void lists_are_tables_or_a_document_a_line(void **state)
{
    struct control *c = *state;
    char ids[5][UUID_TEXT_BUFFER];

    for (int i = 0; i < 5; i++) {
        stub_accept(c->stub, ids[i]);
    }
    assert_int_equal(CONTROL_RUN(c, "list", "--all", "--top", "2", "--json"), 0);
    assert_int_equal(control_line_count(c), 5);
    for (int i = 0; i < 5; i++) {
        json_t *json = control_json_line(c, i);

        assert_string_equal(text_of_member(json, "id"), ids[4 - i]);
        json_decref(json);
    }
    assert_int_equal(CONTROL_RUN(c, "list", "--top", "2"), 0);
    assert_int_equal(control_line_count(c), 3);
    assert_non_null(strstr(c->err, "--next 2"));
    assert_int_equal(CONTROL_RUN(c, "list", "--next", "2"), 0);
    assert_int_equal(control_line_count(c), 4);
    stub_move(c->stub, ids[1], OPERATION_STAGE_DONE, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "list", "--status", "complete"), 0);
    assert_int_equal(control_line_count(c), 2);
    assert_non_null(strstr(c->out, ids[1]));
    assert_null(strchr(c->out, '\033')); /* no colour in a file */
    assert_int_equal(CONTROL_RUN(c, "list", "--status", "done"), 2);
    assert_int_equal(CONTROL_RUN(c, "get", ids[1]), 0);
    assert_non_null(strstr(c->out, "bundle       " LOCATION));
}

static void names_are_never_written_raw(void **state)
{
    struct control *c = *state;
    json_t *json;

    assert_int_equal(CONTROL_RUN(c, "profiles", STUB_USER), 0);
    assert_non_null(strstr(c->out, "Anna \\u{1b}[31mBerg\\u{202e}\n"));
    assert_int_equal(CONTROL_RUN(c, "profiles", "--all"), 0);
    assert_null(strchr(c->out, '\033'));
    assert_null(strstr(c->out, "\u202e"));
    assert_int_equal(control_line_count(c), 4);
    assert_int_equal(CONTROL_RUN(c, "profiles", STUB_USER, "--json"), 0);
    assert_null(strchr(c->out, '\033'));
    json = control_json_line(c, 0);
    assert_string_equal(text_of_member(json, "displayName"), "Anna \033[31mBerg\u202e");
    json_decref(json);
    assert_int_equal(CONTROL_RUN(c, "profiles", STUB_UNKNOWN_USER), 4);
}

static void the_token_comes_from_a_file_or_the_environment(void **state)
{
    struct control *c = *state;
    char path[CONTROL_PATH_BYTES];
    char token[STUB_TEXT_BYTES];

    c->environment[4] = "EXPORTD_TOKEN=from.the.environment";
    assert_int_equal(CONTROL_RUN(c, "ping"), 0);
    stub_last_token(c->stub, token);
    assert_string_equal(token, "from.the.environment");
    snprintf(path, sizeof(path), "%s/token", c->directory);
    assert_int_equal(temporary_write(c->directory, "token", "from.the.file\n", 14), 0);
    assert_int_equal(CONTROL_RUN(c, "ping", "--token-file", path), 0);
    assert_string_equal(c->err, "");
    stub_last_token(c->stub, token);
    assert_string_equal(token, "from.the.file");

    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(CONTROL_RUN(c, "ping", "--token-file", path), 0);
    assert_non_null(strstr(c->err, "warning"));
    assert_int_equal(chmod(path, 0660), 0);
    assert_int_equal(CONTROL_RUN(c, "ping", "--token-file", path), 6);
    assert_null(strstr(c->err, "from.the.file"));
    assert_int_equal(CONTROL_RUN(c, "ping", "--token", "from.argv"), 2);
    assert_null(strstr(c->err, "from.argv"));
}

/* One that is not known is named, and never the word before it, which may be a secret. */
static void a_wrong_short_option_is_named(void **state)
{
    struct control *c = *state;

    assert_int_equal(CONTROL_RUN(c, "--token-file", "secret", "-xy", "list"), 2);
    assert_non_null(strstr(c->err, "exportctl: -x: there is no such option"));
    assert_null(strstr(c->err, "secret"));
    assert_int_equal(CONTROL_RUN(c, "--token-file", "secret", "-hy"), 2);
    assert_non_null(strstr(c->err, "exportctl: -y: there is no such option"));
    assert_int_equal(CONTROL_RUN(c, "list", "--json=yes"), 2);
    assert_non_null(strstr(c->err, "exportctl: --json: "));
    assert_int_equal(CONTROL_RUN(c, "list", "-h"), 0);
}

static void wrong_command_lines_send_nothing(void **state)
{
    static const char *const lines[][4] = {
        {"", NULL},
        {"nonsense", NULL},
        {"get", NULL},
        {"get", "not-an-id", NULL},
        {"get", UNKNOWN_OPERATION, UNKNOWN_OPERATION, NULL},
        {"get", UNKNOWN_OPERATION, "--wait", NULL},
        {"list", "--top", "0", NULL},
        {"list", "--top", "1x", NULL},
        {"list", "--top", NULL},
        {"list", "--user", "x", NULL},
        {"ping", "--timeout", "-1", NULL},
        {"ping", "--timeout", "nan", NULL},
        {"export", STUB_USER, "--key=", NULL},
        {"watch", "short", NULL},
        {"events", NULL},
        {"stats", "surplus", NULL},
        {"help", "nonsense", NULL},
    };
    struct control *c = *state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        control_start(c, lines[i]);
        assert_int_equal(control_wait(c), 2);
        assert_string_not_equal(c->err, "");
    }
    control_start(c, (const char *const[]){NULL});
    assert_int_equal(control_wait(c), 2);
    assert_int_equal(stub_counts(c->stub).requests, 0);
}

static void the_service_is_counted_and_pinged(void **state)
{
    struct control *c = *state;
    json_t *json;

    assert_int_equal(CONTROL_RUN(c, "stats"), 0);
    assert_non_null(strstr(c->out, "slots        12\n"));
    assert_int_equal(CONTROL_RUN(c, "stats", "--json"), 0);
    json = control_json_line(c, 0);
    assert_int_equal(json_integer_value(json_object_get(json, "workers")), 3);
    json_decref(json);
    assert_int_equal(CONTROL_RUN(c, "ping"), 0);
    stub_go_away(c->stub);
    assert_int_equal(CONTROL_RUN(c, "ping", "--timeout", "0.3"), 5);
    assert_non_null(strstr(c->err, "Is exportd running there?"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_set_up, control_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_export_prints_the_operation_and_its_key),
        TEST(an_export_as_json_is_the_operation),
        TEST(wait_prints_the_storage_location_and_nothing_else),
        TEST(wait_ends_with_one_when_the_operation_fails),
        TEST(an_interrupted_wait_says_how_to_come_back),
        TEST(no_answer_tells_the_key_to_repeat_it_with),
        TEST(refusals_have_exit_codes_and_advice),
        TEST(lists_are_tables_or_a_document_a_line),
        TEST(names_are_never_written_raw),
        TEST(the_token_comes_from_a_file_or_the_environment),
        TEST(a_wrong_short_option_is_named),
        TEST(wrong_command_lines_send_nothing),
        TEST(the_service_is_counted_and_pinged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
