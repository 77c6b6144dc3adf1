// SPDX-License-Identifier: MIT
#include "daemon/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

/* 16 lines; what a test adds begins at line 17. */
#define BASE                                                                                       \
    "security: none\n"                                                                             \
    "store:\n"                                                                                     \
    "  directory: state\n"                                                                         \
    "tokens:\n"                                                                                    \
    "  key_set: keys.json\n"                                                                       \
    "  issuers:\n"                                                                                 \
    "    - https://login.example.org/{tid}\n"                                                      \
    "    - https://other.example.org\n"                                                            \
    "  audiences:\n"                                                                               \
    "    - api://export\n"                                                                         \
    "registry:\n"                                                                                  \
    "  database: people.db\n"                                                                      \
    "  profile_statement: SELECT 1\n"                                                              \
    "  list_statement: SELECT 2\n"                                                                 \
    "operations:\n"                                                                                \
    "  base_url: https://export.example.org\n"

static char directory[TEMPORARY_BUFFER];

static int set_up(void **state)
{
    (void)state;
    return temporary_make(directory);
}

static int tear_down(void **state)
{
    (void)state;
    return temporary_remove(directory);
}

static int read_with(const char *more, struct settings *settings,
                     char message[CONFIGURATION_ERROR_BYTES])
{
    char text[4096];
    char path[TEMPORARY_BUFFER + 16];

    snprintf(text, sizeof text, "%s%s", BASE, more);
    assert_int_equal(temporary_write(directory, "exportd.yaml", text, strlen(text)), 0);
    snprintf(path, sizeof path, "%s/exportd.yaml", directory);
    return settings_read(settings, path, message);
}

static void the_smallest_file_gives_the_defaults_and_terminated_paths(void **state)
{
    struct settings settings;
    char message[CONFIGURATION_ERROR_BYTES] = "";

    (void)state;
    if (read_with("", &settings, message)) {
        fail_msg("%s", message);
    }
    assert_string_equal(settings.store_directory, "state");
    assert_string_equal(settings.key_set, "keys.json");
    assert_string_equal(settings.registry_database, "people.db");
    assert_int_equal(settings.issuer_count, 2);
    assert_true(text_equal(settings.issuers[1], TEXT("https://other.example.org")));
    assert_int_equal(settings.audience_count, 1);
    assert_int_equal(settings.values.dispatch.lease_ms, 5000);
    assert_true(text_equal(settings.values.sockets.requests, TEXT("tcp://127.0.0.1:5570")));
    settings_release(&settings);
    settings_release(&settings);
}

#define ENTRY(digit, field)                                                                        \
    "    - tenant_id: 7e4a4700-0000-4000-8000-00000000000" digit "\n      " field "\n"

static const struct {
    const char *more;
    const char *line; /* NULL: accepted */
    const char *says;
} rows[] = {
    {"sockets:\n  requests: tcp://127.0.0.1:*\n  jobs: tcp://127.0.0.1:*\n", NULL, ""},
    {"sockets:\n  requests: tcp://[::1]:5570\n  status: ipc:///run/exportd/status\n", NULL, ""},
    {"sockets:\n  requests: tcp://0.0.0.0:5570\n", ":18: ", "sockets.requests"},
    {"sockets:\n  jobs: tcp://*:5571\n", ":18: ", "sockets.jobs"},
    {"sockets:\n  reports: tcp://192.0.2.1:5572\n", ":18: ", "sockets.reports"},
    {"sockets:\n  status: tcp://[::]:5573\n", ":18: ", "sockets.status"},
    {"sockets:\n  status: tcp://localhost:5573\n", ":18: ", "loopback"},
    {"sockets:\n  status: tcp://127.0.0.1:65536\n", ":18: ", "at most 65535"},
    {"sockets:\n  status: udp://127.0.0.1:5573\n", ":18: ", "nothing is encrypted"},
    {"sockets:\n  status: inproc://status\n", ":18: ", "loopback"},
    {"sockets:\n  jobs: tcp://127.0.0.1:5570\n", ":18: ", "same endpoint as sockets.requests"},
    {"sockets:\n  jobs: ipc://one\n  reports: tcp://127.0.0.1:9\n  status: ipc://one\n",
     ":20: ", "same endpoint as sockets.jobs"},
    {"sockets:\n  heartbeat_interval_ms: 3000\n", ":17: ", "heartbeat_interval_ms (3000)"},
    {"sockets:\n  heartbeat_interval_ms: 500\n  heartbeat_timeout_ms: 500\n",
     ":19: ", "sockets.heartbeat_timeout_ms"},
    {"dispatch:\n  retry_base_ms: 1000\n  retry_ceiling_ms: 999\n",
     ":19: ", "dispatch.retry_ceiling_ms"},
    {"dispatch:\n  retry_base_ms: 1000\n  retry_ceiling_ms: 1000\n", NULL, ""},
    {"dispatch:\n  lease_ms: 1\n", ":18: ", "dispatch.lease_ms"},
    {"limits:\n  tenants:\n" ENTRY("1", "exports_per_day: 1") ENTRY("2", "exports_per_day: 1"),
     NULL, ""},
    {"limits:\n  tenants:\n" ENTRY("a", "exports_per_day: 1") ENTRY("1", "exports_per_day: 1")
         ENTRY("A", "exports_per_day: 2"),
     ":23: ", "limits.tenants[2].tenant_id: found the tenant of limits.tenants[0]"},
    {"dispatch:\n  tenants:\n" ENTRY("1", "weight: 1") ENTRY("1", "weight: 2"),
     ":21: ", "dispatch.tenants[1].tenant_id"},
    {"  tenants:\n" ENTRY("1", "approval: automatic") ENTRY("1", "approval: automatic"),
     ":20: ", "operations.tenants[1].tenant_id"},
    {"sokets:\n  jobs: x\n", ":17: ", "sokets"},
};

