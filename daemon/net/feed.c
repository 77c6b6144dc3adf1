// SPDX-License-Identifier: MIT
#include "daemon/net/feed.h"

bool feed_serves_tenant(const struct feed *feed, const struct uuid *tenant_id)
{
    for (uint32_t i = 0; i < feed->tenant_count; i++) {
        if (uuid_equal(&feed->tenants[i], tenant_id)) {
            return true;
        }
    }
    return false;
}

bool feed_names_identity(const struct feed *feed, struct text name)
{
    for (uint32_t i = 0; i < feed->identity_count; i++) {
        if (text_equal(feed->identities[i], name)) {
            return true;
        }
    }
    return false;
}
