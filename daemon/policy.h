// SPDX-License-Identifier: MIT
/* What the configuration rules for each tenant: whether somebody must approve its operations, and
 * how much it may ask for. */
#ifndef DAEMON_POLICY_H
#define DAEMON_POLICY_H

#include "schemas/base/table.h"
#include "schemas/messages.h"

struct policy {
    enum operation_approval approval;
    int64_t exports_per_day; /* of limits 0 is none */
    int64_t exports_per_day_of_subject;
    int64_t requests_per_hour;
};

struct policies {
    struct policy standard; /* of every tenant that has none of its own */
    struct table tenants;
    bool limits_exports; /* of anybody */
};

/* Takes everything from the configuration; nothing of it is borrowed. -ERROR_MEMORY. */
int policies_init(struct policies *policies, const struct exportd_configuration *values);
void policies_release(struct policies *policies);

/* Of a tenant; borrowed. */
const struct policy *policy_of(const struct policies *policies, const struct uuid *tenant_id);

#endif
