// SPDX-License-Identifier: MIT
#include "daemon/policy.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

struct tenant_policy {
    struct table_link link;
    struct uuid tenant_id;
    struct policy policy;
};

static struct tenant_policy *find(const struct policies *policies, const struct uuid *tenant_id)
{
    struct table_link *link = table_find(&policies->tenants, table_hash_uuid(tenant_id));

    for (; link; link = table_find_next(link)) {
        struct tenant_policy *tenant = TABLE_ENTRY(link, struct tenant_policy, link);
        if (uuid_equal(&tenant->tenant_id, tenant_id)) {
            return tenant;
        }
    }
    return NULL;
}

/* The tenant's own policy, made from the standard one the first time; NULL without memory. */
static struct policy *own(struct policies *policies, const struct uuid *tenant_id)
{
    struct tenant_policy *tenant = find(policies, tenant_id);

    if (!tenant && (tenant = calloc(1, sizeof *tenant))) {
        tenant->tenant_id = *tenant_id;
        tenant->policy = policies->standard;
        table_insert(&policies->tenants, &tenant->link, table_hash_uuid(tenant_id));
    }
    return tenant ? &tenant->policy : NULL;
}

static enum operation_approval approval_of(bool is_manual)
{
    return is_manual ? OPERATION_APPROVAL_MANUAL : OPERATION_APPROVAL_AUTOMATIC;
}

static int take_approvals(struct policies *policies,
                          const struct exportd_configuration_operations *values)
{
    struct exportd_configuration_operations_tenants tenant;
    struct policy *policy;

    for (uint32_t i = 0; i < values->tenants.count; i++) {
        codec_item(&values->tenants, i, &tenant);
        policy = own(policies, &tenant.tenant_id);
        if (!policy) {
            return -ERROR_MEMORY;
        }
        policy->approval = approval_of(tenant.approval ==
                                       EXPORTD_CONFIGURATION_OPERATIONS_TENANTS_APPROVAL_MANUAL);
    }
    return 0;
}

static int take_limits(struct policies *policies, const struct exportd_configuration_limits *values)
{
    struct exportd_configuration_limits_tenants tenant;
    struct policy *policy;

    for (uint32_t i = 0; i < values->tenants.count; i++) {
        codec_item(&values->tenants, i, &tenant);
        policy = own(policies, &tenant.tenant_id);
        if (!policy) {
            return -ERROR_MEMORY;
        }
        if (tenant.has_exports_per_day) {
            policy->exports_per_day = tenant.exports_per_day;
        }
        if (tenant.has_exports_per_day_of_subject) {
            policy->exports_per_day_of_subject = tenant.exports_per_day_of_subject;
        }
        if (tenant.has_requests_per_hour) {
            policy->requests_per_hour = tenant.requests_per_hour;
        }
        policies->limits_exports |=
            policy->exports_per_day > 0 || policy->exports_per_day_of_subject > 0;
    }
    return 0;
}

int policies_init(struct policies *policies, const struct exportd_configuration *values)
{
    const struct exportd_configuration_limits *limits = &values->limits;
    int rc;

    *policies = (struct policies){
        .standard = {.approval = approval_of(values->operations.approval ==
                                             EXPORTD_CONFIGURATION_OPERATIONS_APPROVAL_MANUAL),
                     .exports_per_day = limits->exports_per_day,
                     .exports_per_day_of_subject = limits->exports_per_day_of_subject,
                     .requests_per_hour = limits->requests_per_hour},
        .limits_exports = limits->exports_per_day > 0 || limits->exports_per_day_of_subject > 0};
    if (table_init(&policies->tenants, 16)) {
        return -ERROR_MEMORY;
    }
    rc = take_approvals(policies, &values->operations);
    return rc ? rc : take_limits(policies, limits);
}

void policies_release(struct policies *policies)
{
    struct table_link *link;

    while (policies->tenants.buckets && (link = table_each(&policies->tenants, NULL))) {
        table_remove(&policies->tenants, link);
        free(TABLE_ENTRY(link, struct tenant_policy, link));
    }
    table_release(&policies->tenants);
}

const struct policy *policy_of(const struct policies *policies, const struct uuid *tenant_id)
{
    const struct tenant_policy *tenant =
        policies->tenants.count > 0 ? find(policies, tenant_id) : NULL;

    return tenant ? &tenant->policy : &policies->standard;
}
