// SPDX-License-Identifier: MIT
#include <zmq.h>

#include "daemon/net/sockets_inside.h"
#include "schemas/base/errors.h"

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
    void *socket = sockets_socket(sockets, SOCKET_REQUESTS);
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
    return send_frame(sockets_socket(sockets, SOCKET_JOBS), payload.data, payload.size_bytes, 0);
}

int sockets_publish(struct sockets *sockets, uint32_t status_number, struct text topic,
                    struct text payload)
{
    void *socket = sockets_socket(sockets, SOCKET_STATUS + status_number);
    int rc = send_frame(socket, topic.data, topic.size_bytes, ZMQ_SNDMORE);

    return rc ? rc : end_message(socket, send_frame(socket, payload.data, payload.size_bytes, 0));
}
