// SPDX-License-Identifier: MIT
/* The frames of one message that came in. */
#ifndef DAEMON_NET_FRAMES_H
#define DAEMON_NET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "schemas/base/limits.h"

/* As far as they can matter: an envelope, its empty delimiter, a payload. The rest is counted and
 * dropped. */
#define FRAMES_KEPT (LIMIT_ENVELOPE_FRAMES + 2)

struct frames {
    zmq_msg_t frames[FRAMES_KEPT];
    uint32_t kept;
    uint32_t count;
};

/* Takes a message without waiting; false when there is none, and then nothing is to be released. */
bool frames_receive(struct frames *frames, void *socket);
void frames_release(struct frames *frames);

/* *to is not initialised yet; *from is released by it. */
void frames_move(struct frames *to, struct frames *from);

/* Of what is kept. */
size_t frames_bytes(const struct frames *frames);

/* The descriptor that the message, which must have a frame, came over; -1 when libzmq does not say.
 * It is read from the last frame that is kept, for libzmq 4.3.4 loses what it knows of the first
 * one that a ROUTER hands out. */
int frames_descriptor(struct frames *frames);

#endif
