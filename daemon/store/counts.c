// SPDX-License-Identifier: MIT
#include "daemon/store/counts.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

int counts_init(struct counts *counts)
{
    *counts = (struct counts){0};
    return table_init(&counts->tenants, 64);
}

void counts_release(struct counts *counts)
{
    struct table_link *link;

    while (counts->tenants.buckets && (link = table_each(&counts->tenants, NULL))) {
        table_remove(&counts->tenants, link);
        free(TABLE_ENTRY(link, struct counts_tenant, link));
    }
    table_release(&counts->tenants);
}

static struct counts_tenant *find(const struct counts *counts, const struct uuid *tenant_id)
{
    struct table_link *link = table_find(&counts->tenants, table_hash_uuid(tenant_id));

    for (; link; link = table_find_next(link)) {
        struct counts_tenant *tenant = TABLE_ENTRY(link, struct counts_tenant, link);
        if (uuid_equal(&tenant->tenant_id, tenant_id)) {
            return tenant;
        }
    }
    return NULL;
}

struct counts_tenant *counts_tenant(struct counts *counts, const struct uuid *tenant_id)
{
    struct counts_tenant *tenant = find(counts, tenant_id);

    if (tenant) {
        return tenant;
    }
    tenant = calloc(1, sizeof *tenant);
    if (tenant) {
        tenant->tenant_id = *tenant_id;
        table_insert(&counts->tenants, &tenant->link, table_hash_uuid(tenant_id));
    }
    return tenant;
}

void counts_move(struct store_counts *counts, const struct counted *was, struct counted is)
{
    if (was) {
        counts->of[was->stage]--;
        counts->overdue -= was->is_overdue;
    }
    counts->of[is.stage]++;
    counts->overdue += is.is_overdue;
}

void counts_move_in_view(struct counts *counts, struct counts_tenant *tenant,
                         const struct counted *was, struct counted is)
{
    counts_move(&tenant->in_view, was, is);
    if (!tenant->is_changed) {
        tenant->is_changed = true;
        tenant->next_changed = counts->changed;
        counts->changed = tenant;
    }
}

struct counts_tenant *counts_take_changed(struct counts *counts)
{
    struct counts_tenant *tenant = counts->changed;

    if (tenant) {
        counts->changed = tenant->next_changed;
        tenant->is_changed = false;
    }
    return tenant;
}

struct store_counts counts_of(const struct counts *counts, const struct uuid *tenant_id)
{
    struct counts_tenant *tenant = find(counts, tenant_id);

    return tenant ? tenant->now : (struct store_counts){0};
}

int counts_each(const struct counts *counts, store_tenant_visitor visit, void *argument)
{
    struct table_link *link = table_each(&counts->tenants, NULL);
    int rc = 0;

    for (; link && rc == 0; link = table_each(&counts->tenants, link)) {
        struct counts_tenant *tenant = TABLE_ENTRY(link, struct counts_tenant, link);
        rc = visit(argument, &tenant->tenant_id, &tenant->now);
    }
    return rc;
}
