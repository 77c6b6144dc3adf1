// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "daemon/core/queue_inside.h"
#include "schemas/base/errors.h"

#define PAGE_FIRST 8 /* entries that a page begins with; most tenants have few */

struct queue_tenant *queue_tenant_find(const struct queue *queue, const struct uuid *id)
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

struct queue_tenant *queue_tenant_get(struct queue *queue, const struct uuid *id)
{
    struct queue_tenant *tenant = queue_tenant_find(queue, id);

    if (tenant) {
        return tenant;
    }
    tenant = calloc(1, sizeof *tenant);
    if (tenant) {
        tenant->id = *id;
        tenant->weight = 1;
        tenant->maximum_running = -1;
        table_insert(&queue->tenants, &tenant->link, table_hash_uuid(id));
    }
    return tenant;
}

void queue_tenant_free(struct queue *queue, struct queue_tenant *tenant)
{
    table_remove(&queue->tenants, &tenant->link);
    free(tenant->page);
    free(tenant);
}

static int ensure(struct queue_tenant *tenant, size_t count)
{
    size_t room = tenant->room ? tenant->room : PAGE_FIRST;
    struct queue_entry *page;

    if (count <= tenant->room) {
        return 0;
    }
    while (room < count) {
        room *= 2;
    }
    page = malloc(room * sizeof *page);
    if (!page) {
        return -ERROR_MEMORY;
    }
    assert(tenant->count <= tenant->room);
    for (size_t i = 0; i < tenant->count; i++) {
        page[i] = tenant->page[(tenant->first + i) % tenant->room];
    }
    free(tenant->page);
    tenant->page = page;
    tenant->room = room;
    tenant->first = 0;
    return 0;
}

int queue_page_append(struct queue *queue, struct queue_tenant *tenant,
                      const struct queue_entry *entry)
{
    if (ensure(tenant, tenant->count + 1)) {
        return -ERROR_MEMORY;
    }
    tenant->page[(tenant->first + tenant->count) % tenant->room] = *entry;
    tenant->count++;
    queue->held++;
    return 0;
}

int queue_page_prepend(struct queue *queue, struct queue_tenant *tenant,
                       const struct queue_entry *entry)
{
    if (ensure(tenant, tenant->count + 1)) {
        return -ERROR_MEMORY;
    }
    tenant->first = (tenant->first + tenant->room - 1) % tenant->room;
    tenant->page[tenant->first] = *entry;
    tenant->count++;
    queue->held++;
    return 0;
}

struct queue_entry queue_page_take(struct queue *queue, struct queue_tenant *tenant)
{
    struct queue_entry entry = tenant->page[tenant->first];

    tenant->first = (tenant->first + 1) % tenant->room;
    queue_page_cut(queue, tenant);
    return entry;
}

void queue_page_cut(struct queue *queue, struct queue_tenant *tenant)
{
    tenant->count--;
    queue->held--;
}

void queue_page_remove(struct queue *queue, struct queue_tenant *tenant, const struct uuid *id)
{
    size_t kept = 0;

    for (size_t i = 0; i < tenant->count; i++) {
        struct queue_entry *at = &tenant->page[(tenant->first + i) % tenant->room];
        if (!uuid_equal(&at->id, id)) {
            tenant->page[(tenant->first + kept++) % tenant->room] = *at;
        }
    }
    queue->held -= tenant->count - kept;
    tenant->count = kept;
}

void queue_page_drop(struct queue *queue, struct queue_tenant *tenant)
{
    queue->held -= tenant->count;
    tenant->has_more = tenant->has_more || tenant->count > 0;
    tenant->count = tenant->room = tenant->first = 0;
    free(tenant->page);
    tenant->page = NULL;
}
