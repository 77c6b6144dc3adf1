// SPDX-License-Identifier: MIT
/* How many connections and subscriptions there may be. libzmq bounds neither, and when a process
 * runs out of descriptors it spins and lets nobody in. So the gate follows each listening socket
 * through its monitor, knows every connection that was accepted, and shuts down (shutdown(2), which
 * libzmq takes for a peer that has left) what is too much:
 *
 *  - of connections, the one that was accepted first among those that have not said as much as a
 *    handshake takes; when all have, the newest. A flood of silent connections so loses its own,
 *    and a peer that speaks gets in.
 *  - of subscriptions, the connection that has more than one may have, or, when all together have
 *    too many, the one that has most. Each message to a status socket
 *    counts, whatever it says, for libzmq keeps no other account that a peer could not falsify; so
 *    a connection that has subscribed often enough in its life is shut down although it
 *    unsubscribed meanwhile. A SUB connects again by itself and renews only what it still wants.
 *
 *  - of messages that do not end, for which libzmq has no bound: the connection that has sent more
 *    than LIMIT_UNFINISHED_BYTES without a message having come out of it, or, when all together
 *    have LIMIT_UNFINISHED_ALL_BYTES, the one that has most. The kernel tells what came over a
 *    connection (TCP_INFO), and looked is whenever the process has used some processor time
 *    (pulse.h), for whoever floods it makes it use that. It is cut only after libzmq has said that
 *    no message waits on its socket any more, so that whoever sends whole ones, however many and
 *    however late they are taken, is not. Heartbeats are let pass: LIMIT_IDLE_BYTES_A_SECOND. Whose
 *    connection it was is told if it is sure, and that identity is not let in for LIMIT_BARRED_MS.
 *    A local (ipc) connection cannot be asked, and is not bounded so.
 *
 * One thread, that of the sockets. A descriptor is known by its number, and libzmq closes and
 * accepts meanwhile: in the worst case a newer connection is shut down in the place of one that is
 * gone, and its peer connects again. */
#ifndef DAEMON_NET_GATE_H
#define DAEMON_NET_GATE_H

#include "daemon/net/identities.h"
#include "schemas/base/clock.h"

struct gate;

struct gate_limits {
    int64_t connections;
    int64_t subscriptions; /* of all connections together, in units of LIMIT_TOPIC_UNIT_BYTES */
    int64_t subscriptions_per_connection;
    int64_t handshake_timeout_ms;
};

#define GATE_ADDRESS_BUFFER  64
#define GATE_PORT_BUFFER     8
#define GATE_IDENTITY_BUFFER CERTIFICATE_NAME_BUFFER

/* What was shut down since the last call of gate_refusals. */
struct gate_refusals {
    size_t connections;
    size_t subscriptions;              /* connections because of their subscriptions */
    size_t unfinished;                 /* because of messages that did not end; */
    char address[GATE_ADDRESS_BUFFER]; /* the last of these, */
    char port[GATE_PORT_BUFFER];
    char identity[GATE_IDENTITY_BUFFER]; /* and whose it was; "-" when that is not sure */
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

/* The identities that are admitted from now on, borrowed; before those that were are gone. */
void gate_follow_identities(struct gate *gate, const struct identities *identities);

/* Whether an identity that the socket is open to may come in now, from this address as ZAP tells
 * it; if so, a connection from there is its. */
bool gate_admits(struct gate *gate, size_t number, struct text address,
                 const struct identity *identity, struct mono now);

/* A message came out of the connection with this descriptor, -1: it is not known of which. True
 * when gate_proved is to be told whose it was; a name of "" or of nobody will do. */
bool gate_heard(struct gate *gate, int descriptor);
void gate_proved(struct gate *gate, int descriptor, struct text name);

/* Looks for messages that do not end, when it is time to; before messages are taken from the
 * sockets. */
void gate_weigh(struct gate *gate, struct mono now);

/* No message was left on the socket after gate_weigh: who was found there and was not heard
 * meanwhile is shut down. */
void gate_judge(struct gate *gate, size_t number, struct mono now);

size_t gate_connections(const struct gate *gate);
void gate_refusals(struct gate *gate, struct gate_refusals *refusals);

#endif
