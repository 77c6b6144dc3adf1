// SPDX-License-Identifier: MIT
#include "daemon/net/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "schemas/base/errors.h"

/* Time given to replies and notices that are on their way when the daemon stops. */
#define LINGER_MS 200
#define BACKLOG   1024

struct sockets {
    void *context;
    void *sockets[SOCKET_COUNT];
    char endpoints[SOCKET_COUNT][SOCKETS_ENDPOINT_BYTES];
};

static const int types[SOCKET_COUNT] = {
    [SOCKET_REQUESTS] = ZMQ_ROUTER,
    [SOCKET_JOBS] = ZMQ_PUSH,
    [SOCKET_REPORTS] = ZMQ_PULL,
    [SOCKET_STATUS] = ZMQ_XPUB,
};

static bool set(void *socket, int option, int64_t value)
{
    int number = (int)value;

    return zmq_setsockopt(socket, option, &number, sizeof number) == 0;
}

/* Input is never stopped at a mark: libzmq 4.3.4 ends the process when a connection on which it has
 * stopped reading is cut and a heartbeat is due or lies unread on it (libzmq issue 4364). What
 * waits is bounded by how fast a turn takes it. */
#define UNLIMITED 0

static bool set_options(void *socket, enum socket_kind kind, const struct sockets_options *options)
{
    int64_t maximum_bytes = LIMIT_MESSAGE_BYTES;
    bool is_set =
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &maximum_bytes, sizeof maximum_bytes) == 0 &&
        set(socket, ZMQ_SNDHWM, options->high_water_mark) && set(socket, ZMQ_RCVHWM, UNLIMITED) &&
        set(socket, ZMQ_HANDSHAKE_IVL, options->handshake_timeout_ms) &&
        set(socket, ZMQ_HEARTBEAT_IVL, options->heartbeat_interval_ms) &&
        set(socket, ZMQ_HEARTBEAT_TIMEOUT, options->heartbeat_timeout_ms) &&
        set(socket, ZMQ_HEARTBEAT_TTL, options->heartbeat_timeout_ms) &&
        set(socket, ZMQ_LINGER, LINGER_MS) && set(socket, ZMQ_BACKLOG, BACKLOG) &&
        set(socket, ZMQ_IPV6, 1);

    if (kind == SOCKET_REQUESTS) {
        /* A reply to a peer that is gone is an error that can be counted, and no peer takes over
         * another's name. */
        is_set =
            is_set && set(socket, ZMQ_ROUTER_MANDATORY, 1) && set(socket, ZMQ_ROUTER_HANDOVER, 0);
    }
    if (kind == SOCKET_STATUS) {
        /* Every subscription is passed up, also to a topic that has a subscriber: each is owed the
         * last value. */
        is_set = is_set && set(socket, ZMQ_XPUB_VERBOSE, 1);
    }
    return is_set;
}

/* libzmq unlinks an ipc path before it binds, and so would take it away from a daemon that is
 * listening there. */
static bool is_taken(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = endpoint + strlen("ipc://");
    bool is_listening = false;
    int probe;

    if (strncmp(endpoint, "ipc://", strlen("ipc://")) != 0 || path[0] == '@' || path[0] == '*' ||
        strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0) {
        is_listening = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
        close(probe);
    }
    return is_listening;
}

static int open_socket(struct sockets *sockets, enum socket_kind kind,
                       const struct sockets_options *options, char *message)
{
    char endpoint[SOCKETS_ENDPOINT_BYTES];
    size_t size_bytes = SOCKETS_ENDPOINT_BYTES;
    void *handle;

    if (text_copy(options->endpoints[kind], endpoint, sizeof endpoint)) {
        snprintf(message, SOCKETS_MESSAGE_BYTES, "an endpoint is too long");
        return -ERROR_CONFIGURATION;
    }
    if (is_taken(endpoint)) {
        snprintf(message, SOCKETS_MESSAGE_BYTES, "cannot listen on %s: another process does",
                 endpoint);
        return -ERROR_CONFIGURATION;
    }
    handle = sockets->sockets[kind] = zmq_socket(sockets->context, types[kind]);
    if (!handle || !set_options(handle, kind, options) || zmq_bind(handle, endpoint) ||
        zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, sockets->endpoints[kind], &size_bytes)) {
        snprintf(message, SOCKETS_MESSAGE_BYTES, "cannot listen on %s: %s", endpoint,
                 zmq_strerror(zmq_errno()));
        return -ERROR_CONFIGURATION;
    }
    return 0;
}

