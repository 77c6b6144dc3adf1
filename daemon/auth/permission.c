// SPDX-License-Identifier: MIT
#include "daemon/auth/permission.h"

#include "schemas/base/errors.h"
#include "schemas/codec/codec.h"

static bool is_operator(const struct claims *claims, const struct wire_list *operators)
{
    struct exportd_configuration_permissions_operators row;

    for (uint32_t i = 0; operators && i < operators->count; i++) {
        codec_item(operators, i, &row);
        if (uuid_equal(&row.tenant_id, &claims->tenant_id) &&
            uuid_equal(&row.object_id, &claims->object_id))
            return true;
    }
    return false;
}

int permission_check(enum request_kind request, const struct claims *claims,
                     const struct permission_options *options)
{
    const struct permission *row = permission_of(request);
    uint32_t opening = row->scopes.bits;

    if (options->admit_read_write_all)
        opening |= row->configured_scopes.bits;
    if (row->is_open)
        return 0;
    if (!claims)
        return -ERROR_TOKEN_MISSING;
    if (!claims->is_delegated)
        return -ERROR_APPLICATION_TOKEN;
    if (row->needs_operator && !is_operator(claims, options->operators))
        return -ERROR_OPERATOR_NEEDED;
    if (!row->needs_operator && (claims->scopes.bits & opening) == 0)
        return -ERROR_SCOPE_MISSING;
    return claims->lacks_role ? -ERROR_ROLE_MISSING : 0;
}
