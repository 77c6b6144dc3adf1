// SPDX-License-Identifier: MIT
/* Keys, a key set file, rules and tokens for the tests of daemon/auth. All of it is made when first
 * asked for and lasts until fixture_release. */
#ifndef TESTS_UNIT_DAEMON_AUTH_FIXTURE_H
#define TESTS_UNIT_DAEMON_AUTH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/auth/token.h"
#include "schemas/base/errors.h"
#include "tests/support/token_mint.h"

#define NOW_SECONDS  1800000000
#define NOW          ((struct wall){(int64_t)NOW_SECONDS * 1000})
#define TENANT       "7c0a2f4e-1b3d-4c5e-8f90-a1b2c3d4e5f6"
#define OTHER_TENANT "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
#define PERSON       "0f9e8d7c-6b5a-4938-8271-60514233a4b5"
#define PERSONAL     "9188040d-6c67-4c5b-b112-36a304b66dad"
#define READ_ALL     "CrossTenantUserProfileSharing.Read.All"
#define READ_WRITE   "CrossTenantUserProfileSharing.ReadWrite.All"

/* One signing key an algorithm; the kid is "key-" and the algorithm's name. */
struct mint *fixture_mint(enum mint_algorithm algorithm);

/* The set of those keys, and rules with the issuer pattern, the audience and 60 s skew. */
const struct key_set *fixture_keys(void);
const struct token_rules *fixture_rules(void);

/* A path for a file in a directory of this test alone; the caller frees it. */
char *fixture_path(const char *name);

/* Writes a file into that directory and loads it as a key set; the result is key_set_load's. */
int fixture_load(const char *content, struct key_set **set, char message[KEY_SET_MESSAGE_BYTES]);

/* The usual payload with one member replaced by this JSON value, or left out when it is NULL. */
char *fixture_payload(const char *member, const char *json_value);

/* As printf writes it; the caller frees it. */
char *fixture_format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* Verifies with the fixture's keys and rules at NOW and frees the token. */
int fixture_verify(char *token, struct claims *claims);

/* Group teardown: removes everything. */
int fixture_release(void **state);

#endif
