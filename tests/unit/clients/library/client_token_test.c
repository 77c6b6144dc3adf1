// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "clients/library/exportclient.h"
#include "schemas/base/limits.h"
#include "tests/support/temporary.h"
#include "tests/unit/clients/library/stub.h"

struct fixture {
    char directory[TEMPORARY_BUFFER];
    char path[TEMPORARY_BUFFER + 16];
    struct stub *stub;
    struct exportd_client *client;
    struct exportd_error error;
    struct exportd_pong pong;
};

static void write_token(struct fixture *fixture, const char *text, mode_t mode)
{
    assert_int_equal(temporary_write(fixture->directory, "token", text, strlen(text)), 0);
    assert_int_equal(chmod(fixture->path, mode), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct exportd_options options = {0};

    if (!fixture || temporary_make(fixture->directory) != 0) {
        return -1;
    }
    snprintf(fixture->path, sizeof(fixture->path), "%s/token", fixture->directory);
    stub_start(&fixture->stub, fixture->directory);
    options.requests_endpoint = stub_requests_endpoint(fixture->stub);
    options.token_file = fixture->path;
    *state = fixture;
    return exportd_open(&fixture->client, &options, &fixture->error);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    exportd_close(&fixture->client);
    stub_stop(&fixture->stub);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

static void a_token_file_is_read_at_each_request(void **state)
{
    struct fixture *f = *state;
    char token[STUB_TEXT_BYTES];

    write_token(f, "first.token.x\n", 0600);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_OK);
    stub_last_token(f->stub, token);
    assert_string_equal(token, "first.token.x");
    write_token(f, "second.token.y\r\n", 0600);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_OK);
    stub_last_token(f->stub, token);
    assert_string_equal(token, "second.token.y");
}

static void a_token_file_that_cannot_be_used_sends_nothing(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
    } rows[] = {
        {"", 0600},          {"\n\n", 0600},    {"two tokens", 0600},
        {"tab\there", 0600}, {"a.b.c\n", 0620}, {"a.b.c\n", 0602},
    };
    struct fixture *f = *state;

    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
    assert_string_equal(f->error.target, f->path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_token(f, rows[i].text, rows[i].mode);
        assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
        assert_null(strstr(f->error.message, "a.b.c"));
    }
    assert_int_equal(stub_counts(f->stub).requests, 0);
    write_token(f, "a.b.c", 0640);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_OK);
}

static void a_token_file_that_is_no_file_does_not_block(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
    assert_int_equal(remove(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
}

static void a_token_has_a_longest_length(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(LIMIT_TOKEN_BYTES + 16);

    assert_non_null(text);
    memset(text, 'a', LIMIT_TOKEN_BYTES);
    memcpy(text + LIMIT_TOKEN_BYTES, "\n", 2);
    write_token(f, text, 0600);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_OK);
    memcpy(text + LIMIT_TOKEN_BYTES, "a", 2);
    write_token(f, text, 0600);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
    memcpy(text + LIMIT_TOKEN_BYTES, "aaaaaaaaaa\n", 12);
    write_token(f, text, 0600);
    assert_int_equal(exportd_ping(f->client, &f->pong, &f->error), EXPORTD_ERROR_TOKEN);
    free(text);
}

static void a_token_text_is_checked_at_once(void **state)
{
    struct exportd_options options = {.token = "has space"};
    struct exportd_client *client = NULL;

    (void)state;
    assert_int_equal(exportd_open(&client, &options, NULL), EXPORTD_ERROR_TOKEN);
    options = (struct exportd_options){.token = "a", .token_file = "b"};
    assert_int_equal(exportd_open(&client, &options, NULL), EXPORTD_ERROR_ARGUMENT);
    assert_null(client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_token_file_is_read_at_each_request),
        TEST(a_token_file_that_cannot_be_used_sends_nothing),
        TEST(a_token_file_that_is_no_file_does_not_block),
        TEST(a_token_has_a_longest_length),
        cmocka_unit_test(a_token_text_is_checked_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
