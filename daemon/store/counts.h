// SPDX-License-Identifier: MIT
/* How many operations each tenant has in each stage, kept as the events come. */
#ifndef DAEMON_STORE_COUNTS_H
#define DAEMON_STORE_COUNTS_H

#include "daemon/store/store.h"
#include "schemas/base/table.h"

struct counts_tenant {
    struct table_link link;
    struct uuid tenant_id;
    struct store_counts now;
    struct store_counts in_view; /* of the operations as the view has them */
    struct store_counts written; /* what the view's table of counts says */
    struct counts_tenant *next_changed;
    bool is_changed; /* in_view is not what is written; it is in the list of those */
};

struct counts {
    struct table tenants;
    struct counts_tenant *changed;
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

/* The tenant, made when it is new; it stays where it is as long as the counts. NULL when there is
 * no memory. */
struct counts_tenant *counts_tenant(struct counts *counts, const struct uuid *tenant_id);

/* One operation that was counted as was (NULL: not at all) is now to be counted as is. */
void counts_move(struct store_counts *counts, const struct counted *was, struct counted is);

/* The same of the operations in the view. */
void counts_move_in_view(struct counts *counts, struct counts_tenant *tenant,
                         const struct counted *was, struct counted is);

/* Takes one of the tenants whose in_view has changed; NULL when there is none. */
struct counts_tenant *counts_take_changed(struct counts *counts);

/* All zero for a tenant that has none. */
struct store_counts counts_of(const struct counts *counts, const struct uuid *tenant_id);

int counts_each(const struct counts *counts, store_tenant_visitor visit, void *argument);

#endif
