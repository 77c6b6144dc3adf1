// SPDX-License-Identifier: MIT
#include "daemon/core/queue.h"

#include "daemon/core/queue_inside.h"
#include "schemas/base/errors.h"

/* Entries that the pages of all tenants whose turn comes are filled to together. */
#define PAGES_TOGETHER 4096
#define PAGE_LEAST     8

int queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
    return table_init(&queue->tenants, 64);
}

void queue_release(struct queue *queue)
{
    struct table_link *link;

    if (!queue->tenants.buckets) {
        return;
    }
    while ((link = table_each(&queue->tenants, NULL))) {
        queue_tenant_free(queue, TABLE_ENTRY(link, struct queue_tenant, link));
    }
    table_release(&queue->tenants);
    *queue = (struct queue){0};
}

static int64_t maximum_running(const struct queue *queue, const struct queue_tenant *tenant)
{
    return tenant->maximum_running >= 0 ? tenant->maximum_running : queue->maximum_running;
}

static bool has_queued(const struct queue_tenant *tenant)
{
    return tenant->count > 0 || tenant->has_more;
}

static bool may_run(const struct queue *queue, const struct queue_tenant *tenant)
{
    int64_t most = maximum_running(queue, tenant);

    return has_queued(tenant) && !tenant->is_paused && (most == 0 || tenant->running < most);
}

/* Into the ring just before the one whose turn it is, so that it waits a whole round. */
static void ring_enter(struct queue *queue, struct queue_tenant *tenant)
{
    tenant->deficit = 0;
    queue->waiting++;
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
    queue->waiting--;
}

/* After any change of a tenant: it is in the ring when it may get a job, and forgotten when there
 * is nothing to know of it. The pointer may be dead afterwards. */
static void settle(struct queue *queue, struct queue_tenant *tenant)
{
    bool enters = may_run(queue, tenant);

    if (enters && !tenant->next) {
        ring_enter(queue, tenant);
    } else if (!enters && tenant->next) {
        ring_leave(queue, tenant);
    }
    if (has_queued(tenant)) {
        return;
    }
    queue_page_drop(queue, tenant);
    if (tenant->running == 0 && tenant->owed == 0 && !tenant->is_configured && !tenant->is_paused) {
        queue_tenant_free(queue, tenant);
    }
}

int queue_configure(struct queue *queue, const struct uuid *tenant_id, int64_t weight, int64_t most)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->weight = weight;
    tenant->maximum_running = most;
    tenant->is_configured = true;
    settle(queue, tenant);
    return 0;
}

int queue_pause(struct queue *queue, const struct uuid *tenant_id, bool is_paused)
{
    struct queue_tenant *tenant = tenant_id ? queue_tenant_get(queue, tenant_id) : NULL;

    if (!tenant_id) {
        queue->is_paused = is_paused;
        return 0;
    }
    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->is_paused = is_paused;
    queue_page_drop(queue, tenant); /* it may be long */
    settle(queue, tenant);
    return 0;
}

struct queue_standing queue_standing(const struct queue *queue, const struct uuid *tenant_id)
{
    const struct queue_tenant *tenant = queue_tenant_find(queue, tenant_id);

    return (struct queue_standing){.is_paused = queue->is_paused || (tenant && tenant->is_paused),
                                   .running = tenant ? tenant->running : 0,
                                   .maximum_running = tenant ? maximum_running(queue, tenant)
                                                             : queue->maximum_running};
}

int queue_push(struct queue *queue, const struct queue_entry *entry)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, &entry->tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    if (tenant->has_more || tenant->is_paused || tenant->count == QUEUE_PAGE ||
        queue->held >= QUEUE_HELD) {
        tenant->has_more = true;
    } else if (queue_page_append(queue, tenant, entry)) {
        settle(queue, tenant);
        return -ERROR_MEMORY;
    }
    settle(queue, tenant);
    return 0;
}

static int push_front(struct queue *queue, struct queue_tenant *tenant,
                      const struct queue_entry *entry)
{
    int rc;

    if (tenant->count == QUEUE_PAGE) {
        tenant->has_more = true;
        queue_page_cut(queue, tenant);
    }
    rc = queue_page_prepend(queue, tenant, entry);
    tenant->has_more = tenant->has_more || rc; /* it is in the store, at any rate */
    settle(queue, tenant);
    return 0;
}

int queue_push_front(struct queue *queue, const struct queue_entry *entry)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, &entry->tenant_id);

    return tenant ? push_front(queue, tenant, entry) : -ERROR_MEMORY;
}

static void owed_append(struct queue *queue, struct queue_tenant *tenant)
{
    tenant->owed_next = NULL;
    *(queue->owed_last ? &queue->owed_last->owed_next : &queue->owed) = tenant;
    queue->owed_last = tenant;
}

