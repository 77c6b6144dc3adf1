// SPDX-License-Identifier: MIT
/* Access tokens: JWT (RFC 7519) by the rules of RFC 8725, with the claims of the Microsoft identity
 * platform. Everything that says who is calling (401) is decided before what the caller may do
 * (403). */
#ifndef DAEMON_AUTH_TOKEN_H
#define DAEMON_AUTH_TOKEN_H

#include "daemon/auth/claims.h"
#include "daemon/auth/key_set.h"

#define TOKEN_SKEW_SECONDS_MOST 300

/* The longest chain of actors, the current one included. */
#define TOKEN_ACTORS_MOST 4

/* Which tokens are for us. All texts are borrowed for as long as the rules are used. */
struct token_rules {
    const struct text *issuers; /* exact names, or patterns with {tid}: see issuer.h */
    size_t issuer_count;
    const struct text *audiences; /* exact names of this service */
    size_t audience_count;
    struct text approver_scope; /* the name of SCOPE_APPROVER; empty: nobody holds it */
    uint32_t skew_seconds;      /* how far clocks may differ, at most TOKEN_SKEW_SECONDS_MOST */
    const struct uuid *roles;   /* one of them must be in wids; none: roles do not matter */
    size_t role_count;
};

/* 0, or -ERROR_CONFIGURATION when a token could never be accepted or the skew is too large. */
int token_rules_check(const struct token_rules *rules);

/* Whether a role is one of the required ones. */
bool token_rules_name_role(const struct token_rules *rules, const struct uuid *role);

/* Verifies a token; *claims is written on success only. The rules must have passed
 * token_rules_check. In this order:
 *   as jws_open
 *   -ERROR_TOKEN_TOO_DEEP, _DUPLICATE_MEMBER, _PAYLOAD   the payload is one bounded JSON object
 *   -ERROR_TOKEN_EXPIRY           exp is absent or no integer from 1 to 2^53
 *   -ERROR_TOKEN_START            nbf or iat is no integer from 0 to 2^53
 *   -ERROR_TOKEN_EXPIRED          now >= exp + skew
 *   -ERROR_TOKEN_NOT_YET_VALID    now < nbf - skew or now < iat - skew
 *   -ERROR_TOKEN_TENANT           tid is no GUID
 *   -ERROR_TOKEN_ISSUER           iss is not one of ours for this tid
 *   -ERROR_TOKEN_KEY_ISSUER       iss is not the one that the key is bound to
 *   -ERROR_PERSONAL_ACCOUNT       tid is the tenant of all personal accounts
 *   -ERROR_TOKEN_KIND, _SCOPES    idtyp, scp has a wrong form
 *   -ERROR_TOKEN_PERSON           oid of a delegated token is no GUID
 *   -ERROR_TOKEN_ACTOR            act or may_act has a wrong form, see below
 *   -ERROR_TOKEN_AUDIENCE         aud is not, or does not hold, one of ours
 *   -ERROR_APPLICATION_TOKEN      idtyp is "app", or scp is absent or empty
 * -ERROR_MEMORY may take the place of any of them.
 *
 * Delegation (RFC 8693 section 4.1): scp and oid decide, and whoever issued the token has put no
 * more into them than both the person and the actor may do. So act adds no right and takes none; a
 * chain is refused when it is longer than TOKEN_ACTORS_MOST, when a link of it names nobody (a text
 * sub, oid, azp, appid or client_id), or when a link is of another tenant or issuer than the token.
 * may_act speaks to issuers and must only be an object. */
int token_verify(const struct token_rules *rules, const struct key_set *set, struct text token,
                 struct wall now, struct claims *claims);

#endif
