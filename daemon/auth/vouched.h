// SPDX-License-Identifier: MIT
/* Claims that a peer has verified itself and vouches for, in place of a token. Whether the peer may
 * do that, and for which tenant, is decided before by those who know the peer. */
#ifndef DAEMON_AUTH_VOUCHED_H
#define DAEMON_AUTH_VOUCHED_H

#include "daemon/auth/token.h"
#include "schemas/messages.h"

/* Makes of them what a token that says the same makes; the rules must have passed
 * token_rules_check. *claims is written on success only. In this order:
 *   -ERROR_CLAIMS_EXPIRED      now >= exp + skew
 *   -ERROR_PERSONAL_ACCOUNT    tid is the tenant of all personal accounts
 *   -ERROR_APPLICATION_TOKEN   not delegated, or scp is empty */
int vouched_claims_check(const struct token_rules *rules, const struct vouched_claims *vouched,
                         struct wall now, struct claims *claims);

#endif
