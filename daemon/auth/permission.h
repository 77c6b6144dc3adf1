// SPDX-License-Identifier: MIT
/* Who may send which request: one table, a row a request, decided by rows and never by what the
 * names of scopes suggest. The permission that starts an operation also reads its status. */
#ifndef DAEMON_AUTH_PERMISSION_H
#define DAEMON_AUTH_PERMISSION_H

#include "daemon/auth/claims.h"
#include "schemas/messages.h"

struct permission {
    const char *documentation;
    bool is_open;                       /* anybody may send it, without a token */
    bool needs_operator;                /* a person whom the configuration names; scopes do not
                                           matter then */
    struct scope_set scopes;            /* any one of these opens it */
    struct scope_set configured_scopes; /* and of these, when the configuration admits them */
};

struct permission_options {
    bool admit_read_write_all; /* CrossTenantUserProfileSharing.ReadWrite.All opens these too */
    const struct wire_list
        *operators; /* of struct exportd_configuration_permissions_operators; borrowed */
};

/* Borrows the row of a request, for listings. */
const struct permission *permission_of(enum request_kind request);

/* 0 when the caller may send the request. claims is NULL when it came without a token. A request
 * that has no row yet is opened by nothing.
 *   -ERROR_TOKEN_MISSING       a token is needed
 *   -ERROR_APPLICATION_TOKEN   the caller is no person
 *   -ERROR_OPERATOR_NEEDED     the caller is not named as an operator
 *   -ERROR_SCOPE_MISSING       no scope of the caller opens the request
 *   -ERROR_ROLE_MISSING        roles are required, and the caller has none of them */
int permission_check(enum request_kind request, const struct claims *claims,
                     const struct permission_options *options);

#endif
