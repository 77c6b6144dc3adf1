// SPDX-License-Identifier: MIT
/* The ZeroMQ sockets of a worker: three to the daemon, and pairs inside the process. Every limit is
 * set; libzmq's defaults are unbounded messages, endless linger and no heartbeats. A socket belongs
 * to one thread. */
#ifndef WORKERS_RUNTIME_SOCKETS_H
#define WORKERS_RUNTIME_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "schemas/base/limits.h"
#include "workers/runtime/settings.h"

struct sockets {
    void *jobs;    /* PULL */
    void *status;  /* SUB, to worker/NAME */
    void *reports; /* PUSH; sends fail at once while there is no daemon */
};

/* Opens and connects; *message, a literal, says which failed. -ERROR_IO with errno. */
int sockets_open(struct sockets *sockets, void *context, const struct settings *settings,
                 const char **message);
void sockets_close(struct sockets *sockets); /* safe twice */

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
