// SPDX-License-Identifier: MIT
/* One listening socket of the daemon, with every option set on purpose (reliability: high-water
 * marks, message size, handshake, heartbeat, linger) and, unless security is none, as a CURVE
 * server whose ZAP domain is enforced. */
#ifndef DAEMON_NET_LISTENER_H
#define DAEMON_NET_LISTENER_H

#include "daemon/net/gate.h"
#include "daemon/net/sockets.h"
#include "daemon/net/waiting.h"

/* The property of a message that tells its sender's identity (rfc.zeromq.org/spec/27). */
#define LISTENER_USER_ID "User-Id"

struct listener {
    enum socket_kind kind;
    const struct feed *feed; /* of a status socket that is one; or NULL */
    struct gate *gate;       /* borrowed; watches it, under this number; or NULL */
    size_t number;
    void *socket;
    char endpoint[SOCKETS_ENDPOINT_BYTES]; /* where it is really bound */
    struct waiting waiting;                /* received, and not yet handled */
};

/* Binds. kind, feed, gate and number are set before. -ERROR_CONFIGURATION with a message. */
int listener_open(struct listener *listener, void *context, struct text endpoint,
                  const struct sockets_options *options, char message[SOCKETS_MESSAGE_BYTES]);
void listener_close(struct listener *listener); /* safe twice */

/* Ends all its connections by closing it and binds it again where it was. Waits for a moment, since
 * libzmq closes in the background. Errors as listener_open; then it is closed. */
int listener_reopen(struct listener *listener, void *context, const struct sockets_options *options,
                    char message[SOCKETS_MESSAGE_BYTES]);

/* Takes a message without waiting, as frames_receive; the gate is told of it. */
bool listener_receive(const struct listener *listener, struct frames *frames);

/* Has a message wait for the next turn, as waiting_put; of senders that cannot be told apart there
 * may be any number. */
bool listener_keep(struct listener *listener, struct frames *frames, size_t most_of_sender);

#endif
