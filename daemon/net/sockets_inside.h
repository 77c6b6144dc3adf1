// SPDX-License-Identifier: MIT
/* What the parts of the sockets share: sockets.c, which opens them, waits and receives, and
 * sockets_send.c. */
#ifndef DAEMON_NET_SOCKETS_INSIDE_H
#define DAEMON_NET_SOCKETS_INSIDE_H

#include <pthread.h>

#include "daemon/net/listener.h"
#include "daemon/net/lookout.h"
#include "daemon/net/sockets.h"
#include "daemon/net/zap.h"

struct sockets {
    pthread_t owner; /* a socket belongs to the thread that opened it */
    void *context;
    void *zap; /* NULL without security */
    struct gate *gate;
    struct sockets_options options;
    struct denials denials;
    size_t surplus;
    struct lookout lookout;
    struct listener listeners[SOCKET_COUNT + LIMIT_FEEDS]; /* by kind; the feeds behind them */
    size_t count;
};

/* The libzmq socket with this number, for the thread that opened it. */
void *sockets_socket(const struct sockets *sockets, size_t number);

#endif
