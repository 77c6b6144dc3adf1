// SPDX-License-Identifier: MIT
/* Tokens rightly signed over any header and payload, and what must come of them: this ERROR_x, or 0
 * for accepted. */
#ifndef TESTS_UNIT_DAEMON_AUTH_TOKEN_EXPECT_H
#define TESTS_UNIT_DAEMON_AUTH_TOKEN_EXPECT_H

#include "tests/unit/daemon/auth/fixture.h"

/* The usual token; the caller frees it. */
char *token_good(enum mint_algorithm algorithm);

/* This token, which is taken. */
void token_expect(char *token, int error);

/* This header over the usual payload. */
void token_expect_header(enum mint_algorithm signer, const char *header, int error);

/* A header of the ES256 key with these members more, each after a comma, over the usual payload. */
void token_expect_more(const char *members, int error);

/* The usual header of the ES256 key over these bytes. */
void token_expect_payload(const char *payload, size_t size, int error);

#endif
