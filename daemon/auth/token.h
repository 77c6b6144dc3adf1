// SPDX-License-Identifier: MIT
/* Access tokens: JWT (RFC 7519) by the rules of RFC 8725, with the claims of the Microsoft identity
 * platform. Everything that says who is calling (401) is decided before what the caller may do
 * (403). */
#ifndef DAEMON_AUTH_TOKEN_H
#define DAEMON_AUTH_TOKEN_H

#include "daemon/auth/claims.h"
#include "daemon/auth/key_set.h"

#define TOKEN_SKEW_SECONDS_MOST 300

/* Which tokens are for us. All texts are borrowed for as long as the rules are used. */
struct token_rules {
    const struct text *issuers; /* exact names, or patterns with {tid}: see issuer.h */
    size_t issuer_count;
    const struct text *audiences; /* exact names of this service */
    size_t audience_count;
    struct text approver_scope; /* the name of SCOPE_APPROVER; empty: nobody holds it */
    uint32_t skew_seconds;      /* how far clocks may differ, at most TOKEN_SKEW_SECONDS_MOST */
};

/* 0, or -ERROR_CONFIGURATION when a token could never be accepted or the skew is too large. */
int token_rules_check(const struct token_rules *rules);

/* Verifies a token; *claims is written on success only. The rules must have passed
 * token_rules_check. In this order: -ERROR_TOKEN_MALFORMED, _ALGORITHM, _KEY, _SIGNATURE   as
 * jws_open; the payload is read last -ERROR_TOKEN_CLAIMS           exp is absent; exp, nbf or iat
 * is no integer from 1 (0) to 2^53 -ERROR_TOKEN_EXPIRED          now >= exp + skew
 *   -ERROR_TOKEN_NOT_YET_VALID    now < nbf - skew or now < iat - skew
 *   -ERROR_TOKEN_CLAIMS           tid is no GUID
 *   -ERROR_TOKEN_ISSUER           iss is not one of ours for this tid, or not the one of the key
 *   -ERROR_PERSONAL_ACCOUNT       tid is the tenant of all personal accounts
 *   -ERROR_TOKEN_CLAIMS           idtyp or scp has a wrong form; oid of a delegated token is no
 * GUID -ERROR_TOKEN_AUDIENCE         aud is not, or does not hold, one of ours
 *   -ERROR_APPLICATION_TOKEN      idtyp is "app", or scp is absent or empty
 * -ERROR_MEMORY may take the place of any of them. */
int token_verify(const struct token_rules *rules, const struct key_set *set, struct text token,
                 struct wall now, struct claims *claims);

#endif
