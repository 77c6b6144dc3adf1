// SPDX-License-Identifier: MIT
/* What happens to the connections of a socket, as libzmq tells it (zmq_socket_monitor(3)): over a
 * socket of its own, so by the thread that reads it. */
#ifndef DAEMON_NET_MONITOR_H
#define DAEMON_NET_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins to follow these events (ZMQ_EVENT_...) of a socket that is not bound yet. NULL with errno.
 * number makes the monitor's name. */
void *monitor_open(void *context, void *socket, int events, size_t number);

/* Before the socket is closed, for libzmq's thread would wait for ever to tell the end of its
 * connections to a monitor that nobody reads. */
void monitor_close(void *monitor, void *socket);

/* Becomes readable with what happens after monitor_next was false. */
int monitor_descriptor(void *monitor);

/* Takes the next event; value is a descriptor with most. False when there is none. */
bool monitor_next(void *monitor, uint16_t *event, int *value);

#endif
