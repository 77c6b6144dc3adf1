// SPDX-License-Identifier: MIT
/* The usual payload with changed members, rightly signed, and what must come of it. */
#ifndef TESTS_UNIT_DAEMON_AUTH_CLAIMS_EXPECT_H
#define TESTS_UNIT_DAEMON_AUTH_CLAIMS_EXPECT_H

#include "tests/unit/daemon/auth/fixture.h"

/* Signs the usual payload with one member changed, or left out when its JSON value is NULL, and
 * verifies it at NOW. The result is token_verify's, and so are the claims. */
int claims_verify(const char *member, const char *json_value, struct claims *claims);

/* The same, which must end with this ERROR_x, or be accepted when it is 0. */
void claims_expect(const char *member, const char *json_value, int error);

/* The same with two members changed; the second one is always there. */
void claims_expect_both(const char *member, const char *json_value, const char *second,
                        const char *second_json_value, int error);

#endif
