// SPDX-License-Identifier: MIT
/* The ZeroMQ sockets of a worker: three to the daemon, and pairs inside the process. Every limit is
 * set; libzmq's defaults are unbounded messages, endless linger and no heartbeats. A socket belongs
 * to one thread. */
#ifndef WORKERS_RUNTIME_SOCKETS_H
#define WORKERS_RUNTIME_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "schemas/base/clock.h"
#include "schemas/base/limits.h"
#include "schemas/curve/handshake.h"
#include "workers/runtime/settings.h"

#define SOCKETS_TO_DAEMON 3

struct sockets {
    void *jobs;    /* PULL */
    void *status;  /* SUB, to worker/NAME */
    void *reports; /* PUSH; sends fail at once while there is no daemon */
    struct handshake handshakes[SOCKETS_TO_DAEMON];
    struct mono retry; /* when to connect again those that the daemon denied; 0: none is */
};

/* Opens and connects; *message, a literal, says which failed. -ERROR_IO with errno. */
int sockets_open(struct sockets *sockets, void *context, const struct settings *settings,
                 const char **message);
void sockets_close(struct sockets *sockets); /* safe twice */

/* Closes the jobs socket before the others. */
void sockets_close_jobs(struct sockets *sockets);

/* Looks after the handshakes: logs what was denied, and connects it again after a while, so that a
 * worker may be started before its key is known to the daemon. To be called in every turn, and when
 * a handshake's monitor is readable. */
void sockets_tend(struct sockets *sockets, struct mono now);

/* A socket inside the process: binds or connects "inproc://NAME-number". NULL with errno. */
void *socket_inside(void *context, int type, bool binds, const char *name, int number);

#define INBOX_FRAMES 2

/* One message; frames beyond INBOX_FRAMES are counted and dropped. */
struct inbox {
    int frame_count;
    size_t sizes[INBOX_FRAMES];
    char frames[INBOX_FRAMES][LIMIT_MESSAGE_BYTES];
};

/* Takes a message without waiting: true when there was one. */
bool inbox_receive(struct inbox *inbox, void *socket);

#endif
