// SPDX-License-Identifier: MIT
/* What an identity, the owner of a CURVE key, may be to exportd. Which of its sockets a role opens
 * is said in daemon/net/admission.h. */
#ifndef SCHEMAS_BASE_ROLE_H
#define SCHEMAS_BASE_ROLE_H

#include "schemas/base/text.h"

enum role {
    ROLE_CLIENT,
    ROLE_VOUCHES,
    ROLE_WORKER,
    ROLE_SUBSCRIBER,
    ROLE_OPERATOR,
    ROLE_COUNT,
};

/* A set of roles has this bit for each of them. */
#define ROLE_BIT(role) (1U << (role))

/* "client, vouches, worker, subscriber, operator", for errors. */
#define ROLE_NAMES "client, vouches, worker, subscriber, operator"

struct role_row {
    const char *name;
    const char *documentation;
};

const struct role_row *role_row(enum role role);

/* Reads "client, operator" into a set; -ERROR_FIELD_VALUE when the list is empty or names something
 * else, or one twice. */
int roles_parse(struct text list, uint32_t *roles);

#endif
