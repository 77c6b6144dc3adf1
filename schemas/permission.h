// SPDX-License-Identifier: MIT
/* Who may send which request: one table, a row a request, decided by rows and never by what the
 * names of scopes suggest. The permission that starts an operation also reads its status. The
 * daemon decides by these rows (daemon/auth/permission.h), exportctl prints them. */
#ifndef SCHEMAS_PERMISSION_H
#define SCHEMAS_PERMISSION_H

#include "schemas/messages.h"
#include "schemas/scope.h"

struct permission {
    const char *documentation;
    bool is_open;                       /* anybody may send it, without a token */
    bool needs_operator;                /* a person whom the configuration names; scopes do not
                                           matter then */
    struct scope_set scopes;            /* any one of these opens it */
    struct scope_set configured_scopes; /* and of these, when the configuration admits them */
};

/* Borrows the row of a request. */
const struct permission *permission_of(enum request_kind request);

/* The sentences that hold for every row that is not open, one a line. */
extern const char permission_rules[];

#endif
