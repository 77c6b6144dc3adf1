// SPDX-License-Identifier: MIT
/* How many connections and subscriptions there may be. libzmq bounds neither, and when a process
 * runs out of descriptors it spins and lets nobody in. So the gate follows each listening socket
 * through its monitor, knows every connection that was accepted, and shuts down (shutdown(2), which
 * libzmq takes for a peer that has left) what is too much:
 *
 *  - of connections, the one that was accepted first among those that have not said as much as a
 *    handshake takes; when all have, the newest. A flood of silent connections so loses its own,
 * and a peer that speaks gets in.
 *  - of subscriptions, the connection that has more than one may have, or, when all together have
 *    too many, the one that has most. Each message to a status socket
 *    counts, whatever it says, for libzmq keeps no other account that a peer could not falsify; so
 *    a connection that has subscribed often enough in its life is shut down although it
 *    unsubscribed meanwhile. A SUB connects again by itself and renews only what it still wants.
 *
 * One thread, that of the sockets. A descriptor is known by its number, and libzmq closes and
 * accepts meanwhile: in the worst case a newer connection is shut down in the place of one that is
 * gone, and its peer connects again. */
#ifndef DAEMON_NET_GATE_H
#define DAEMON_NET_GATE_H

#include "schemas/base/clock.h"

struct gate;

struct gate_limits {
    int64_t connections;
    int64_t subscriptions; /* of all connections together, in units of LIMIT_TOPIC_UNIT_BYTES
                            */
    int64_t subscriptions_per_connection;
    int64_t handshake_timeout_ms;
};

/* What was shut down since the last call of gate_refusals. */
struct gate_refusals {
    size_t connections;
    size_t subscriptions; /* connections because of their subscriptions */
};

#define GATE_MESSAGE_BYTES 256

/* Sees to it that the process may open as many descriptors as the limits allow connections, with
 * some to spare. -ERROR_CONFIGURATION with a message when it may not; -ERROR_MEMORY. */
int gate_open(struct gate **gate, const struct gate_limits *limits,
              char message[GATE_MESSAGE_BYTES]);
void gate_close(struct gate **gate); /* safe twice; when it follows no socket any more */

/* Follows a socket, which must not be bound yet, under a number below GATE_SOCKETS that no other
 * has. -ERROR_IO with errno. */
#define GATE_SOCKETS 64
int gate_watch(struct gate *gate, void *context, void *socket, size_t number);

/* Follows it no more; before it is closed, for libzmq's thread would wait for ever to tell the end
 * of its connections to a monitor that nobody reads. Safe when it was not followed. */
void gate_unwatch(struct gate *gate, void *socket, size_t number);

/* Readable when something happened on the sockets. */
int gate_descriptor(const struct gate *gate);

/* Takes note of what happened on the sockets, and shuts down what is too much. Of thousands of
 * events at once some may be left for the next look, of which the descriptor then says nothing. */
void gate_look(struct gate *gate, struct mono now);

/* A message of size_bytes came to a status socket over this descriptor; -1: it is not known. What
 * was left of a connection that had the descriptor before counts for the one that has it now. */
void gate_subscribed(struct gate *gate, int descriptor, size_t size_bytes);

size_t gate_connections(const struct gate *gate);
void gate_refusals(struct gate *gate, struct gate_refusals *refusals);

#endif
