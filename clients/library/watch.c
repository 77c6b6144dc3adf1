// SPDX-License-Identifier: MIT
#include "clients/library/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clients/library/convert.h"
#include "clients/library/failure.h"

enum { QUEUE_FIRST_CAPACITY = 16 };

int exportd_watch_open(struct exportd_watch **watch, struct exportd_client *client,
                       struct exportd_error *error)
{
    struct channel_place requests;
    struct channel_place status;
    struct exportd_watch *made;
    int rc;

    failure_clear(error);
    if (!watch || !client) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, watch ? "client" : "watch", NULL);
    }
    requests = client_requests_place(client);
    status = client_status_place(client);
    made = calloc(1, sizeof(*made));
    if (!made) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    made->client = client;
    made->earliest.ms = INT64_MAX;
    rc = feed_open(&made->feed, &status, error);
    if (rc == EXPORTD_OK) {
        rc =
            channel_init(&made->channel, &requests, client->timeout_ms, client->deadline_ms, error);
    }
    if (rc != EXPORTD_OK) {
        exportd_watch_close(&made);
        return rc;
    }
    *watch = made;
    return EXPORTD_OK;
}

void exportd_watch_close(struct exportd_watch **watch)
{
    struct exportd_watch *closed;

    if (!watch || !*watch) {
        return;
    }
    closed = *watch;
    *watch = NULL;
    feed_close(&closed->feed);
    channel_release(&closed->channel);
    for (size_t i = 0; i < WATCH_READS; i++) {
        exchange_end(&closed->exchanges[i]);
    }
    roster_release(&closed->roster);
    free(closed->queue);
    free(closed);
}

void watch_schedule(struct exportd_watch *watch, struct roster_entry *entry, struct mono due)
{
    entry->due = due;
    if (due.ms < watch->earliest.ms) {
        watch->earliest = due;
    }
}

void watch_forget(struct exportd_watch *watch, struct roster_entry *entry)
{
    feed_unsubscribe(&watch->feed, &entry->id);
    roster_remove(&watch->roster, entry);
}

int exportd_watch_add(struct exportd_watch *watch, const char *operation_id,
                      struct exportd_error *error)
{
    struct roster_entry *entry;
    struct uuid id;
    int rc;

    failure_clear(error);
    if (!watch) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "watch", NULL);
    }
    rc = client_parse_id(operation_id, "operation_id", &id, error);
    if (rc != EXPORTD_OK || roster_find(&watch->roster, &id)) {
        return rc;
    }
    entry = roster_add(&watch->roster, &id);
    if (!entry) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    if (!feed_subscribe(&watch->feed, &id)) {
        roster_remove(&watch->roster, entry);
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    watch_schedule(watch, entry, mono_now());
    return EXPORTD_OK;
}

int exportd_watch_remove(struct exportd_watch *watch, const char *operation_id)
{
    struct roster_entry *entry;
    struct uuid id;

    if (!watch || client_parse_id(operation_id, "operation_id", &id, NULL) != EXPORTD_OK) {
        return EXPORTD_ERROR_ARGUMENT;
    }
    entry = roster_find(&watch->roster, &id);
    if (entry) {
        watch_forget(watch, entry);
    }
    return EXPORTD_OK;
}

size_t exportd_watch_active(const struct exportd_watch *watch)
{
    return watch ? watch->roster.count : 0;
}

