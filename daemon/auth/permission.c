// SPDX-License-Identifier: MIT
#include "daemon/auth/permission.h"

#include <assert.h>

#include "schemas/base/errors.h"

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
    [REQUEST_KIND_PING] = {"Says that the service is there, and nothing about anybody.",
                           .is_open = true},
};

const struct permission *permission_of(enum request_kind request)
{
    assert((unsigned)request < REQUEST_KIND_COUNT);
    return &rows[request];
}

int permission_check(enum request_kind request, const struct claims *claims,
                     const struct permission_options *options)
{
    const struct permission *row = permission_of(request);
    uint32_t opening = row->scopes.bits;

    if (row->is_open)
        return 0;
    if (!claims)
        return -ERROR_TOKEN_MISSING;
    if (!claims->is_delegated)
        return -ERROR_APPLICATION_TOKEN;
    if (options->admit_read_write_all)
        opening |= row->configured_scopes.bits;
    return (claims->scopes.bits & opening) != 0 ? 0 : -ERROR_SCOPE_MISSING;
}
