// SPDX-License-Identifier: MIT
#include "schemas/curve/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define EVENTS                                                                                     \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |                        \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define EVENT_BYTES    6 /* 16 bits of event, 32 bits of value */
#define ADDRESS_BUFFER 64

bool handshake_connect(struct handshake *handshake, void *context, void *socket,
                       const char *endpoint)
{
    char address[ADDRESS_BUFFER];
    int linger_ms = 0;
    int saved;

    *handshake = (struct handshake){.socket = socket, .endpoint = endpoint};
    snprintf(address, sizeof(address), "inproc://handshake-%p", socket);
    if (zmq_socket_monitor(socket, address, EVENTS) == 0) {
        handshake->monitor = zmq_socket(context, ZMQ_PAIR);
    }
    if (handshake->monitor &&
        zmq_setsockopt(handshake->monitor, ZMQ_LINGER, &linger_ms, sizeof(linger_ms)) == 0 &&
        zmq_connect(handshake->monitor, address) == 0 && zmq_connect(socket, endpoint) == 0) {
        return true;
    }
    saved = errno;
    handshake_close(handshake);
    errno = saved;
    return false;
}

void handshake_close(struct handshake *handshake)
{
    if (handshake->socket) {
        (void)zmq_socket_monitor(handshake->socket, NULL, 0);
    }
    if (handshake->monitor) {
        zmq_close(handshake->monitor);
    }
    *handshake = (struct handshake){0};
}

static void hear(struct handshake *handshake, uint16_t event)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        handshake->end = HANDSHAKE_SUCCEEDED;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        handshake->end = HANDSHAKE_DENIED;
        handshake->is_given_up = true;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        handshake->end = HANDSHAKE_MECHANISM;
        handshake->is_given_up = true;
        break;
    default:
        handshake->end = HANDSHAKE_BROKEN;
        break;
    }
}

bool handshake_read(struct handshake *handshake)
{
    unsigned char bytes[ADDRESS_BUFFER];
    bool was_given_up = handshake->is_given_up;
    uint16_t event;
    int more = 0;
    size_t size = sizeof(more);

    while (handshake->monitor) {
        int got = zmq_recv(handshake->monitor, bytes, sizeof(bytes), ZMQ_DONTWAIT);

        if (got < 0) {
            break;
        }
        if (got >= EVENT_BYTES) {
            memcpy(&event, bytes, sizeof(event));
            hear(handshake, event);
        }
        /* The second frame is the address. */
        while (zmq_getsockopt(handshake->monitor, ZMQ_RCVMORE, &more, &size) == 0 && more &&
               zmq_recv(handshake->monitor, bytes, sizeof(bytes), ZMQ_DONTWAIT) >= 0) {
        }
    }
    return handshake->is_given_up && !was_given_up;
}

void handshake_retry(struct handshake *handshake)
{
    if (handshake->is_given_up) {
        handshake->is_given_up = false;
        handshake->end = HANDSHAKE_NONE;
        (void)zmq_disconnect(handshake->socket, handshake->endpoint);
        (void)zmq_connect(handshake->socket, handshake->endpoint);
    }
}

const char *handshake_text(enum handshake_end end)
{
    switch (end) {
    case HANDSHAKE_DENIED:
        return "the service does not admit this key";
    case HANDSHAKE_MECHANISM:
        return "one side wants CURVE keys and the other does not";
    case HANDSHAKE_BROKEN:
        return "the handshake fails; the key expected of the service may be another's";
    case HANDSHAKE_NONE:
    case HANDSHAKE_SUCCEEDED:
        break;
    }
    return NULL;
}
