// SPDX-License-Identifier: MIT
/* How many operations each tenant has in each stage, kept as the events come. */
#ifndef DAEMON_STORE_COUNTS_H
#define DAEMON_STORE_COUNTS_H

#include "daemon/store/store.h"
#include "schemas/base/table.h"

struct counts {
    struct table tenants;
};

int counts_init(struct counts *counts); /* -ERROR_MEMORY */
void counts_release(struct counts *counts);

/* Adds to one number. -ERROR_MEMORY. */
int counts_add(struct counts *counts, const struct uuid *tenant_id, enum operation_stage stage,
               int64_t number);

/* All zero for a tenant that has none. */
struct store_counts counts_of(const struct counts *counts, const struct uuid *tenant_id);

int counts_each(const struct counts *counts, store_tenant_visitor visit, void *argument);

#endif
