// SPDX-License-Identifier: MIT
#include "daemon/net/identity.h"

#include <string.h>

bool identity_has_role(const struct identity *identity, enum role role)
{
    return identity_has_any_role(identity, ROLE_BIT(role));
}

bool identity_has_any_role(const struct identity *identity, uint32_t roles)
{
    return (identity->certificate.roles & roles) != 0;
}

bool identity_serves_tenant(const struct identity *identity, const struct uuid *tenant_id)
{
    const struct certificate *certificate = &identity->certificate;

    for (uint32_t i = 0; i < certificate->tenant_count; i++) {
        if (uuid_equal(&certificate->tenants[i], tenant_id)) {
            return true;
        }
    }
    return !certificate->has_tenants;
}

bool identity_is_same(const struct identity *a, const struct identity *b)
{
    const struct certificate *x = &a->certificate;
    const struct certificate *y = &b->certificate;

    if (strcmp(x->name, y->name) != 0 || strcmp(x->public_key, y->public_key) != 0 ||
        x->roles != y->roles || x->has_tenants != y->has_tenants ||
        x->tenant_count != y->tenant_count) {
        return false;
    }
    for (uint32_t i = 0; i < x->tenant_count; i++) {
        if (!identity_serves_tenant(b, &x->tenants[i])) {
            return false;
        }
    }
    return true;
}
