// SPDX-License-Identifier: MIT
/* Messages that a turn had no time for, in the order in which they came. Bounded by their number
 * for each sender and by their bytes in all, because the queues of libzmq in front of it are not
 * (listener.c says why). Allocates a node a message, and only when there are more than a turn
 * handles. */
#ifndef DAEMON_NET_WAITING_H
#define DAEMON_NET_WAITING_H

#include "daemon/net/frames.h"
#include "schemas/base/text.h"

/* Senders are counted by the hash of their name: two that share a place share the bound. */
#define WAITING_PLACES 1024

struct waiting_message;

struct waiting {
    struct waiting_message *first;
    struct waiting_message *last;
    size_t count;
    size_t size_bytes;
    uint32_t of_sender[WAITING_PLACES];
};

/* Takes the frames over. False when the sender has as many waiting as it may, when all together
 * would exceed LIMIT_WAITING_BYTES, or without memory: then they stay the caller's. */
bool waiting_put(struct waiting *waiting, struct frames *frames, struct text sender,
                 size_t most_of_sender);

/* The oldest message, the caller's from then on; false when there is none. */
bool waiting_take(struct waiting *waiting, struct frames *frames);

void waiting_release(struct waiting *waiting); /* safe twice */

#endif
