// SPDX-License-Identifier: MIT
/* token_verdict KEY_SET NOW_SECONDS: reads tokens from standard input, each after its length as
 * four bytes, little end first, and prints a line for each: "ok", or the inner code that refuses
 * it. For comparisons with other implementations. The issuer pattern and the audience are those of
 * token_mint.h, the skew is 0. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/auth/token.h"
#include "schemas/base/errors.h"
#include "tests/support/token_mint.h"

#define EXIT_USAGE  2
#define TOKEN_BYTES 65536

static const struct text issuers[] = {{MINT_ISSUER_PATTERN, sizeof(MINT_ISSUER_PATTERN) - 1}};
static const struct text audiences[] = {{MINT_AUDIENCE, sizeof(MINT_AUDIENCE) - 1}};

/* 1 with a token, 0 at the end of the input, -1 when it ends in a token or one is too long. */
static int next_token(char *buffer, struct text *token)
{
    unsigned char length[4];
    size_t got = fread(length, 1, sizeof(length), stdin);
    size_t size;

    if (got == 0)
        return 0;
    size = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16;
    if (got != sizeof(length) || length[3] != 0 || size > TOKEN_BYTES ||
        fread(buffer, 1, size, stdin) != size)
        return -1;
    *token = (struct text){buffer, (uint32_t)size};
    return 1;
}

static int judge_all(const struct key_set *set, struct wall now)
{
    const struct token_rules rules = {
        .issuers = issuers, .issuer_count = 1, .audiences = audiences, .audience_count = 1};
    char *buffer = malloc(TOKEN_BYTES);
    struct text token;
    int rc = buffer ? 1 : -1;

    while (rc > 0 && (rc = next_token(buffer, &token)) > 0) {
        struct claims claims;
        int verdict = token_verify(&rules, set, token, now, &claims);
        rc = puts(verdict ? error_row(verdict)->inner_code : "ok") < 0 ? -1 : 1;
    }
    free(buffer);
    return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    char message[KEY_SET_MESSAGE_BYTES];
    struct key_set *set = NULL;
    int code;

    if (argc != 3) {
        (void)fputs("usage: token_verdict KEY_SET NOW_SECONDS\n", stderr);
        return EXIT_USAGE;
    }
    if (key_set_load(&set, argv[1], message) != 0) {
        (void)fprintf(stderr, "token_verdict: %s\n", message);
        return EXIT_FAILURE;
    }
    code = judge_all(set, (struct wall){strtoll(argv[2], NULL, 10) * 1000});
    key_set_destroy(&set);
    return code;
}
