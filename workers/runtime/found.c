// SPDX-License-Identifier: MIT
#include "workers/runtime/found.h"

static struct bundle_identity *find(struct found *found, int64_t fence)
{
    for (size_t i = 0; i < FOUND_MAXIMUM; i++) {
        if (found->bundles[i].fence == fence)
            return &found->bundles[i];
    }
    return NULL;
}

bool found_add(struct found *found, const struct bundle_identity *bundle)
{
    const struct bundle_identity *asked = find(found, bundle->fence);

    if (asked)
        return identity_equal(asked, bundle);
    found->bundles[found->next++ % FOUND_MAXIMUM] = *bundle;
    return true;
}

bool found_take(struct found *found, int64_t fence, struct bundle_identity *bundle)
{
    struct bundle_identity *asked = find(found, fence);

    if (!asked)
        return false;
    *bundle = *asked;
    *asked = (struct bundle_identity){0};
    return true;
}
