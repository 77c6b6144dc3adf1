// SPDX-License-Identifier: MIT
/* mint keys DIRECTORY
 *     makes a key of every algorithm: DIRECTORY/rs256.pem, ps256.pem, es256.pem and eddsa.pem
 * (private), and DIRECTORY/keys.json, the key set with the public halves; the kid is the name of
 * the file. mint token KEY.pem KID ALGORITHM TENANT_ID OBJECT_ID SCOPE EXPIRES_IN_SECONDS prints a
 * delegated token, as mint_delegated makes it, that expires so long from now. Exits with 0, with 1
 * when a file cannot be read or written, or with 2 for wrong arguments. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/token_mint.h"

#define EXIT_USAGE 2

static const char *const names[MINT_ALGORITHM_COUNT] = {
    [MINT_RS256] = "rs256",
    [MINT_PS256] = "ps256",
    [MINT_ES256] = "es256",
    [MINT_EDDSA] = "eddsa",
};

static int fail(const char *path)
{
    (void)fprintf(stderr, "mint: %s: %s\n", path, errno ? strerror(errno) : "not such a key");
    return EXIT_FAILURE;
}

static int make_keys(char *arguments[])
{
    struct mint *mints[MINT_ALGORITHM_COUNT];
    char path[PATH_MAX];
    int code = EXIT_SUCCESS;

    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        mints[i] = mint_new((enum mint_algorithm)i, names[i]);
        (void)snprintf(path, sizeof(path), "%s/%s.pem", arguments[0], names[i]);
        if (code == EXIT_SUCCESS && mint_write_private_key(mints[i], path) != 0)
            code = fail(path);
    }
    (void)snprintf(path, sizeof(path), "%s/keys.json", arguments[0]);
    if (code == EXIT_SUCCESS && mint_write_key_set(path, mints, MINT_ALGORITHM_COUNT) != 0)
        code = fail(path);
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++)
        mint_destroy(&mints[i]);
    return code;
}

static int make_token(char *arguments[])
{
    enum mint_algorithm algorithm = mint_algorithm_find(arguments[2]);
    char *end;
    int64_t lifetime_seconds = strtoimax(arguments[6], &end, 10);
    struct mint *mint;
    char *token;

    if (algorithm == MINT_ALGORITHM_COUNT || *arguments[6] == '\0' || *end != '\0')
        return EXIT_USAGE;
    errno = 0;
    mint = mint_read(algorithm, arguments[1], arguments[0]);
    if (!mint)
        return fail(arguments[0]);
    token = mint_delegated(mint, arguments[3], arguments[4], arguments[5],
                           (int64_t)time(NULL) + lifetime_seconds);
    (void)puts(token);
    free(token);
    mint_destroy(&mint);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(char *arguments[]);
    } commands[] = {{"keys", 1, make_keys}, {"token", 7, make_token}};
    int code = EXIT_USAGE;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (argc == 2 + commands[i].arguments && strcmp(argv[1], commands[i].name) == 0)
            code = commands[i].run(argv + 2);
    }
    if (code == EXIT_USAGE)
        (void)fputs("usage: mint keys DIRECTORY\n"
                    "       mint token KEY.pem KID RS256|PS256|ES256|EdDSA TENANT_ID OBJECT_ID "
                    "SCOPE EXPIRES_IN_SECONDS\n",
                    stderr);
    return code;
}
