// SPDX-License-Identifier: MIT
#include "daemon/net/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define EVENT_BYTES 6

/* A descriptor tells of what comes after nothing was found (zmq_getsockopt(3), ZMQ_FD), so nothing
 * is looked for once. */
static bool begin(void *monitor)
{
    char nothing;

    return zmq_recv(monitor, &nothing, 1, ZMQ_DONTWAIT) < 0 && zmq_errno() == EAGAIN;
}

void *monitor_open(void *context, void *socket, int events, size_t number)
{
    const int unbounded = 0; /* libzmq's thread waits when a monitor is full */
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    char endpoint[64];

    if (!monitor) {
        return NULL;
    }
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%zu-%p", number, socket);
    /* Connected before the first event: one that nobody takes would be waited for. */
    if (zmq_socket_monitor(socket, endpoint, events) ||
        zmq_setsockopt(monitor, ZMQ_RCVHWM, &unbounded, sizeof unbounded) ||
        zmq_connect(monitor, endpoint) || !begin(monitor)) {
        int saved = zmq_errno();

        monitor_close(monitor, socket);
        errno = saved;
        return NULL;
    }
    return monitor;
}

void monitor_close(void *monitor, void *socket)
{
    (void)zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
}

int monitor_descriptor(void *monitor)
{
    size_t size_bytes = sizeof(int);
    int descriptor = -1;

    (void)zmq_getsockopt(monitor, ZMQ_FD, &descriptor, &size_bytes);
    return descriptor;
}

/* An event is a number of 16 bits and a value of 32, in the order of this machine; a second frame
 * tells the endpoint. */
bool monitor_next(void *monitor, uint16_t *event, int *value)
{
    uint8_t bytes[EVENT_BYTES];
    int32_t number;
    char rest;
    int got = zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT);

    if (got < 0) {
        return false;
    }
    (void)zmq_recv(monitor, &rest, 1, ZMQ_DONTWAIT);
    memcpy(event, bytes, sizeof *event);
    memcpy(&number, bytes + sizeof *event, sizeof number);
    *value = got == EVENT_BYTES ? number : -1;
    return true;
}
