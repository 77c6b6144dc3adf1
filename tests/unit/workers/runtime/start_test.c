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
#include <zmq.h>

#include "schemas/base/certificate.h"
#include "tests/unit/workers/runtime/played.h"

#define SETTINGS_BYTES 8192

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

static void expect_end(struct played *played, int code)
{
    assert_int_equal(process_wait(&played->worker, PLAYED_WAIT_MS), 0);
    assert_int_equal(process_exit_code(&played->worker), code);
}

static void read_settings(const struct played *played, char text[SETTINGS_BYTES])
{
    char path[256];

    snprintf(path, sizeof(path), "%s/worker.yaml", played->directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, SETTINGS_BYTES - 1, file)] = '\0';
    fclose(file);
}

static void replace(const char *text, const char *from, const char *to,
                    char changed[SETTINGS_BYTES])
{
    const char *at = strstr(text, from);

    assert_non_null(at);
    snprintf(changed, SETTINGS_BYTES, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void write_settings(const struct played *played, const char *text)
{
    assert_int_equal(temporary_write(played->directory, "worker.yaml", text, strlen(text)), 0);
}

static void a_missing_bundle_directory_refuses_the_start(void **state)
{
    struct played *played = *state;
    struct played_options options = played_usual;

    options.is_without_directory = true;
    played_open(played, &options);
    played_start(played, false);
    expect_end(played, 2);
    assert_true(played_log_has(played, "worker.yaml:14: bundles.directory: "));
}

static void minus_t_checks_and_ends(void **state)
{
    struct played *played = *state;

    played_open(played, &played_usual);
    played_start(played, true);
    expect_end(played, 0);
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
        {"jobs: ipc://", "jobs: tcp://127.0.0.1:65536#",
         "worker.yaml:7: exportd.jobs: found \"tcp://127.0.0.1:65536"},
        {"reports: ipc://", "reports: tcp://192.0.2.1:1#",
         "worker.yaml:8: exportd.reports: found \"tcp://192.0.2.1:1"},
    };
    char text[SETTINGS_BYTES];
    char changed[SETTINGS_BYTES];

    played_open(played, &played_usual);
    read_settings(played, text);
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        replace(text, wrongs[i].from, wrongs[i].to, changed);
        write_settings(played, changed);
        played_start(played, true);
        expect_end(played, 2);
        if (!played_log_has(played, wrongs[i].message))
            fail_msg("not said: %s", wrongs[i].message);
    }
}

static void write_key(struct played *played, const char *file, const char *name)
{
    struct certificate certificate = {.roles = ROLE_BIT(ROLE_WORKER)};
    char text[CERTIFICATE_BYTES];

    snprintf(certificate.name, sizeof(certificate.name), "%s", name);
    assert_int_equal(zmq_curve_keypair(certificate.public_key, certificate.secret_key), 0);
    assert_int_equal(certificate_format(&certificate, true, text, sizeof(text)), 0);
    assert_int_equal(temporary_write(played->directory, file, text, strlen(text)), 0);
}

static void a_worker_has_the_name_of_its_key(void **state)
{
    struct played *played = *state;
    char text[SETTINGS_BYTES];
    char changed[SETTINGS_BYTES];
    char line[256];

    played_open(played, &played_usual);
    write_key(played, "own", "worker-7");
    write_key(played, "server", "exportd");
    read_settings(played, text);
    snprintf(line, sizeof(line), "curve: {certificate: %s/own}\n", played->directory);
    replace(text, "security: none\n", line, changed);
    snprintf(line, sizeof(line), "exportd:\n  server_certificate: %s/server\n", played->directory);
    replace(changed, "exportd:\n", line, text);
    write_settings(played, text);
    played_start(played, true);
    expect_end(played, 2);
    assert_true(played_log_has(played, "worker.yaml:2: worker.name: found \"played\", expected "
                                       "\"worker-7\", the name in curve.certificate"));

    replace(text, "  name: played\n", "", changed);
    write_settings(played, changed);
    played_start(played, false);
    played_expect_log(played, "event=started name=worker-7 ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_bundle_directory_refuses_the_start),
        TEST(minus_t_checks_and_ends),
        TEST(a_start_removes_what_a_killed_worker_left),
        TEST(wrong_settings_are_refused_with_their_line),
        TEST(a_worker_has_the_name_of_its_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