int sockets_open(struct sockets **sockets, const struct sockets_options *options,
                 char message[SOCKETS_MESSAGE_BYTES])
{
    struct sockets *s = calloc(1, sizeof *s);
    int rc = 0;

    if (!s || !(s->context = zmq_ctx_new())) {
        free(s);
        snprintf(message, SOCKETS_MESSAGE_BYTES, "out of memory");
        return -ERROR_MEMORY;
    }
    for (int kind = 0; !rc && kind < SOCKET_COUNT; kind++) {
        rc = open_socket(s, (enum socket_kind)kind, options, message);
    }
    if (rc) {
        sockets_close(&s);
        return rc;
    }
    *sockets = s;
    return 0;
}

void sockets_close(struct sockets **sockets)
{
    if (!*sockets) {
        return;
    }
    for (int kind = 0; kind < SOCKET_COUNT; kind++) {
        if ((*sockets)->sockets[kind]) {
            zmq_close((*sockets)->sockets[kind]);
        }
    }
    zmq_ctx_term((*sockets)->context);
    free(*sockets);
    *sockets = NULL;
}

const char *sockets_endpoint(const struct sockets *sockets, enum socket_kind kind)
{
    return sockets->endpoints[kind];
}

int sockets_wait(struct sockets *sockets, int signal_fd, int timeout_ms)
{
    zmq_pollitem_t items[] = {
        {.socket = sockets->sockets[SOCKET_REQUESTS], .events = ZMQ_POLLIN},
        {.socket = sockets->sockets[SOCKET_REPORTS], .events = ZMQ_POLLIN},
        {.socket = sockets->sockets[SOCKET_STATUS], .events = ZMQ_POLLIN},
        {.fd = signal_fd, .events = ZMQ_POLLIN},
    };

    if (zmq_poll(items, 4, timeout_ms) < 0 && zmq_errno() != EINTR) {
        return -ERROR_IO;
    }
    return 0;
}

/* The frames of a message, as far as they can matter; the rest is counted and dropped. */
struct frames {
    zmq_msg_t frames[LIMIT_ENVELOPE_FRAMES + 2];
    uint32_t kept;
    uint32_t count;
};

static bool frames_receive(struct frames *frames, void *socket)
{
    const uint32_t room = sizeof frames->frames / sizeof frames->frames[0];
    zmq_msg_t dropped;
    zmq_msg_t *frame;
    bool has_more = true;

    frames->kept = frames->count = 0;
    while (has_more) {
        frame = frames->kept < room ? &frames->frames[frames->kept] : &dropped;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            return false;
        }
        has_more = zmq_msg_more(frame);
        frames->count++;
        if (frame == &dropped) {
            zmq_msg_close(&dropped);
        } else {
            frames->kept++;
        }
    }
    return true;
}

static void frames_release(struct frames *frames)
{
    for (uint32_t i = 0; i < frames->kept; i++) {
        zmq_msg_close(&frames->frames[i]);
    }
}

/* Everything before the first empty frame is the way back: the routing id, what REQ_CORRELATE adds,
 * the ids of proxies. A DEALER that sends no empty frame gets its reply without one. False when it
 * cannot be kept. */
