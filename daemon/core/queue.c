// SPDX-License-Identifier: MIT
#include "daemon/core/queue.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

struct queue_tenant {
    struct table_link link;
    struct queue_tenant *next; /* in the ring; NULL when not in it */
    struct queue_tenant *previous;
    struct uuid id;
    int64_t weight;
    int64_t deficit; /* jobs left in this round */
    bool has_more;   /* operations queued in the store beyond the page */
    size_t first;    /* of a circular page */
    size_t count;
    struct queue_entry *page; /* QUEUE_PAGE entries, or NULL while nothing was queued */
};

int queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
    return table_init(&queue->tenants, 64);
}

void queue_release(struct queue *queue)
{
    struct table_link *link;
    struct queue_tenant *tenant;

    if (!queue->tenants.buckets) {
        return;
    }
    while ((link = table_each(&queue->tenants, NULL))) {
        tenant = TABLE_ENTRY(link, struct queue_tenant, link);
        table_remove(&queue->tenants, link);
        free(tenant->page);
        free(tenant);
    }
    table_release(&queue->tenants);
    *queue = (struct queue){0};
}

static struct queue_tenant *tenant_find(const struct queue *queue, const struct uuid *id)
{
    struct table_link *link = table_find(&queue->tenants, table_hash_uuid(id));

    for (; link; link = table_find_next(link)) {
        struct queue_tenant *tenant = TABLE_ENTRY(link, struct queue_tenant, link);
        if (uuid_equal(&tenant->id, id)) {
            return tenant;
        }
    }
    return NULL;
}

static struct queue_tenant *tenant_get(struct queue *queue, const struct uuid *id)
{
    struct queue_tenant *tenant = tenant_find(queue, id);

    if (tenant) {
        return tenant;
    }
    tenant = calloc(1, sizeof *tenant);
    if (tenant) {
        tenant->id = *id;
        tenant->weight = 1;
        table_insert(&queue->tenants, &tenant->link, table_hash_uuid(id));
    }
    return tenant;
}

/* Into the ring just before the one whose turn it is, so that it waits a whole round. */
static void ring_enter(struct queue *queue, struct queue_tenant *tenant)
{
    if (tenant->next) {
        return;
    }
    tenant->deficit = 0;
    if (!queue->turn) {
        tenant->next = tenant->previous = tenant;
        queue->turn = tenant;
        return;
    }
    tenant->next = queue->turn;
    tenant->previous = queue->turn->previous;
    tenant->previous->next = tenant;
    tenant->next->previous = tenant;
}

static void ring_leave(struct queue *queue, struct queue_tenant *tenant)
{
    if (queue->turn == tenant) {
        queue->turn = tenant->next == tenant ? NULL : tenant->next;
    }
    tenant->previous->next = tenant->next;
    tenant->next->previous = tenant->previous;
    tenant->next = tenant->previous = NULL;
    free(tenant->page);
    tenant->page = NULL;
}

static int page_ensure(struct queue_tenant *tenant)
{
    if (!tenant->page) {
        tenant->page = malloc(QUEUE_PAGE * sizeof *tenant->page);
    }
    return tenant->page ? 0 : -ERROR_MEMORY;
}

int queue_weigh(struct queue *queue, const struct uuid *tenant_id, int64_t weight)
{
    struct queue_tenant *tenant = tenant_get(queue, tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->weight = weight;
    return 0;
}

int queue_push(struct queue *queue, const struct queue_entry *entry)
{
    struct queue_tenant *tenant = tenant_get(queue, &entry->tenant_id);

    if (!tenant || page_ensure(tenant)) {
        return -ERROR_MEMORY;
    }
    ring_enter(queue, tenant);
    if (tenant->has_more || tenant->count == QUEUE_PAGE) {
        tenant->has_more = true;
        return 0;
    }
    tenant->page[(tenant->first + tenant->count) % QUEUE_PAGE] = *entry;
    tenant->count++;
    queue->held++;
    return 0;
}

int queue_push_front(struct queue *queue, const struct queue_entry *entry)
{
    struct queue_tenant *tenant = tenant_get(queue, &entry->tenant_id);

    if (!tenant || page_ensure(tenant)) {
        return -ERROR_MEMORY;
    }
    ring_enter(queue, tenant);
    if (tenant->count == QUEUE_PAGE) {
        tenant->has_more = true;
        tenant->count--;
        queue->held--;
    }
    tenant->first = (tenant->first + QUEUE_PAGE - 1) % QUEUE_PAGE;
    tenant->page[tenant->first] = *entry;
    tenant->count++;
    queue->held++;
    return 0;
}

int queue_expect(struct queue *queue, const struct uuid *tenant_id)
{
    struct queue_tenant *tenant = tenant_get(queue, tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->has_more = true;
    ring_enter(queue, tenant);
    return 0;
}

bool queue_needs_page(const struct queue *queue, size_t within, struct uuid *tenant_id)
{
    struct queue_tenant *tenant = queue->turn;

    for (; tenant && within > 0; within--) {
        if (tenant->count == 0 && tenant->has_more) {
            *tenant_id = tenant->id;
            return true;
        }
        tenant = tenant->next == queue->turn ? NULL : tenant->next;
    }
    return false;
}

int queue_fill(struct queue *queue, const struct uuid *tenant_id, const struct queue_entry *entries,
               size_t count, bool has_more)
{
    struct queue_tenant *tenant = tenant_find(queue, tenant_id);

    if (!tenant || !tenant->next) {
        return 0;
    }
    if (count > QUEUE_PAGE) {
        count = QUEUE_PAGE;
        has_more = true;
    }
    if (count > 0 && page_ensure(tenant)) {
        return -ERROR_MEMORY; /* still wants its page; asked for again in the next turn */
    }
    queue->held -= tenant->count;
    for (size_t i = 0; i < count; i++) {
        tenant->page[i] = entries[i];
    }
    tenant->first = 0;
    tenant->count = count;
    tenant->has_more = has_more;
    queue->held += count;
    if (count == 0 && !has_more) {
        ring_leave(queue, tenant);
    }
    return 0;
}

bool queue_pop(struct queue *queue, struct queue_entry *entry)
{
    struct queue_tenant *tenant = queue->turn;

    if (queue->held == 0) {
        return false;
    }
    while (tenant->count == 0) {
        tenant = tenant->next;
    }
    if (tenant->deficit <= 0) {
        tenant->deficit = tenant->weight;
    }
    *entry = tenant->page[tenant->first];
    tenant->first = (tenant->first + 1) % QUEUE_PAGE;
    tenant->count--;
    queue->held--;
    tenant->deficit--;
    queue->turn = tenant->deficit > 0 ? tenant : tenant->next;
    if (tenant->count == 0 && !tenant->has_more) {
        ring_leave(queue, tenant);
    }
    return true;
}

void queue_remove(struct queue *queue, const struct uuid *tenant_id, const struct uuid *id)
{
    struct queue_tenant *tenant = tenant_find(queue, tenant_id);
    size_t kept = 0;

    if (!tenant || tenant->count == 0) {
        return;
    }
    for (size_t i = 0; i < tenant->count; i++) {
        struct queue_entry *at = &tenant->page[(tenant->first + i) % QUEUE_PAGE];
        if (!uuid_equal(&at->id, id)) {
            tenant->page[(tenant->first + kept++) % QUEUE_PAGE] = *at;
        }
    }
    queue->held -= tenant->count - kept;
    tenant->count = kept;
    if (tenant->count == 0 && !tenant->has_more) {
        ring_leave(queue, tenant);
    }
}
