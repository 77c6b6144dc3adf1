// SPDX-License-Identifier: MIT
/* Whose job is next: deficit round robin over tenants, each job costing one. A tenant that is
 * paused, or has as many running as it may, is passed over. Of each tenant's backlog only a page is
 * held, and of all together no more than QUEUE_HELD; the rest stays in the store, and the caller
 * refills the page when it runs out. Pure. */
#ifndef DAEMON_CORE_QUEUE_H
#define DAEMON_CORE_QUEUE_H

#include "schemas/base/clock.h"
#include "schemas/base/table.h"

/* Entries of one tenant that are held at once. */
#define QUEUE_PAGE 128
/* Entries of all tenants from which on new ones stay in the store. */
#define QUEUE_HELD 32768

struct queue_entry {
    struct uuid id;
    struct uuid tenant_id;
    struct uuid user_id;
    struct uuid requested_by;
    bool has_acted_by;
    struct uuid acted_by;
    int64_t attempt; /* attempts started so far */
    struct wall submitted;
    int64_t sequence; /* of the last event of the operation */
};

struct queue_tenant;

struct queue {
    struct table tenants;
    struct queue_tenant *turn; /* ring of the tenants that may get a job; this one's turn is next */
    size_t waiting;            /* tenants in the ring */
    struct queue_tenant *owed; /* list of those whose jobs came back: they are served first */
    struct queue_tenant *owed_last;
    size_t held;             /* entries in all pages */
    int64_t maximum_running; /* of each tenant that has no limit of its own; 0: none */
    bool is_paused;          /* for everybody */
};

int queue_init(struct queue *queue); /* -ERROR_MEMORY */
void queue_release(struct queue *queue);

/* For a tenant that differs from the others: jobs that it gets in a round where others get one, and
 * how many of it may run at once (most; 0: any number, -1: as for the others). -ERROR_MEMORY. */
int queue_configure(struct queue *queue, const struct uuid *tenant_id, int64_t weight,
                    int64_t most);

/* Stops or lets go on: a tenant, or with NULL everybody. -ERROR_MEMORY. */
int queue_pause(struct queue *queue, const struct uuid *tenant_id, bool is_paused);

/* How it stands with a tenant. */
struct queue_standing {
    bool is_paused;
    int64_t running;
    int64_t maximum_running; /* 0: none */
};

struct queue_standing queue_standing(const struct queue *queue, const struct uuid *tenant_id);

/* A newly queued operation. When the page is full, or more wait in the store, it stays in the
 * store. -ERROR_MEMORY: then nothing changed and the operation waits in the store until
 * queue_expect. */
int queue_push(struct queue *queue, const struct queue_entry *entry);

/* An operation that comes back goes to the front; it may push the last of the page back to the
 * store. */
int queue_push_front(struct queue *queue, const struct queue_entry *entry);

/* A job that was taken and that nobody began: it is no longer running, is at the front again, and
 * is not charged to its tenant's turn a second time. -ERROR_MEMORY as queue_push. */
int queue_return(struct queue *queue, const struct queue_entry *entry);

/* The tenant has operations queued in the store that are not in its page. -ERROR_MEMORY. */
int queue_expect(struct queue *queue, const struct uuid *tenant_id);

/* Whether, of the tenants whose turn comes next (so many as within says), one has an empty page
 * although more wait in the store; tells which. */
bool queue_needs_page(const struct queue *queue, size_t within, struct uuid *tenant_id);

/* How many entries such a page is best filled with: fewer the more tenants wait. */
size_t queue_page_room(const struct queue *queue);

/* The oldest queued operations of such a tenant; whether there are more than these.
 * -ERROR_MEMORY: the page stays empty. */
int queue_fill(struct queue *queue, const struct uuid *tenant_id, const struct queue_entry *entries,
               size_t count, bool has_more);

/* Whether somebody may get a job. */
bool queue_is_waiting(const struct queue *queue);

/* Takes the next entry, which counts as running from then on; false when no page of a tenant that
 * may get a job holds one. */
bool queue_pop(struct queue *queue, struct queue_entry *entry);

/* One more of the tenant's is running, without having been taken. -ERROR_MEMORY. */
int queue_run(struct queue *queue, const struct uuid *tenant_id);

/* One of the tenant's is running no longer. */
void queue_end(struct queue *queue, const struct uuid *tenant_id);

/* Takes an operation out of its tenant's page, if it is there: it ended without an attempt. */
void queue_remove(struct queue *queue, const struct uuid *tenant_id, const struct uuid *id);

#endif
