// SPDX-License-Identifier: MIT
/* Key sets that must be refused with ERROR_CONFIGURATION and a message that has this complaint. */
#ifndef TESTS_UNIT_DAEMON_AUTH_KEY_SET_EXPECT_H
#define TESTS_UNIT_DAEMON_AUTH_KEY_SET_EXPECT_H

#include "tests/unit/daemon/auth/fixture.h"

/* A file of this content, which is taken. */
void key_set_expect_refusal(char *content, const char *complaint);

/* A set of a good key and this JWK; the message must name the JWK's index too. */
void key_expect_refusal(const char *jwk, const char *complaint);

/* The same with the JWK of the fixture's key, one member of it changed, or left out when its JSON
 * value is NULL. */
void key_expect_member_refusal(enum mint_algorithm algorithm, const char *member,
                               const char *json_value, const char *complaint);

#endif
