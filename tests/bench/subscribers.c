// SPDX-License-Identifier: MIT
#include "tests/bench/subscribers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/measure.h"
#include "tests/bench/zmtp.h"

#define WAIT_MS 50
#define EVENTS  128

struct subscriber {
    struct zmtp zmtp;
    atomic_ullong messages;
    atomic_ullong topic_bytes;
    atomic_ullong event_bytes;
    uint64_t messages_taken;
    uint64_t topic_bytes_taken;
    uint64_t event_bytes_taken;
};

struct subscribers {
    pthread_t thread;
    int epoll;
    unsigned count;
    atomic_bool is_ending;
    struct subscriber items[];
};

static void add(atomic_ullong *count, uint64_t more)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

static void on_frame(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct subscriber *subscriber = context;
    (void)frame;
    add(has_more ? &subscriber->topic_bytes : &subscriber->event_bytes, size);
    add(&subscriber->messages, has_more ? 0 : 1);
}

static void *run(void *argument)
{
    struct subscribers *subscribers = argument;
    struct epoll_event events[EVENTS];
    while (!atomic_load(&subscribers->is_ending)) {
        int count = epoll_wait(subscribers->epoll, events, EVENTS, WAIT_MS);
        if (count < 0 && errno != EINTR) {
            measure_fail("epoll");
        }
        for (int i = 0; i < count; i++) {
            struct subscriber *subscriber = events[i].data.ptr;
            zmtp_receive(&subscriber->zmtp, on_frame, subscriber);
        }
    }
    return NULL;
}

struct subscribers *subscribers_open(const char *endpoint, unsigned count)
{
    struct subscribers *subscribers =
        calloc(1, sizeof(*subscribers) + count * sizeof(struct subscriber));
    if (!subscribers || (subscribers->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        measure_fail("subscribers");
    }
    subscribers->count = count;
    for (unsigned i = 0; i < count; i++) {
        struct subscriber *subscriber = &subscribers->items[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = subscriber};
        if (!zmtp_connect(&subscriber->zmtp, endpoint, "SUB") ||
            epoll_ctl(subscribers->epoll, EPOLL_CTL_ADD, subscriber->zmtp.socket, &event)) {
            measure_fail(endpoint);
        }
        zmtp_put(&subscriber->zmtp, "\x01", 1, false);
        zmtp_flush(&subscriber->zmtp);
    }
    if (pthread_create(&subscribers->thread, NULL, run, subscribers)) {
        measure_fail("thread");
    }
    return subscribers;
}

static uint64_t take(atomic_ullong *count, uint64_t *taken)
{
    uint64_t now = atomic_load_explicit(count, memory_order_relaxed);
    uint64_t more = now - *taken;
    *taken = now;
    return more;
}

struct subscribers_counts subscribers_take(struct subscribers *subscribers)
{
    struct subscribers_counts counts = {.least = UINT64_MAX};
    for (unsigned i = 0; i < subscribers->count; i++) {
        struct subscriber *subscriber = &subscribers->items[i];
        uint64_t messages = take(&subscriber->messages, &subscriber->messages_taken);
        counts.messages += messages;
        counts.least = messages < counts.least ? messages : counts.least;
        counts.topic_bytes += take(&subscriber->topic_bytes, &subscriber->topic_bytes_taken);
        counts.event_bytes += take(&subscriber->event_bytes, &subscriber->event_bytes_taken);
    }
    return counts;
}

void subscribers_close(struct subscribers **closed)
{
    struct subscribers *subscribers = *closed;
    *closed = NULL;
    atomic_store(&subscribers->is_ending, true);
    pthread_join(subscribers->thread, NULL);
    for (unsigned i = 0; i < subscribers->count; i++) {
        zmtp_close(&subscribers->items[i].zmtp);
    }
    close(subscribers->epoll);
    free(subscribers);
}