static void owe(struct queue *queue, struct queue_tenant *tenant)
{
    if (tenant->owed++ == 0) {
        owed_append(queue, tenant);
    }
}

int queue_return(struct queue *queue, const struct queue_entry *entry)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, &entry->tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->running -= tenant->running > 0;
    owe(queue, tenant);
    return push_front(queue, tenant, entry);
}

int queue_expect(struct queue *queue, const struct uuid *tenant_id)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->has_more = true;
    settle(queue, tenant);
    return 0;
}

bool queue_needs_page(const struct queue *queue, size_t within, struct uuid *tenant_id)
{
    struct queue_tenant *tenant = queue->is_paused ? NULL : queue->turn;

    for (; tenant && within > 0; within--) {
        if (tenant->count == 0 && tenant->has_more) {
            *tenant_id = tenant->id;
            return true;
        }
        tenant = tenant->next == queue->turn ? NULL : tenant->next;
    }
    return false;
}

size_t queue_page_room(const struct queue *queue)
{
    size_t room = PAGES_TOGETHER / (queue->waiting + 1);

    return room > QUEUE_PAGE ? QUEUE_PAGE : room < PAGE_LEAST ? PAGE_LEAST : room;
}

int queue_fill(struct queue *queue, const struct uuid *tenant_id, const struct queue_entry *entries,
               size_t count, bool has_more)
{
    struct queue_tenant *tenant = queue_tenant_find(queue, tenant_id);
    int rc = 0;

    if (!tenant || !tenant->next) {
        return 0;
    }
    queue_page_drop(queue, tenant);
    for (size_t i = 0; i < count && i < QUEUE_PAGE && !rc; i++) {
        rc = queue_page_append(queue, tenant, &entries[i]);
    }
    /* After a failure the rest is asked for again when the page is empty. */
    tenant->has_more = has_more || count > QUEUE_PAGE || rc;
    settle(queue, tenant);
    return rc;
}

bool queue_is_waiting(const struct queue *queue)
{
    return queue->turn && !queue->is_paused;
}

/* Takes a tenant that is owed a job, and can be given one, off the list; NULL when none is. */
static struct queue_tenant *take_owed(struct queue *queue)
{
    struct queue_tenant *tenant = queue->owed;

    while (tenant) {
        bool can_run = may_run(queue, tenant) && tenant->count > 0;

        queue->owed = tenant->owed_next;
        queue->owed_last = queue->owed ? queue->owed_last : NULL;
        tenant->owed = can_run ? tenant->owed - 1 : 0;
        if (can_run) {
            if (tenant->owed > 0) {
                owed_append(queue, tenant);
            }
            return tenant;
        }
        settle(queue, tenant);
        tenant = queue->owed;
    }
    return NULL;
}

/* The tenant whose turn it is, or the next one with something in its page; NULL for none. */
static struct queue_tenant *in_turn(struct queue *queue)
{
    struct queue_tenant *tenant = queue->turn;

    while (tenant && tenant->count == 0) {
        tenant = tenant->next == queue->turn ? NULL : tenant->next;
    }
    if (tenant) {
        tenant->deficit = (tenant->deficit > 0 ? tenant->deficit : tenant->weight) - 1;
        queue->turn = tenant->deficit > 0 ? tenant : tenant->next;
    }
    return tenant;
}

bool queue_pop(struct queue *queue, struct queue_entry *entry)
{
    struct queue_tenant *tenant;

    if (!queue_is_waiting(queue) || queue->held == 0) {
        return false;
    }
    tenant = take_owed(queue);
    if (!tenant) {
        tenant = in_turn(queue);
    }
    if (!tenant) {
        return false; /* what is held belongs to tenants that may not run */
    }
    *entry = queue_page_take(queue, tenant);
    tenant->running++;
    settle(queue, tenant);
    return true;
}

int queue_run(struct queue *queue, const struct uuid *tenant_id)
{
    struct queue_tenant *tenant = queue_tenant_get(queue, tenant_id);

    if (!tenant) {
        return -ERROR_MEMORY;
    }
    tenant->running++;
    settle(queue, tenant);
    return 0;
}

void queue_end(struct queue *queue, const struct uuid *tenant_id)
{
    struct queue_tenant *tenant = queue_tenant_find(queue, tenant_id);

    if (tenant && tenant->running > 0) {
        tenant->running--;
        settle(queue, tenant);
    }
}

void queue_remove(struct queue *queue, const struct uuid *tenant_id, const struct uuid *id)
{
    struct queue_tenant *tenant = queue_tenant_find(queue, tenant_id);

    if (tenant && tenant->count > 0) {
        queue_page_remove(queue, tenant, id);
        settle(queue, tenant);
    }
}
