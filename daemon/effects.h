// SPDX-License-Identifier: MIT
/* What the daemon will say once the turn is durable: replies, status frames, notices and offers,
 * encoded when they are decided and sent in that order. */
#ifndef DAEMON_EFFECTS_H
#define DAEMON_EFFECTS_H

#include "daemon/core/engine.h"
#include "daemon/net/sockets.h"
#include "schemas/codec/codec.h"

struct effect;

struct effects {
    struct wire_output bytes; /* everything that is to be sent, one behind the other */
    struct effect *items;
    size_t count;
    size_t capacity;
    size_t dropped_replies; /* that no peer took, and status frames; whoever tells of them resets */
    size_t dropped_frames;
    int error; /* 0 or negative; the first failure of any call */
};

void effects_clear(struct effects *effects); /* empty again, keeps the memory */
void effects_release(struct effects *effects);

void effects_reply(struct effects *effects, const struct envelope *envelope,
                   const struct schema *schema, const void *reply);
/* audience has the bit of each status socket that it goes to. */
void effects_publish(struct effects *effects, uint64_t audience, struct text topic,
                     const struct schema *schema, const void *message);
void effects_offer(struct effects *effects, const struct job *job);

/* Sends an offer at once. */
void effects_offer_now(struct effects *effects, const struct job *job, struct sockets *sockets,
                       struct engine *engine, struct now now);

/* One frame for each worker concerned. */
void effects_notices(struct effects *effects, struct fence_notice *notices, size_t count);

/* Sends all. What a peer does not take is dropped and counted: replies are asked for again, status
 * is repaired, notices are sent again; an offer that nobody takes goes back to the engine's queue.
 * One that does not hold any more is not sent. */
void effects_send(struct effects *effects, struct sockets *sockets, struct engine *engine,
                  struct now now);

#endif
