// SPDX-License-Identifier: MIT
#include "daemon/net/frames.h"

#include <stdlib.h>

/* What ZMQ_SRCFD of zmq_msg_get(3) reads. */
#define DESCRIPTOR "__fd"

bool frames_receive(struct frames *frames, void *socket)
{
    zmq_msg_t dropped;
    zmq_msg_t *frame;
    bool has_more = true;

    frames->kept = frames->count = 0;
    while (has_more) {
        frame = frames->kept < FRAMES_KEPT ? &frames->frames[frames->kept] : &dropped;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            frames_release(frames);
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

void frames_release(struct frames *frames)
{
    for (uint32_t i = 0; i < frames->kept; i++) {
        zmq_msg_close(&frames->frames[i]);
    }
    frames->kept = 0;
}

void frames_move(struct frames *to, struct frames *from)
{
    to->kept = from->kept;
    to->count = from->count;
    for (uint32_t i = 0; i < from->kept; i++) {
        zmq_msg_init(&to->frames[i]);
        zmq_msg_move(&to->frames[i], &from->frames[i]);
        zmq_msg_close(&from->frames[i]);
    }
    from->kept = 0;
}

size_t frames_bytes(const struct frames *frames)
{
    size_t size_bytes = 0;

    for (uint32_t i = 0; i < frames->kept; i++) {
        size_bytes += zmq_msg_size((zmq_msg_t *)&frames->frames[i]);
    }
    return size_bytes;
}

int frames_descriptor(struct frames *frames)
{
    const char *number = zmq_msg_gets(&frames->frames[frames->kept - 1], DESCRIPTOR);

    return number ? (int)strtol(number, NULL, 10) : -1;
}
