// SPDX-License-Identifier: MIT
/* Messages that a turn had no time for. Senders take turns, and each one's messages keep their
 * order, so that nobody waits behind all that another has sent. Bounded for each sender and in all,
 * because the queues of libzmq in front of it are not (listener.c says why). Allocates a node a
 * message, and only when there are more than a turn handles. */
#ifndef DAEMON_NET_WAITING_H
#define DAEMON_NET_WAITING_H

#include "daemon/net/frames.h"
#include "schemas/base/text.h"

/* Senders are told apart by the hash of their name: two that share a place share its bounds. */
#define WAITING_PLACES 1024

struct waiting_message;

/* A place with messages stands in a queue of such places. */
struct waiting_place {
    struct waiting_message *first;
    struct waiting_message *last;
    struct waiting_place *next;
    size_t count;
    size_t size_bytes;
};

struct waiting {
    struct waiting_place places[WAITING_PLACES];
    struct waiting_place *first; /* whose turn is next */
    struct waiting_place *last;
    size_t count;
    size_t size_bytes;
};

/* Takes the frames over. False when the sender has as many waiting as it may or would exceed
 * LIMIT_WAITING_SENDER_BYTES, when all together would exceed LIMIT_WAITING_BYTES, or without
 * memory: then they stay the caller's. */
bool waiting_put(struct waiting *waiting, struct frames *frames, struct text sender,
                 size_t most_of_sender);

/* The oldest message of the sender whose turn it is, the caller's from then on; false when there is
 * none. */
bool waiting_take(struct waiting *waiting, struct frames *frames);

void waiting_release(struct waiting *waiting); /* safe twice */

#endif
