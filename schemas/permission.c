// SPDX-License-Identifier: MIT
#include "schemas/permission.h"

#include <assert.h>

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
    [REQUEST_KIND_APPROVE_OPERATION] =
        {"Lets an operation go on that somebody else of the tenant requested: for approvers.",
         .scopes = {1U << SCOPE_APPROVER}},
    [REQUEST_KIND_DENY_OPERATION] =
        {"Ends an operation that somebody else of the tenant requested: for approvers.",
         .scopes = {1U << SCOPE_APPROVER}},
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

const char permission_rules[] =
    "A request that is not open needs a token, of a person (delegated) with a work or school "
    "account.\n"
    "CrossTenantUserProfileSharing.ReadWrite.All counts only where "
    "permissions.admit_read_write_all says so.\n"
    "Where permissions.required_roles lists any, the person must hold one of those roles as well.\n"
    "The tenant is the token's, and what belongs to another tenant is not found.\n";
