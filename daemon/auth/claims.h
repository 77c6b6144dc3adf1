// SPDX-License-Identifier: MIT
/* What a verified access token says about its caller: all that is decided by, and nothing else of
 * the token. A value; it borrows nothing. */
#ifndef DAEMON_AUTH_CLAIMS_H
#define DAEMON_AUTH_CLAIMS_H

#include "schemas/base/clock.h"
#include "schemas/base/uuid.h"
#include "schemas/scope.h"

#define CLAIMS_TOKEN_ID_BYTES 64

struct claims {
    struct uuid tenant_id;      /* tid: the resource tenant, the only place it comes from */
    struct uuid object_id;      /* oid: the person; with tenant_id the key of the caller */
    struct uuid application_id; /* azp or appid: the client, for the audit log */
    bool has_application_id;    /* false when the claim is absent or no GUID */
    bool is_delegated;          /* a person called through an application */
    bool has_actor;             /* somebody acts for the person, and is named by an object id */
    struct uuid actor_id;       /* act.oid, in the same tenant; whom to revoke, never a right */
    bool lacks_role;            /* roles are required, and the person has none of them */
    struct scope_set scopes;
    struct wall expires; /* exp */

    /* The token is good while valid_from <= now < valid_until; both include the clock skew. */
    struct wall valid_from;
    struct wall valid_until;

    /* uti, the token's own id, for the audit log: letters, digits, "-", "_" and "." only; empty
     * when it is absent or anything else. */
    char token_id[CLAIMS_TOKEN_ID_BYTES + 1];
};

/* Whether the tenant is the one that every personal Microsoft account has. */
bool claims_are_personal(const struct claims *claims);

/* Copies a token's own id when it is one that is kept; false, with nothing written, when not. */
bool claims_token_id_copy(struct text id, char token_id[CLAIMS_TOKEN_ID_BYTES + 1]);

#endif
