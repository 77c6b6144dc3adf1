// SPDX-License-Identifier: MIT
#include "workers/runtime/slot.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "workers/runtime/sockets.h"

#define ORDERS_NAME "slot"
#define ENDS_NAME   "ends"

void *slot_ends(void *context)
{
    return socket_inside(context, ZMQ_PULL, true, ENDS_NAME, 0);
}

/* Waits; false when the thread is to end. */
static bool receive_order(void *orders, struct attempt_order *order)
{
    int got;

    do {
        got = zmq_recv(orders, order, sizeof(*order), 0);
    } while (got < 0 && errno == EINTR);
    return got == (int)sizeof(*order);
}

/* An empty message takes no memory. */
static void run_order(struct slot *slot, const struct attempt_order *order)
{
    assert(!atomic_load(&slot->has_ended)); /* an end is taken before another order is given */
    slot->end.number = slot->number;
    attempt_run(slot->settings, order, &slot->stop, &slot->progress, &slot->end.end, &slot->report);
    atomic_store(&slot->has_ended, true);
    zmq_send(slot->thread_ends, "", 0, 0);
}

bool slot_has_ended(const struct slot *slot)
{
    return atomic_load(&slot->has_ended);
}

void slot_take_end(struct slot *slot)
{
    wire_output_release(&slot->report);
    slot->report = (struct wire_output)WIRE_OUTPUT_INIT;
    atomic_store(&slot->has_ended, false);
}

static void *slot_main(void *argument)
{
    struct slot *slot = argument;
    struct attempt_order order;

    while (receive_order(slot->thread_orders, &order))
        run_order(slot, &order);
    return NULL;
}

/* Connected before the thread is there, so that an order never comes too early for it. */
int slot_start(struct slot *slot, void *context, const struct settings *settings, int number)
{
    slot->settings = settings;
    slot->number = number;
    slot->report = (struct wire_output)WIRE_OUTPUT_INIT;
    /* One after the other: errno is that of the first that cannot be had. */
    slot->orders = socket_inside(context, ZMQ_PAIR, true, ORDERS_NAME, number);
    if (slot->orders)
        slot->thread_orders = socket_inside(context, ZMQ_PAIR, false, ORDERS_NAME, number);
    if (slot->thread_orders)
        slot->thread_ends = socket_inside(context, ZMQ_PUSH, false, ENDS_NAME, 0);
    if (!slot->thread_ends)
        return -ERROR_IO;
    errno = pthread_create(&slot->thread, NULL, slot_main, slot);
    slot->is_running = errno == 0;
    return slot->is_running ? 0 : -ERROR_IO;
}

int slot_give(struct slot *slot, const struct attempt_order *order)
{
    atomic_store(&slot->stop, STOP_NONE);
    atomic_store(&slot->progress.rows, 0);
    atomic_store(&slot->progress.bytes, 0);
    atomic_store(&slot->progress.hundredths, 0);
    if (zmq_send(slot->orders, order, sizeof(*order), ZMQ_DONTWAIT) < 0)
        return -ERROR_IO;
    slot->is_busy = true;
    slot->is_told = false;
    slot->told_hundredths = 0;
    slot->told_bytes = 0;
    slot->job = order->job;
    return 0;
}

void slot_stop(struct slot *slot, enum stop_reason reason)
{
    int expected = STOP_NONE;

    if (atomic_compare_exchange_strong(&slot->stop, &expected, reason))
        return;
    /* What is superseded or cancelled must leave no file, whatever it was told before. */
    if (stop_leaves_nothing((int)reason) && !stop_leaves_nothing(expected))
        atomic_store(&slot->stop, reason);
}

void slot_join(struct slot *slot)
{
    void *sockets[] = {slot->orders, slot->thread_orders, slot->thread_ends};

    if (slot->is_running) {
        slot_stop(slot, STOP_WORKER);
        zmq_send(slot->orders, "", 0, 0);
        pthread_join(slot->thread, NULL);
        slot->is_running = false;
    }
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
        if (sockets[i])
            zmq_close(sockets[i]);
    }
    slot->orders = slot->thread_orders = slot->thread_ends = NULL;
    wire_output_release(&slot->report);
}
