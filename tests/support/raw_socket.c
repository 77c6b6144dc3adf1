// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "tests/support/raw.h"

struct raw_socket {
    void *context;
    void *socket;
    enum raw_kind kind;
};

static const int socket_types[] = {
    [RAW_REQUEST] = ZMQ_REQ, [RAW_DEALER] = ZMQ_DEALER, [RAW_SUBSCRIBER] = ZMQ_SUB,
    [RAW_PUSH] = ZMQ_PUSH,   [RAW_PULL] = ZMQ_PULL,
};

static int set_number(struct raw_socket *raw, int option, int value)
{
    return zmq_setsockopt(raw->socket, option, &value, sizeof(value)) ? -ERROR_IO : 0;
}

static int configure(struct raw_socket *raw)
{
    if (set_number(raw, ZMQ_LINGER, 0) || set_number(raw, ZMQ_RCVHWM, 0) ||
        set_number(raw, ZMQ_SNDHWM, 0)) {
        return -ERROR_IO;
    }
    if (raw->kind == RAW_REQUEST) {
        /* A reply that is late, or never comes, must not wedge the next request. */
        return set_number(raw, ZMQ_REQ_RELAXED, 1) || set_number(raw, ZMQ_REQ_CORRELATE, 1)
                   ? -ERROR_IO
                   : 0;
    }
    return 0;
}

int raw_open(enum raw_kind kind, const char *endpoint, struct raw_socket **socket)
{
    struct raw_socket *raw = calloc(1, sizeof(*raw));
    if (!raw) {
        return -ERROR_MEMORY;
    }
    raw->kind = kind;
    raw->context = zmq_ctx_new();
    if (raw->context) {
        raw->socket = zmq_socket(raw->context, socket_types[kind]);
    }
    if (!raw->socket || configure(raw) || zmq_connect(raw->socket, endpoint)) {
        raw_close(&raw);
        return -ERROR_IO;
    }
    *socket = raw;
    return 0;
}

void raw_close(struct raw_socket **socket)
{
    struct raw_socket *raw = *socket;
    if (!raw) {
        return;
    }
    if (raw->socket) {
        zmq_close(raw->socket);
    }
    if (raw->context) {
        zmq_ctx_term(raw->context);
    }
    free(raw);
    *socket = NULL;
}

int raw_subscribe(struct raw_socket *socket, const char *topic)
{
    return zmq_setsockopt(socket->socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) ? -ERROR_IO : 0;
}

int raw_send(struct raw_socket *socket, const struct raw_message *message, int timeout_ms)
{
    if (message->is_too_long) {
        return -ERROR_TOO_LONG;
    }
    if (set_number(socket, ZMQ_SNDTIMEO, timeout_ms)) {
        return -ERROR_IO;
    }
    if (socket->kind == RAW_DEALER && zmq_send(socket->socket, "", 0, ZMQ_SNDMORE) < 0) {
        return errno == EAGAIN ? -ERROR_TIMEOUT : -ERROR_IO;
    }
    if (zmq_send(socket->socket, message->bytes, message->size, 0) < 0) {
        return errno == EAGAIN ? -ERROR_TIMEOUT : -ERROR_IO;
    }
    return 0;
}

static int take_topic(zmq_msg_t *frame, char *topic, size_t topic_bytes)
{
    size_t size = zmq_msg_size(frame);
    if (!topic) {
        return 0;
    }
    if (size >= topic_bytes) {
        return -ERROR_TOO_LONG;
    }
    memcpy(topic, zmq_msg_data(frame), size);
    topic[size] = '\0';
    return 0;
}

int raw_receive(struct raw_socket *socket, int timeout_ms, char *topic, size_t topic_bytes,
                struct raw_message *message)
{
    if (set_number(socket, ZMQ_RCVTIMEO, timeout_ms)) {
        return -ERROR_IO;
    }
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    int rc = 0;
    bool is_first = true;
    bool has_more;
    do {
        if (zmq_msg_recv(&frame, socket->socket, 0) < 0) {
            rc = errno == EAGAIN ? -ERROR_TIMEOUT : -ERROR_IO;
            break;
        }
        has_more = zmq_msg_more(&frame);
        if (is_first && !rc) {
            rc = take_topic(&frame, topic, topic_bytes);
        }
        is_first = false;
        raw_clear(message);
        raw_bytes(message, zmq_msg_data(&frame), zmq_msg_size(&frame));
    } while (has_more);
    zmq_msg_close(&frame);
    return rc || !message->is_too_long ? rc : -ERROR_TOO_LONG;
}

int raw_ask(struct raw_socket *socket, const struct raw_message *request, int timeout_ms,
            struct raw_message *reply)
{
    int rc = raw_send(socket, request, timeout_ms);
    return rc ? rc : raw_receive(socket, timeout_ms, NULL, 0, reply);
}
