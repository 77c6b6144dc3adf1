// SPDX-License-Identifier: MIT
#include "daemon/store/counts.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

struct tenant_counts {
    struct table_link link;
    struct uuid tenant_id;
    struct store_counts counts;
};

int counts_init(struct counts *counts)
{
    return table_init(&counts->tenants, 64);
}

void counts_release(struct counts *counts)
{
    struct table_link *link;

    while (counts->tenants.buckets && (link = table_each(&counts->tenants, NULL))) {
        table_remove(&counts->tenants, link);
        free(TABLE_ENTRY(link, struct tenant_counts, link));
    }
    table_release(&counts->tenants);
}

static struct tenant_counts *find(const struct counts *counts, const struct uuid *tenant_id)
{
    struct table_link *link = table_find(&counts->tenants, table_hash_uuid(tenant_id));

    for (; link; link = table_find_next(link)) {
        struct tenant_counts *tenant = TABLE_ENTRY(link, struct tenant_counts, link);
        if (uuid_equal(&tenant->tenant_id, tenant_id)) {
            return tenant;
        }
    }
    return NULL;
}

int counts_add(struct counts *counts, const struct uuid *tenant_id,
               const enum operation_stage *stage, int64_t number)
{
    struct tenant_counts *tenant = find(counts, tenant_id);

    if (!tenant) {
        tenant = calloc(1, sizeof *tenant);
        if (!tenant) {
            return -ERROR_MEMORY;
        }
        tenant->tenant_id = *tenant_id;
        table_insert(&counts->tenants, &tenant->link, table_hash_uuid(tenant_id));
    }
    *(stage ? &tenant->counts.of[*stage] : &tenant->counts.overdue) += number;
    return 0;
}

int counts_move(struct counts *counts, const struct uuid *tenant_id, const struct counted *was,
                struct counted is)
{
    int rc = was ? counts_add(counts, tenant_id, &was->stage, -1) : 0;

    if (!rc) {
        rc = counts_add(counts, tenant_id, &is.stage, 1);
    }
    if (!rc && is.is_overdue != (was && was->is_overdue)) {
        rc = counts_add(counts, tenant_id, NULL, is.is_overdue ? 1 : -1);
    }
    return rc;
}

struct store_counts counts_of(const struct counts *counts, const struct uuid *tenant_id)
{
    struct tenant_counts *tenant = find(counts, tenant_id);

    return tenant ? tenant->counts : (struct store_counts){0};
}

int counts_each(const struct counts *counts, store_tenant_visitor visit, void *argument)
{
    struct table_link *link = table_each(&counts->tenants, NULL);
    int rc = 0;

    for (; link && rc == 0; link = table_each(&counts->tenants, link)) {
        struct tenant_counts *tenant = TABLE_ENTRY(link, struct tenant_counts, link);
        rc = visit(argument, &tenant->tenant_id, &tenant->counts);
    }
    return rc;
}
