// SPDX-License-Identifier: MIT
/* The decision whether a caller may send a request, by the table of schemas/permission.h. */
#ifndef DAEMON_AUTH_PERMISSION_H
#define DAEMON_AUTH_PERMISSION_H

#include "daemon/auth/claims.h"
#include "schemas/permission.h"

struct permission_options {
    bool admit_read_write_all; /* CrossTenantUserProfileSharing.ReadWrite.All opens these too */
    const struct wire_list
        *operators; /* of struct exportd_configuration_permissions_operators; borrowed */
};

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
