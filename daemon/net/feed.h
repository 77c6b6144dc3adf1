// SPDX-License-Identifier: MIT
/* A feed: a status endpoint of its own for some tenants' events, for the identities that it names.
 * Everything is borrowed from whoever made it, for as long as it is used. */
#ifndef DAEMON_NET_FEED_H
#define DAEMON_NET_FEED_H

#include "schemas/base/uuid.h"

struct feed {
    struct text name;
    struct text endpoint;
    const struct uuid *tenants;
    uint32_t tenant_count;
    const struct text *identities; /* names */
    uint32_t identity_count;
};

bool feed_serves_tenant(const struct feed *feed, const struct uuid *tenant_id);
bool feed_names_identity(const struct feed *feed, struct text name);

#endif
