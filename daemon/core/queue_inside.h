// SPDX-License-Identifier: MIT
/* A tenant of the queue and its page; shared by the files of the queue, nobody else includes this.
 */
#ifndef DAEMON_CORE_QUEUE_INSIDE_H
#define DAEMON_CORE_QUEUE_INSIDE_H

#include "daemon/core/queue.h"

struct queue_tenant {
    struct table_link link;
    struct queue_tenant *next; /* in the ring; NULL when not in it */
    struct queue_tenant *previous;
    struct uuid id;
    int64_t weight;
    int64_t deficit; /* jobs left in this round */
    int64_t running;
    int64_t maximum_running; /* its own, or -1 */
    bool is_configured;      /* weight or limit are its own: it is not forgotten */
    bool is_paused;
    size_t owed;                    /* jobs that it was given and that nobody took */
    struct queue_tenant *owed_next; /* in the list of those that are owed something */
    bool has_more;                  /* operations queued in the store beyond the page */
    size_t first;                   /* of a circular page */
    size_t count;
    size_t room;
    struct queue_entry *page; /* room entries, or NULL */
};

struct queue_tenant *queue_tenant_find(const struct queue *queue, const struct uuid *id);

/* Made when it is not there; NULL when there is no memory. */
struct queue_tenant *queue_tenant_get(struct queue *queue, const struct uuid *id);
void queue_tenant_free(struct queue *queue, struct queue_tenant *tenant);

/* At either end of the page, which must not be full (QUEUE_PAGE). -ERROR_MEMORY. */
int queue_page_append(struct queue *queue, struct queue_tenant *tenant,
                      const struct queue_entry *entry);
int queue_page_prepend(struct queue *queue, struct queue_tenant *tenant,
                       const struct queue_entry *entry);

/* Takes the first or forgets the last; the page must not be empty. */
struct queue_entry queue_page_take(struct queue *queue, struct queue_tenant *tenant);
void queue_page_cut(struct queue *queue, struct queue_tenant *tenant);

/* Takes an operation out, wherever it is. */
void queue_page_remove(struct queue *queue, struct queue_tenant *tenant, const struct uuid *id);

/* Leaves everything to the store. */
void queue_page_drop(struct queue *queue, struct queue_tenant *tenant);

#endif
