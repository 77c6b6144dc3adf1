// SPDX-License-Identifier: MIT
/* The fixture for tests in other languages.
 *     fixture make DIRECTORY TENANTS PROFILES WORKERS SLOTS
 * makes an installation in an existing directory; nothing runs yet.
 *     fixture key DIRECTORY NAME
 * makes DIRECTORY/keys/NAME.pem and a key set NAME.json of it alone.
 *     fixture token DIRECTORY KEY PAYLOAD
 * prints a token with that payload, in JSON, rightly signed with keys/KEY.pem under the kid KEY.
 * Exits with 0, with 1 when it failed, with 2 for wrong arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/support/fixture.h"
#include "tests/support/token_mint.h"

#define EXIT_USAGE 2

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

static int run_make(char *arguments[])
{
    struct fixture fixture;
    const struct fixture_options options = {
        .people = {.tenant_count = number(arguments[1]), .profile_count = number(arguments[2])},
        .worker_count = number(arguments[3]),
        .slots = number(arguments[4]),
    };
    int rc = fixture_make(&options, arguments[0], &fixture);
    if (rc) {
        (void)fprintf(stderr, "fixture: %s: error %d\n", arguments[0], -rc);
    }
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_key(char *arguments[])
{
    char pem[FIXTURE_PATH_BUFFER];
    char key_set[FIXTURE_PATH_BUFFER];
    snprintf(pem, sizeof(pem), "%s/keys/%s.pem", arguments[0], arguments[1]);
    snprintf(key_set, sizeof(key_set), "%s/keys/%s.json", arguments[0], arguments[1]);
    struct mint *mint = mint_new(MINT_ES256, arguments[1]);
    int rc = mint_write_private_key(mint, pem) || mint_write_key_set(key_set, &mint, 1);
    mint_destroy(&mint);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_token(char *arguments[])
{
    char pem[FIXTURE_PATH_BUFFER];
    snprintf(pem, sizeof(pem), "%s/keys/%s.pem", arguments[0], arguments[1]);
    struct mint *mint = mint_read(MINT_ES256, arguments[1], pem);
    if (!mint) {
        return EXIT_FAILURE;
    }
    char *token = mint_token(mint, arguments[2]);
    int rc = puts(token) < 0 || fflush(stdout);
    free(token);
    mint_destroy(&mint);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

struct command {
    const char *name;
    int arguments;
    int (*run)(char *arguments[]);
};

static const struct command commands[] = {
    {"make", 5, run_make}, {"key", 2, run_key}, {"token", 3, run_token}};

int main(int argc, char *argv[])
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (argc == 2 + commands[i].arguments && strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argv + 2);
        }
    }
    (void)fputs("usage: fixture make DIRECTORY TENANTS PROFILES WORKERS SLOTS\n"
                "       fixture key DIRECTORY NAME\n"
                "       fixture token DIRECTORY KEY PAYLOAD\n",
                stderr);
    return EXIT_USAGE;
}