static void what_a_schema_cannot_say_is_checked_with_line_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings settings;
        char message[CONFIGURATION_ERROR_BYTES] = "";
        int rc = read_with(rows[i].more, &settings, message);

        if (rc != (rows[i].line ? -ERROR_CONFIGURATION : 0)) {
            fail_msg("row %zu: %d %s", i, rc, message);
        }
        if (!rc) {
            settings_release(&settings);
        } else if (!rows[i].line || !strstr(message, rows[i].line) ||
                   !strstr(message, rows[i].says)) {
            fail_msg("row %zu: %s", i, message);
        }
    }
}

#define CURVE  "curve:\n  certificate: us.key_secret\n  identities: them\n"
#define TENANT "7e4a4700-0000-4000-8000-000000000001"
#define FEED(name, endpoint)                                                                       \
    "  - name: " name "\n    endpoint: " endpoint "\n    tenants: [" TENANT "]\n"                  \
    "    identities: [a]\n"

/* What follows BASE without its first line, so that what is added begins at line 16. */
static const struct {
    const char *more;
    const char *line;
    const char *says;
} curve_rows[] = {
    {CURVE, NULL, ""},
    {"security: curve\n" CURVE "sockets:\n  requests: tcp://0.0.0.0:5570\n", NULL, ""},
    {CURVE "sockets:\n  requests: udp://127.0.0.1:5570\n", ":20: ", "sockets.requests"},
    {"", ":1: ", "curve: found nothing, expected certificate and identities"},
    {"security: curve\n", ":1: ", "curve: found nothing"},
    {"security: plain\n" CURVE, ":16: ", "curve, none"},
    {"security: None\n", ":16: ", "curve, none"},
    {"curve:\n  certificate: us\n", ":17: ", "identities"},
    {CURVE "feeds:\n" FEED("one", "tcp://*:1") FEED("two", "tcp://*:2"), NULL, ""},
    {CURVE "feeds:\n" FEED("one", "tcp://127.0.0.1:1") FEED("two", "tcp://127.0.0.1:1"),
     ":25: ", "feeds[1].endpoint: found the same endpoint as feeds[0].endpoint"},
    {CURVE "feeds:\n" FEED("one", "tcp://127.0.0.1:5573"),
     ":21: ", "feeds[0].endpoint: found the same endpoint as sockets.status"},
    {CURVE "feeds:\n" FEED("one", "ipc://a") FEED("one", "ipc://b"),
     ":24: ", "feeds[1].name: found the name of feeds[0]"},
    {"security: none\nfeeds:\n" FEED("one", "ipc://a"), ":17: ", "feeds: found feeds"},
};

static void curve_is_the_default_and_none_is_said_in_so_many_words(void **state)
{
    char text[4096];
    char path[TEMPORARY_BUFFER + 16];

    (void)state;
    snprintf(path, sizeof path, "%s/exportd.yaml", directory);
    for (size_t i = 0; i < sizeof curve_rows / sizeof curve_rows[0]; i++) {
        struct settings settings;
        char message[CONFIGURATION_ERROR_BYTES] = "";
        int rc;

        snprintf(text, sizeof text, "%s%s", strchr(BASE, '\n') + 1, curve_rows[i].more);
        assert_int_equal(temporary_write(directory, "exportd.yaml", text, strlen(text)), 0);
        rc = settings_read(&settings, path, message);
        if (rc != (curve_rows[i].line ? -ERROR_CONFIGURATION : 0)) {
            fail_msg("row %zu: %d %s", i, rc, message);
        }
        if (!rc) {
            assert_true(settings_are_secure(&settings));
            assert_string_equal(settings.certificate, "us.key_secret");
            assert_string_equal(settings.identities, "them");
            settings_release(&settings);
        } else if (!curve_rows[i].line || !strstr(message, curve_rows[i].line) ||
                   !strstr(message, curve_rows[i].says)) {
            fail_msg("row %zu: %s", i, message);
        }
    }
}

static void a_missing_file_is_named(void **state)
{
    struct settings settings;
    char message[CONFIGURATION_ERROR_BYTES] = "";

    (void)state;
    assert_int_equal(settings_read(&settings, "/nowhere/exportd.yaml", message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "/nowhere/exportd.yaml"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_smallest_file_gives_the_defaults_and_terminated_paths),
        TEST(what_a_schema_cannot_say_is_checked_with_line_and_key),
        TEST(curve_is_the_default_and_none_is_said_in_so_many_words),
        TEST(a_missing_file_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
