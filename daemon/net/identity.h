// SPDX-License-Identifier: MIT
/* The owner of a CURVE key that exportd admits: its name, its roles and the tenants it is limited
 * to. Handed out const and borrowed from the table that it is in (identities.h). */
#ifndef DAEMON_NET_IDENTITY_H
#define DAEMON_NET_IDENTITY_H

#include "schemas/base/certificate.h"
#include "schemas/base/table.h"

struct identity {
    struct table_link by_key;
    struct table_link by_name;
    char *file;                     /* its name in the directory; owned by the table */
    struct certificate certificate; /* with a name and roles, without a secret key */
};

static inline const char *identity_name(const struct identity *identity)
{
    return identity->certificate.name;
}

bool identity_has_role(const struct identity *identity, enum role role);

/* Whether it has any of a set of roles. */
bool identity_has_any_role(const struct identity *identity, uint32_t roles);

/* Whether it may have to do with a tenant: it names the tenant, or names none. */
bool identity_serves_tenant(const struct identity *identity, const struct uuid *tenant_id);

/* Whether key, name, roles and tenants are the same. */
bool identity_is_same(const struct identity *a, const struct identity *b);

#endif
