// SPDX-License-Identifier: MIT
#include "clients/library/feed.h"

#include <errno.h>
#include <string.h>

#include "clients/library/channel.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"

enum { RETRY_MS = 1000 };

int feed_open(struct feed *feed, const struct channel_place *place, struct exportd_error *error)
{
    *feed = (struct feed){0};
    if (wire_input_init(&feed->input) != 0) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    feed->socket = zmq_socket(place->context, ZMQ_SUB);
    if (!feed->socket || !channel_socket_options(feed->socket, place->credentials)) {
        return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "No socket can be made");
    }
    if (!handshake_connect(&feed->handshake, place->context, feed->socket, place->endpoint)) {
        return failure_of_system(error, EXPORTD_ERROR_ARGUMENT, place->endpoint,
                                 "The status endpoint cannot be used");
    }
    return EXPORTD_OK;
}

void feed_close(struct feed *feed)
{
    handshake_close(&feed->handshake);
    if (feed->socket) {
        zmq_close(feed->socket);
    }
    wire_input_release(&feed->input);
    *feed = (struct feed){0};
}

struct mono feed_tend(struct feed *feed, struct mono now)
{
    if (handshake_read(&feed->handshake)) {
        feed->retry.ms = now.ms + RETRY_MS;
    }
    if (feed->handshake.is_given_up && now.ms >= feed->retry.ms) {
        handshake_retry(&feed->handshake);
    }
    return (struct mono){feed->handshake.is_given_up ? feed->retry.ms : INT64_MAX};
}

static bool set_topic(struct feed *feed, int option, const struct uuid *operation_id)
{
    char topic[UUID_TEXT_BUFFER];

    uuid_format(operation_id, topic);
    return zmq_setsockopt(feed->socket, option, topic, UUID_TEXT_BYTES) == 0;
}

bool feed_subscribe(struct feed *feed, const struct uuid *operation_id)
{
    return set_topic(feed, ZMQ_SUBSCRIBE, operation_id);
}

void feed_unsubscribe(struct feed *feed, const struct uuid *operation_id)
{
    set_topic(feed, ZMQ_UNSUBSCRIBE, operation_id);
}

/* 1 when the message was exactly [topic][payload]; 0 when it was not; -EAGAIN. */
static int receive_frames(void *socket, zmq_msg_t frames[2])
{
    zmq_msg_t rest;
    int count = 0;
    int more = 1;

    for (; more; count++) {
        zmq_msg_t *frame = count < 2 ? &frames[count] : &rest;

        if (count >= 2) {
            zmq_msg_init(&rest);
        }
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            return count == 0 ? -EAGAIN : 0;
        }
        more = zmq_msg_more(frame);
        if (count >= 2) {
            zmq_msg_close(&rest);
        }
    }
    return count == 2 ? 1 : 0;
}

static bool decode(struct feed *feed, zmq_msg_t frames[2], struct exportd_event *event)
{
    struct wire_error wrong;
    struct event decoded;

    if (wire_parse(&feed->input, zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), &wrong) != 0 ||
        event_decode(&feed->input.root, &decoded, &wrong) != 0) {
        return false;
    }
    convert_event(&decoded, event);
    return zmq_msg_size(&frames[0]) == UUID_TEXT_BYTES &&
           memcmp(zmq_msg_data(&frames[0]), event->operation_id, UUID_TEXT_BYTES) == 0;
}

int feed_receive(struct feed *feed, struct exportd_event *event)
{
    zmq_msg_t frames[2];
    int rc;

    zmq_msg_init(&frames[0]);
    zmq_msg_init(&frames[1]);
    rc = receive_frames(feed->socket, frames);
    if (rc == 1) {
        rc = decode(feed, frames, event) ? 1 : 0;
    }
    zmq_msg_close(&frames[0]);
    zmq_msg_close(&frames[1]);
    return rc;
}
