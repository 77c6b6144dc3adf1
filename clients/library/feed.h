// SPDX-License-Identifier: MIT
/* Status events as they arrive: a SUB socket that subscribes to operations by id. Frames may be
 * lost, doubled or made up; this module only sees to it that what it hands out is an event of its
 * topic. One thread. */
#ifndef CLIENTS_LIBRARY_FEED_H
#define CLIENTS_LIBRARY_FEED_H

#include <zmq.h>

#include "clients/library/channel.h"
#include "schemas/base/clock.h"
#include "schemas/codec/wire.h"
#include "schemas/curve/handshake.h"
#include "schemas/messages.h"

struct feed {
    void *socket;
    struct handshake handshake;
    struct mono retry; /* when to connect again, once libzmq has given up */
    struct wire_input input;
};

int feed_open(struct feed *feed, const struct channel_place *place, struct exportd_error *error);
void feed_close(struct feed *feed); /* safe on a zeroed feed, and twice */

/* false when memory ran out. */
bool feed_subscribe(struct feed *feed, const struct uuid *operation_id);
void feed_unsubscribe(struct feed *feed, const struct uuid *operation_id);

/* Connects again, a second after the service has denied the connection: it may admit the key by
 * then. To be called whenever handshake.monitor is readable, and at the time returned. */
struct mono feed_tend(struct feed *feed, struct mono now);

/* Takes one message: 1 with *event; 0 when it was dropped; -EAGAIN when there is none. */
int feed_receive(struct feed *feed, struct exportd_event *event);

#endif
