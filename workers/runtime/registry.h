// SPDX-License-Identifier: MIT
/* The registry of inbound shared user profiles, read with the operator's statement. A job carries
 * ids only; the rest is looked up here, anew for each attempt, and once more before its bundle is
 * published. Any thread. */
#ifndef WORKERS_RUNTIME_REGISTRY_H
#define WORKERS_RUNTIME_REGISTRY_H

#include "workers/runtime/settings.h"

#define REGISTRY_NAME_BYTES                                                                        \
    320 /* code points of a user principal name; a display name has fewer                          \
         */
#define REGISTRY_TEXT_BYTES (REGISTRY_NAME_BYTES * 4 + 1)

struct registry_profile {
    struct uuid home_tenant_id;
    char user_principal_name[REGISTRY_TEXT_BYTES];
    char display_name[REGISTRY_TEXT_BYTES];
};

/* Opens and prepares once. -ERROR_CONFIGURATION with *problem, whose key is one of the registry's.
 */
int registry_check(const struct registry_settings *settings, struct source_problem *problem);

/* -ERROR_NOT_FOUND; -ERROR_REGISTRY when it cannot be read now, for want of memory too;
 * -ERROR_DAMAGED when what it holds is no profile, or more than one; -ERROR_CANCELLED soon after
 * *stop became other than zero. */
int registry_find(const struct registry_settings *settings, const struct uuid *tenant_id,
                  const struct uuid *user_id, const atomic_int *stop,
                  struct registry_profile *profile);

#endif
