// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/auth/token_expect.h"

#include <stdlib.h>
#include <string.h>

char *token_good(enum mint_algorithm algorithm)
{
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token(fixture_mint(algorithm), payload);

    free(payload);
    return token;
}

void token_expect(char *token, int error)
{
    struct claims claims;
    char *kept = fixture_format("%s", token);
    int rc = fixture_verify(token, &claims);

    if (rc != -error)
        print_error("%.300s\n", kept);
    free(kept);
    assert_int_equal(rc, -error);
}

void token_expect_header(enum mint_algorithm signer, const char *header, int error)
{
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token_with(fixture_mint(signer), header, payload, strlen(payload));

    free(payload);
    token_expect(token, error);
}

void token_expect_more(const char *members, int error)
{
    char *header = fixture_format("{\"alg\":\"ES256\",\"kid\":\"key-ES256\"%s}", members);

    token_expect_header(MINT_ES256, header, error);
    free(header);
}

void token_expect_payload(const char *payload, size_t size, int error)
{
    token_expect(mint_token_with(fixture_mint(MINT_ES256),
                                 "{\"alg\":\"ES256\",\"kid\":\"key-ES256\"}", payload, size),
                 error);
}
