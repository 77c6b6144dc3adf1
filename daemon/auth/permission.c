// SPDX-License-Identifier: MIT
#include "daemon/auth/permission.h"

#include <assert.h>

#include "schemas/base/errors.h"
#include "schemas/codec/codec.h"

#define GUARDED .scopes = {1U << SCOPE_READ_ALL}, .configured_scopes = {1U << SCOPE_READ_WRITE_ALL}

/* The zero row is closed, so a kind of request that nobody gave a row is too. */
static const struct permission rows[REQUEST_KIND_COUNT] = {
    [REQUEST_KIND_EXPORT_PERSONAL_DATA] =
        {"Starts an export. Plain Read does not open it, although its description says so.",
         GUARDED},
    [REQUEST_KIND_GET_OPERATION] = {"One operation: what starts it also reads it.", GUARDED},
    [REQUEST_KIND_LIST_OPERATIONS] = {"The operations of the caller's tenant: likewise.", GUARDED},
    [REQUEST_KIND_GET_PROFILE] = {"One inbound shared user profile of the caller's tenant.",
                                  GUARDED},
    [REQUEST_KIND_LIST_PROFILES] = {"The inbound shared user profiles of the caller's tenant.",
                                    GUARDED},
    [REQUEST_KIND_EVENTS_SINCE] = {"Events of the caller's tenant that a subscriber missed.",
                                   GUARDED},
    [REQUEST_KIND_GET_STATISTICS] = {"Counts of the caller's tenant.", GUARDED},
    [REQUEST_KIND_RETRY_OPERATION] = {"Starts an export again that failed: as the first time.",
                                      GUARDED},
    [REQUEST_KIND_EXPLAIN_OPERATION] = {"Why an operation is as it is: as reading it.", GUARDED},
    [REQUEST_KIND_CANCEL_OPERATION] =
        {"Ends an operation: for the person who requested it, and for approvers of the tenant.",
         .scopes = {1U << SCOPE_READ_ALL | 1U << SCOPE_APPROVER},
         .configured_scopes = {1U << SCOPE_READ_WRITE_ALL}},
    [REQUEST_KIND_PAUSE_DISPATCH] = {"Stops the offers, of a tenant or of all.",
                                     .needs_operator = true},
    [REQUEST_KIND_RESUME_DISPATCH] = {"Ends a pause.", .needs_operator = true},
    [REQUEST_KIND_GET_PAUSES] = {"What is paused.", .needs_operator = true},
    [REQUEST_KIND_PING] = {"Says that the service is there, and nothing about anybody.",
                           .is_open = true},
};

const struct permission *permission_of(enum request_kind request)
{
    assert((unsigned)request < REQUEST_KIND_COUNT);
    return &rows[request];
}

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