int watch_reserve(struct exportd_watch *watch, size_t count, struct exportd_error *error)
{
    size_t needed = watch->queue_end + count;
    size_t capacity = watch->queue_capacity ? watch->queue_capacity : QUEUE_FIRST_CAPACITY;
    struct exportd_event *grown;

    if (needed <= watch->queue_capacity) {
        return EXPORTD_OK;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    grown = reallocarray(watch->queue, capacity, sizeof(*grown));
    if (!grown) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    watch->queue = grown;
    watch->queue_capacity = capacity;
    return EXPORTD_OK;
}

bool watch_show(struct exportd_watch *watch, struct roster_entry *entry,
                const struct exportd_event *event, struct mono now)
{
    watch->queue[watch->queue_end++] = *event;
    if (exportd_status_is_final(event->status)) {
        watch_forget(watch, entry);
        return false;
    }
    watch_schedule(watch, entry, (struct mono){now.ms + watch->client->idle_ms});
    return true;
}

static bool take_queued(struct exportd_watch *watch, struct exportd_event *event)
{
    if (watch->queue_begin == watch->queue_end) {
        return false;
    }
    *event = watch->queue[watch->queue_begin++];
    if (watch->queue_begin == watch->queue_end) {
        watch->queue_begin = 0;
        watch->queue_end = 0;
    }
    return true;
}

/* Takes at most one event off the wire: 1 when there was something, 0 when not, or
 * EXPORTD_ERROR_MEMORY. */
static int listen_once(struct exportd_watch *watch, struct mono now, struct exportd_error *error)
{
    struct exportd_event event;
    struct roster_entry *entry;
    enum roster_verdict verdict;
    struct uuid id;

    if (watch_reserve(watch, 1, error) != EXPORTD_OK) {
        return EXPORTD_ERROR_MEMORY;
    }
    switch (feed_receive(&watch->feed, &event)) {
    case -EAGAIN:
        return 0;
    case 0:
        return 1;
    default:
        break;
    }
    entry =
        uuid_parse(text_of(event.operation_id), &id) == 0 ? roster_find(&watch->roster, &id) : NULL;
    if (!entry) {
        return 1;
    }
    verdict = roster_hear(entry, &event);
    if (verdict == ROSTER_SHOW) {
        watch_show(watch, entry, &event, now);
    } else if (verdict == ROSTER_SKIPPED) {
        watch_schedule(watch, entry, now);
    }
    return 1;
}

/* Until a socket has something, or a time has come. Returns 0 or errno. */
static int wait_until(const struct exportd_watch *watch, struct mono until, struct mono now)
{
    zmq_pollitem_t items[] = {{.socket = watch->channel.socket, .events = ZMQ_POLLIN},
                              {.socket = watch->feed.socket, .events = ZMQ_POLLIN},
                              {.socket = watch->feed.handshake.monitor, .events = ZMQ_POLLIN}};
    int64_t wait_ms = until.ms - now.ms;

    for (size_t i = 0; i < WATCH_READS; i++) {
        if (watch->exchanges[i].is_open && watch->exchanges[i].is_blocked) {
            items[0].events |= ZMQ_POLLOUT;
        }
    }
    wait_ms = wait_ms < 0 ? 0 : wait_ms;
    wait_ms = wait_ms > INT_MAX ? INT_MAX : wait_ms;
    return zmq_poll(items, 3, (long)wait_ms) < 0 ? errno : 0;
}

static int wait_for_more(const struct exportd_watch *watch, struct mono next, struct mono deadline,
                         struct mono now, struct exportd_error *error)
{
    switch (wait_until(watch, next.ms < deadline.ms ? next : deadline, now)) {
    case 0:
        return EXPORTD_OK;
    case EINTR:
        return failure(error, EXPORTD_ERROR_INTERRUPTED, NULL, NULL);
    default:
        return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "Waiting failed");
    }
}

int exportd_watch_next(struct exportd_watch *watch, int timeout_ms, struct exportd_event *event,
                       struct exportd_error *error)
{
    struct mono deadline = {timeout_ms < 0 ? INT64_MAX : mono_now().ms + timeout_ms};

    failure_clear(error);
    if (!watch || !event) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, watch ? "event" : "watch", NULL);
    }
    for (;;) {
        struct mono now = mono_now();
        struct mono next = now;
        struct mono retry = feed_tend(&watch->feed, now);
        int heard;
        int rc;

        if (take_queued(watch, event)) {
            return 1;
        }
        if (watch->roster.count == 0) {
            return 0;
        }
        rc = repair_turn(watch, now, &next, error);
        heard = rc < 0 ? 0 : listen_once(watch, now, error);
        if (rc < 0 || heard < 0) {
            return rc < 0 ? rc : heard;
        }
        if (now.ms >= deadline.ms) {
            return take_queued(watch, event) ? 1 : 0;
        }
        if (rc == 1 || heard == 1) {
            continue;
        }
        next.ms = retry.ms < next.ms ? retry.ms : next.ms;
        rc = wait_for_more(watch, next, deadline, now, error);
        if (rc != EXPORTD_OK) {
            return rc;
        }
    }
}

int exportd_watch_run(struct exportd_watch *watch,
                      int (*callback)(const struct exportd_event *event, void *arg), void *arg,
                      struct exportd_error *error)
{
    struct exportd_event event;

    if (!watch || !callback) {
        failure_clear(error);
        return failure(error, EXPORTD_ERROR_ARGUMENT, watch ? "callback" : "watch", NULL);
    }
    for (;;) {
        int rc = exportd_watch_next(watch, -1, &event, error);

        if (rc == 0) {
            return EXPORTD_OK;
        }
        if (rc < 0 && rc != EXPORTD_ERROR_TIMEOUT && rc != EXPORTD_ERROR_UNAVAILABLE &&
            rc != EXPORTD_ERROR_LIMITED) {
            return rc;
        }
        rc = rc == 1 ? callback(&event, arg) : 0;
        if (rc != 0) {
            return rc;
        }
    }
}
