// SPDX-License-Identifier: MIT
#include "workers/runtime/sweeper.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#include "schemas/base/clock.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "workers/bundle/leftovers.h"
#include "workers/bundle/unrecorded.h"
#include "workers/runtime/sockets.h"

#define ORDERS_NAME     "sweeper"
#define NAMES_A_LOOK    64 /* names of a sweep between two looks for orders */
#define SECOND_SWEEP_MS 3000

struct order {
    bool is_removal;
    struct bundle_identity bundle;
};

/* The thread's. */
struct sweeping {
    const struct sweeper *sweeper;
    unsigned names;
    bool is_ending;
};

static void obey(const struct sweeping *sweeping, const struct order *order)
{
    const char *directory = sweeping->sweeper->directory;
    long long fence = order->bundle.fence;
    int rc = order->is_removal ? bundle_remove(directory, &order->bundle)
                               : bundle_keep(directory, &order->bundle);

    if (rc)
        log_line(LOG_ERROR, "not_swept", "fence=%lld is_removal=%d errno=%d", fence,
                 order->is_removal, errno);
    else if (order->is_removal)
        log_line(LOG_INFO, "swept", "fence=%lld", fence);
}

/* Anything but an order, or a broken socket, is the end. */
static void take_orders(struct sweeping *sweeping)
{
    struct order order;
    int got;

    while (!sweeping->is_ending) {
        got = zmq_recv(sweeping->sweeper->thread_orders, &order, sizeof(order), ZMQ_DONTWAIT);
        if (got == (int)sizeof(order))
            obey(sweeping, &order);
        else if (got < 0 && errno == EAGAIN)
            return;
        else
            sweeping->is_ending = got >= 0 || errno != EINTR;
    }
}

static void work_until(struct sweeping *sweeping, struct mono end)
{
    zmq_pollitem_t item = {.socket = sweeping->sweeper->thread_orders, .events = ZMQ_POLLIN};

    for (;;) {
        struct mono now = mono_now();

        if (sweeping->is_ending || now.ms >= end.ms)
            return;
        if (zmq_poll(&item, 1, (long)(end.ms - now.ms)) < 0 && errno != EINTR)
            sweeping->is_ending = true;
        take_orders(sweeping);
    }
}

/* One that is not sent is found again by the next sweep. */
static void on_found(void *context, const struct bundle_identity *bundle)
{
    struct sweeping *sweeping = context;

    zmq_send(sweeping->sweeper->thread_orders, bundle, sizeof(*bundle), ZMQ_DONTWAIT);
    work_until(sweeping, (struct mono){mono_now().ms + SWEEPER_PAUSE_MS});
}

static bool goes_on(void *context)
{
    struct sweeping *sweeping = context;

    if (sweeping->names++ % NAMES_A_LOOK == 0)
        take_orders(sweeping);
    return !sweeping->is_ending;
}

/* Leftovers only take up room: what cannot be removed now is no reason not to work. */
static void sweep(struct sweeping *sweeping)
{
    const struct leftovers_visitor visitor = {sweeping, on_found, goes_on};
    size_t removed;
    int rc = bundle_sweep_leftovers(sweeping->sweeper->directory, &visitor, &removed);

    if (removed > 0 || (rc && !sweeping->is_ending))
        log_line(rc ? LOG_WARNING : LOG_INFO, "swept", "leftovers=%zu code=%s", removed,
                 error_row(rc)->inner_code);
}

/* The second sweep follows the first soon, which asks before the daemon is reached. */
static void *sweeper_main(void *argument)
{
    struct sweeping sweeping = {.sweeper = argument};
    int64_t interval_ms = sweeping.sweeper->interval_ms;
    int64_t wait_ms = interval_ms < SECOND_SWEEP_MS ? interval_ms : SECOND_SWEEP_MS;

    for (; !sweeping.is_ending; wait_ms = interval_ms) {
        sweep(&sweeping);
        work_until(&sweeping, (struct mono){mono_now().ms + wait_ms});
    }
    return NULL;
}

int sweeper_start(struct sweeper *sweeper, void *context, const char *directory,
                  int64_t interval_ms)
{
    sweeper->directory = directory;
    sweeper->interval_ms = interval_ms;
    /* One after the other: errno is that of the first that cannot be had. */
    sweeper->orders = socket_inside(context, ZMQ_PAIR, true, ORDERS_NAME, 0);
    if (sweeper->orders)
        sweeper->thread_orders = socket_inside(context, ZMQ_PAIR, false, ORDERS_NAME, 0);
    if (!sweeper->thread_orders)
        return -ERROR_IO;
    errno = pthread_create(&sweeper->thread, NULL, sweeper_main, sweeper);
    sweeper->is_running = errno == 0;
    return sweeper->is_running ? 0 : -ERROR_IO;
}

static void give(struct sweeper *sweeper, const struct bundle_identity *bundle, bool is_removal)
{
    struct order order;

    memset(&order, 0, sizeof(order)); /* its padding is sent as well */
    order.is_removal = is_removal;
    order.bundle = *bundle;
    if (zmq_send(sweeper->orders, &order, sizeof(order), ZMQ_DONTWAIT) < 0)
        log_line(LOG_ERROR, "not_swept", "fence=%lld is_removal=%d errno=%d",
                 (long long)bundle->fence, is_removal, errno);
}

void sweeper_keep(struct sweeper *sweeper, const struct bundle_identity *bundle)
{
    give(sweeper, bundle, false);
}

void sweeper_remove(struct sweeper *sweeper, const struct bundle_identity *bundle)
{
    give(sweeper, bundle, true);
}

bool sweeper_found(struct sweeper *sweeper, struct bundle_identity *bundle)
{
    return zmq_recv(sweeper->orders, bundle, sizeof(*bundle), ZMQ_DONTWAIT) == (int)sizeof(*bundle);
}

void sweeper_join(struct sweeper *sweeper)
{
    if (sweeper->is_running) {
        zmq_send(sweeper->orders, "", 0, 0);
        pthread_join(sweeper->thread, NULL);
        sweeper->is_running = false;
    }
    if (sweeper->orders)
        zmq_close(sweeper->orders);
    if (sweeper->thread_orders)
        zmq_close(sweeper->thread_orders);
    sweeper->orders = sweeper->thread_orders = NULL;
}
