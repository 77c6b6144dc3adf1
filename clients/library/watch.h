// SPDX-License-Identifier: MIT
/* The watch object: a feed of events, a channel of its own to repair it with, and a queue of what
 * the caller is to be shown next. */
#ifndef CLIENTS_LIBRARY_WATCH_H
#define CLIENTS_LIBRARY_WATCH_H

#include "clients/library/client.h"
#include "clients/library/feed.h"
#include "clients/library/roster.h"

#define WATCH_READS  8   /* reads under way at once */
#define WATCH_EVENTS 100 /* missed events asked for at once */

/* A read of one operation. */
struct watch_read {
    struct uuid operation_id;
    enum roster_need need; /* what was asked for */
    uint32_t news_count;   /* of the entry when it was asked */
};

struct exportd_watch {
    struct exportd_client *client;
    struct feed feed;
    struct channel channel;
    struct roster roster;
    struct mono earliest; /* no entry is due before */
    struct exchange exchanges[WATCH_READS];
    struct watch_read reads[WATCH_READS]; /* of the exchange with the same index */
    struct exportd_event *queue;
    size_t queue_begin;
    size_t queue_end;
    size_t queue_capacity;
};

/* Makes room for so many events, so that watch_show cannot fail. */
int watch_reserve(struct exportd_watch *watch, size_t count, struct exportd_error *error);

/* Puts an event into the queue, and ends the watching of an operation that has ended. Whether the
 * entry is still there. */
bool watch_show(struct exportd_watch *watch, struct roster_entry *entry,
                const struct exportd_event *event, struct mono now);

/* Unsubscribes and forgets. */
void watch_forget(struct exportd_watch *watch, struct roster_entry *entry);

/* When the entry is to be looked at again. */
void watch_schedule(struct exportd_watch *watch, struct roster_entry *entry, struct mono due);

/* One turn of reading: starts what is due, sends, takes at most one answer and gives up on what
 * took too long. 1 when it did something and should be called again, 0 when there is nothing to do
 * before *next, or negative with error filled as exportd_watch_next says. */
int repair_turn(struct exportd_watch *watch, struct mono now, struct mono *next,
                struct exportd_error *error);

#endif