static bool envelope_read(struct envelope *envelope, struct frames *frames, uint32_t *payload)
{
    uint32_t delimiter = 1;
    size_t used = 0;

    while (delimiter < frames->kept && zmq_msg_size(&frames->frames[delimiter]) > 0) {
        delimiter++;
    }
    envelope->has_delimiter = delimiter < frames->kept;
    envelope->frame_count = (uint8_t)(envelope->has_delimiter ? delimiter : 1);
    *payload = envelope->frame_count + (envelope->has_delimiter ? 1U : 0U);
    if (envelope->frame_count > LIMIT_ENVELOPE_FRAMES) {
        return false;
    }
    for (uint8_t i = 0; i < envelope->frame_count; i++) {
        size_t size_bytes = zmq_msg_size(&frames->frames[i]);
        if (size_bytes > LIMIT_ENVELOPE_BYTES) {
            return false;
        }
        memcpy(envelope->bytes + used, zmq_msg_data(&frames->frames[i]), size_bytes);
        envelope->sizes[i] = (uint16_t)size_bytes;
        used += size_bytes;
    }
    return true;
}

static bool receive_one(void *socket, enum socket_kind kind, sockets_receiver receive,
                        void *argument)
{
    struct frames frames;
    struct envelope envelope;
    struct incoming incoming = {.socket = kind, .envelope = &envelope};
    uint32_t payload = 0;
    bool is_received = frames_receive(&frames, socket);

    if (is_received && (kind != SOCKET_REQUESTS || envelope_read(&envelope, &frames, &payload))) {
        incoming.payload_frames = frames.count - payload;
        if (payload < frames.kept) {
            incoming.payload.data = zmq_msg_data(&frames.frames[payload]);
            incoming.payload.size_bytes = (uint32_t)zmq_msg_size(&frames.frames[payload]);
        }
        receive(argument, &incoming);
    }
    frames_release(&frames);
    return is_received;
}

size_t sockets_receive(struct sockets *sockets, size_t budget, sockets_receiver receive,
                       void *argument)
{
    /* Reports first: they free slots and renew leases, whatever the callers ask for. */
    static const enum socket_kind order[] = {SOCKET_REPORTS, SOCKET_REQUESTS, SOCKET_STATUS};
    size_t taken = 0;

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        for (size_t n = 0; n < budget; n++, taken++) {
            if (!receive_one(sockets->sockets[order[i]], order[i], receive, argument)) {
                break;
            }
        }
    }
    return taken;
}

static int send_frame(void *socket, const void *data, size_t size_bytes, int flags)
{
    int rc;

    do {
        rc = zmq_send(socket, data, size_bytes, flags | ZMQ_DONTWAIT);
    } while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? -ERROR_BUSY : 0;
}

/* A message that could not be sent whole is ended here: else the next one would become part of it,
 * and reach whoever this one was for. */
static int end_message(void *socket, int rc)
{
    if (rc) {
        (void)send_frame(socket, "", 0, 0);
    }
    return rc;
}

int sockets_reply(struct sockets *sockets, const struct envelope *envelope, struct text payload)
{
    void *socket = sockets->sockets[SOCKET_REQUESTS];
    const uint8_t *at = envelope->bytes + envelope->sizes[0];
    int rc = send_frame(socket, envelope->bytes, envelope->sizes[0], ZMQ_SNDMORE);

    if (rc) {
        return rc;
    }
    for (uint8_t i = 1; !rc && i < envelope->frame_count; i++) {
        rc = send_frame(socket, at, envelope->sizes[i], ZMQ_SNDMORE);
        at += envelope->sizes[i];
    }
    if (!rc && envelope->has_delimiter) {
        rc = send_frame(socket, "", 0, ZMQ_SNDMORE);
    }
    return end_message(socket, rc ? rc : send_frame(socket, payload.data, payload.size_bytes, 0));
}

int sockets_offer(struct sockets *sockets, struct text payload)
{
    return send_frame(sockets->sockets[SOCKET_JOBS], payload.data, payload.size_bytes, 0);
}

int sockets_publish(struct sockets *sockets, struct text topic, struct text payload)
{
    void *socket = sockets->sockets[SOCKET_STATUS];
    int rc = send_frame(socket, topic.data, topic.size_bytes, ZMQ_SNDMORE);

    return rc ? rc : end_message(socket, send_frame(socket, payload.data, payload.size_bytes, 0));
}
