// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/workers/runtime/played.h"

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct played));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    played_close(*state);
    free(*state);
    return 0;
}

static void a_missing_bundle_directory_refuses_the_start(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.is_without_directory = true;
    played_open(played, &options);
    played_start(played, false);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 2);
    assert_true(played_log_has(played, "worker.yaml:14: bundles.directory: "));
}

static void minus_t_checks_and_ends(void **state)
{
    struct played *played = *state;

    played_open(played, &played_usual);
    played_start(played, true);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), 0);
}

/* -t looks, and changes nothing. */
static void a_start_removes_what_a_killed_worker_left(void **state)
{
    struct played *played = *state;
    char path[256];

    played_open(played, &played_usual);
    snprintf(path, sizeof(path), "%s/bundles/" PLAYED_TENANT, played->directory);
    assert_int_equal(temporary_directories(path), 0);
    assert_int_equal(temporary_write(path, PLAYED_ADA "-0000000000000007.zip.partial", "half", 4),
                     0);
    played_start(played, true);
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(played_files(played, 7), 1);
    played_start(played, false);
    played_expect_files(played, 7, 0);
    played_expect(played, REPORT_KIND_HEARTBEAT, 0);
    played_expect_log(played, "event=swept leftovers=1 code=ok");
}

static void wrong_settings_are_refused_with_their_line(void **state)
{
    struct played *played = *state;
    static const struct {
        const char *from;
        const char *to;
        const char *message;
    } wrongs[] = {
        {"slots: 2", "slots: 0", "worker.yaml:3: worker.slots: "},
        {"name: played", "nam: played", "worker.yaml:2: worker"},
        {"tenant = :tenant_id AND user = :user_id\nb", "user = :user_id\nb",
         "worker.yaml:12: registry.profile_statement: "},
        {"registry.db", "missing.db", "worker.yaml:11: registry.database: "},
        {"FROM mail WHERE tenant = :tenant_id AND ", "FROM mail WHERE ",
         "worker.yaml:25: sources[0].statement: "},
        {"mail.db", "missing.db", "worker.yaml:24: sources[0].database: "},
        {"/drive\n", "/missing\n", "worker.yaml:31: sources[1].root: "},
        {"'{tenant_id}/{user_id}'", "'{user_id}'", "worker.yaml:32: sources[1].pattern: "},
        {"name: drive", "name: mailbox", "worker.yaml:28: sources[1].name: "},
        {"security: none\n", "", "worker.yaml:1: curve: found nothing"},
        {"security: none\n", "security: maybe\n", ": security: found \"maybe\""},
        {"security: none\n", "curve: {certificate: none.key_secret}\n",
         "worker.yaml:6: exportd.server_certificate: found nothing"},
        {"reports: ipc://", "reports: tcp://192.0.2.1:1#",
         "worker.yaml:8: exportd.reports: found \"tcp://192.0.2.1:1"},
    };
    char path[256];
    static char text[8192];

    played_open(played, &played_usual);
    snprintf(path, sizeof(path), "%s/worker.yaml", played->directory);
    FILE *file = fopen(path, "r");
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        const char *at = strstr(text, wrongs[i].from);
        char changed[8192];

        assert_non_null(at);
        int bytes = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text,
                             wrongs[i].to, at + strlen(wrongs[i].from));
        assert_int_equal(temporary_write(played->directory, "worker.yaml", changed, (size_t)bytes),
                         0);
        played_start(played, true);
        assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
        assert_int_equal(process_exit_code(&played->worker), 2);
        if (!played_log_has(played, wrongs[i].message))
            fail_msg("not said: %s", wrongs[i].message);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_bundle_directory_refuses_the_start),
        TEST(minus_t_checks_and_ends),
        TEST(a_start_removes_what_a_killed_worker_left),
        TEST(wrong_settings_are_refused_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
