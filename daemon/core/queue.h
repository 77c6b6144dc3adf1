// SPDX-License-Identifier: MIT
/* Whose job is next: deficit round robin over tenants, each job costing one. Of each tenant's
 * backlog only a page is held; the rest stays in the store, and the caller refills the page when it
 * runs out. Pure. */
#ifndef DAEMON_CORE_QUEUE_H
#define DAEMON_CORE_QUEUE_H

#include "schemas/base/clock.h"
#include "schemas/base/table.h"

/* Entries of one tenant that are held at once. */
#define QUEUE_PAGE 128

struct queue_entry {
    struct uuid id;
    struct uuid tenant_id;
    struct uuid user_id;
    int64_t attempt; /* attempts started so far */
    struct wall submitted;
};

struct queue_tenant;

struct queue {
    struct table tenants;
    struct queue_tenant
        *turn;   /* ring of the tenants with something queued; this one's turn is next */
    size_t held; /* entries in all pages */
};

int queue_init(struct queue *queue); /* -ERROR_MEMORY */
void queue_release(struct queue *queue);

/* Jobs that a tenant gets in a round where others get one; 1 unless set. -ERROR_MEMORY. */
int queue_weigh(struct queue *queue, const struct uuid *tenant_id, int64_t weight);

/* A newly queued operation. When the page is full, or more wait in the store, it stays in the
 * store. -ERROR_MEMORY: then nothing changed and the operation waits in the store until
 * queue_expect. */
int queue_push(struct queue *queue, const struct queue_entry *entry);

/* An operation that comes back goes to the front; it may push the last of the page back to the
 * store. */
int queue_push_front(struct queue *queue, const struct queue_entry *entry);

/* The tenant has operations queued in the store that are not in its page. -ERROR_MEMORY. */
int queue_expect(struct queue *queue, const struct uuid *tenant_id);

/* Whether, of the tenants whose turn comes next (so many as within says), one has an empty page
 * although more wait in the store; tells which. */
bool queue_needs_page(const struct queue *queue, size_t within, struct uuid *tenant_id);

/* The oldest queued operations of such a tenant; whether there are more than these.
 * -ERROR_MEMORY: the page stays empty. */
int queue_fill(struct queue *queue, const struct uuid *tenant_id, const struct queue_entry *entries,
               size_t count, bool has_more);

/* Takes the next entry; false when no page holds one. */
bool queue_pop(struct queue *queue, struct queue_entry *entry);

/* Takes an operation out of its tenant's page, if it is there: it ended without an attempt. */
void queue_remove(struct queue *queue, const struct uuid *tenant_id, const struct uuid *id);

#endif
