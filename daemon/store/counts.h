// SPDX-License-Identifier: MIT
/* How many operations each tenant has in each stage, kept as the events come. */
#ifndef DAEMON_STORE_COUNTS_H
#define DAEMON_STORE_COUNTS_H

#include "daemon/store/store.h"
#include "schemas/base/table.h"

struct counts {
    struct table tenants;
};

/* As what an operation is counted. */
struct counted {
    enum operation_stage stage;
    bool is_overdue; /* and not ended */
};

static inline struct counted counted_as(const struct record *record)
{
    return (struct counted){record->stage, record->overdue.ms != 0 && !record_is_terminal(record)};
}

int counts_init(struct counts *counts); /* -ERROR_MEMORY */
void counts_release(struct counts *counts);

/* Adds to the number of a stage, or with NULL to that of the overdue. -ERROR_MEMORY. */
int counts_add(struct counts *counts, const struct uuid *tenant_id,
               const enum operation_stage *stage, int64_t number);

/* One operation that was counted as was (NULL: not at all) is now to be counted as is. */
int counts_move(struct counts *counts, const struct uuid *tenant_id, const struct counted *was,
                struct counted is);

/* All zero for a tenant that has none. */
struct store_counts counts_of(const struct counts *counts, const struct uuid *tenant_id);

int counts_each(const struct counts *counts, store_tenant_visitor visit, void *argument);

#endif
