// SPDX-License-Identifier: MIT
#include "workers/runtime/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define INSIDE_HIGH_WATER 1024
/* Between two tries of a key that was denied. */
#define RETRY_MS 2000

/* For every socket to the daemon. Reconnecting backs off, so that a thousand workers do not storm a
 * daemon that starts. */
static const struct {
    int option;
    int value;
} options[] = {
    {ZMQ_HANDSHAKE_IVL, 2000},   {ZMQ_HEARTBEAT_IVL, 1000}, {ZMQ_HEARTBEAT_TIMEOUT, 3000},
    {ZMQ_HEARTBEAT_TTL, 5000},   {ZMQ_RECONNECT_IVL, 100},  {ZMQ_RECONNECT_IVL_MAX, 2000},
    {ZMQ_CONNECT_TIMEOUT, 3000},
};

struct plan {
    int type;
    const char *endpoint;
    int high_water;
    int linger_ms;
};

static int set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int configure(void *socket, const struct plan *plan)
{
    const int64_t message_bytes = LIMIT_MESSAGE_BYTES;
    int rc = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof(message_bytes));

    for (size_t i = 0; rc == 0 && i < sizeof(options) / sizeof(options[0]); i++)
        rc = set(socket, options[i].option, options[i].value);
    /* Input is never stopped: libzmq 4.3.4 ends the process when a connection on which it has
     * stopped reading is cut and a heartbeat is due or lies unread on it (libzmq issue 4364). The
     * daemon offers no more than there are slots. */
    if (rc == 0)
        rc = set(socket, ZMQ_RCVHWM, 0);
    if (rc == 0)
        rc = set(socket, ZMQ_SNDHWM, plan->high_water);
    if (rc == 0)
        rc = set(socket, ZMQ_LINGER, plan->linger_ms);
    /* Old heartbeats that waited for a daemon would be worse than none; results are repeated. */
    if (rc == 0 && plan->type == ZMQ_PUSH)
        rc = set(socket, ZMQ_IMMEDIATE, 1);
    return rc;
}

static void *open_socket(void *context, const struct credentials *credentials,
                         struct handshake *handshake, const struct plan *plan, const char *topic)
{
    void *socket = zmq_socket(context, plan->type);

    if (!socket)
        return NULL;
    int rc = configure(socket, plan);
    if (rc == 0 && topic)
        rc = zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
    if (rc != 0 || !credentials_apply(credentials, socket) ||
        !handshake_connect(handshake, context, socket, plan->endpoint)) {
        int saved = errno;

        zmq_close(socket);
        errno = saved;
        return NULL;
    }
    return socket;
}

int sockets_open(struct sockets *sockets, void *context, const struct settings *settings,
                 const char **message)
{
    char topic[SETTINGS_NAME_BUFFER + 8];
    const struct {
        void **socket;
        const char *key;
        struct plan plan;
        const char *topic;
    } rows[SOCKETS_TO_DAEMON] = {
        {&sockets->reports, "exportd.reports", {ZMQ_PUSH, settings->reports, 1024, 1000}, NULL},
        {&sockets->status, "exportd.status", {ZMQ_SUB, settings->status, 64, 0}, topic},
        {&sockets->jobs, "exportd.jobs", {ZMQ_PULL, settings->jobs, 8, 0}, NULL},
    };

    snprintf(topic, sizeof(topic), "worker/%s", settings->name);
    *sockets = (struct sockets){0};
    for (size_t i = 0; i < SOCKETS_TO_DAEMON; i++) {
        *message = rows[i].key;
        *rows[i].socket = open_socket(context, &settings->credentials, &sockets->handshakes[i],
                                      &rows[i].plan, rows[i].topic);
        if (!*rows[i].socket) {
            int saved = errno;

            sockets_close(sockets);
            errno = saved;
            return -ERROR_IO;
        }
    }
    return 0;
}

static void close_one(struct sockets *sockets, void **socket)
{
    for (size_t i = 0; *socket && i < SOCKETS_TO_DAEMON; i++) {
        if (sockets->handshakes[i].socket == *socket)
            handshake_close(&sockets->handshakes[i]);
    }
    if (*socket)
        zmq_close(*socket);
    *socket = NULL;
}

void sockets_close_jobs(struct sockets *sockets)
{
    close_one(sockets, &sockets->jobs);
}

void sockets_close(struct sockets *sockets)
{
    close_one(sockets, &sockets->jobs);
    close_one(sockets, &sockets->status);
    close_one(sockets, &sockets->reports);
}

void sockets_tend(struct sockets *sockets, struct mono now)
{
    for (size_t i = 0; i < SOCKETS_TO_DAEMON; i++) {
        struct handshake *handshake = &sockets->handshakes[i];

        if (handshake_read(handshake)) {
            log_line(LOG_ERROR, "denied", "endpoint=%s retry_ms=%d reason=\"%s\"",
                     handshake->endpoint, RETRY_MS, handshake_text(handshake->end));
            sockets->retry = (struct mono){now.ms + RETRY_MS};
        }
    }
    if (sockets->retry.ms == 0 || now.ms < sockets->retry.ms)
        return;
    for (size_t i = 0; i < SOCKETS_TO_DAEMON; i++)
        handshake_retry(&sockets->handshakes[i]);
    sockets->retry.ms = 0;
}

void *socket_inside(void *context, int type, bool binds, const char *name, int number)
{
    char endpoint[64];
    void *socket = zmq_socket(context, type);

    if (!socket)
        return NULL;
    snprintf(endpoint, sizeof(endpoint), "inproc://%s-%d", name, number);
    if (set(socket, ZMQ_LINGER, 0) != 0 || set(socket, ZMQ_SNDHWM, INSIDE_HIGH_WATER) != 0 ||
        set(socket, ZMQ_RCVHWM, INSIDE_HIGH_WATER) != 0 ||
        (binds ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint)) != 0) {
        int saved = errno;

        zmq_close(socket);
        errno = saved;
        return NULL;
    }
    return socket;
}

static bool has_more(void *socket)
{
    int more = 0;
    size_t bytes = sizeof(more);

    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &bytes) == 0 && more;
}

bool inbox_receive(struct inbox *inbox, void *socket)
{
    char rest[1];

    inbox->frame_count = 0;
    do {
        int frame = inbox->frame_count;
        bool is_kept = frame < INBOX_FRAMES;
        int got = zmq_recv(socket, is_kept ? inbox->frames[frame] : rest,
                           is_kept ? sizeof(inbox->frames[frame]) : 0, ZMQ_DONTWAIT);

        if (got < 0)
            return false;
        if (is_kept)
            inbox->sizes[frame] = (size_t)got;
        inbox->frame_count++;
    } while (has_more(socket));
    return true;
}
