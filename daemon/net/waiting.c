// SPDX-License-Identifier: MIT
#include "daemon/net/waiting.h"

#include <stdlib.h>

#include "schemas/base/table.h"

struct waiting_message {
    struct waiting_message *next;
    size_t place;
    size_t size_bytes; /* of the message, with what keeping it costs */
    struct frames frames;
};

bool waiting_put(struct waiting *waiting, struct frames *frames, struct text sender,
                 size_t most_of_sender)
{
    size_t place = table_hash_bytes(sender.data, sender.size_bytes) % WAITING_PLACES;
    size_t size_bytes = frames_bytes(frames) + sizeof(struct waiting_message);
    struct waiting_message *message;

    if (waiting->of_sender[place] >= most_of_sender ||
        waiting->size_bytes + size_bytes > LIMIT_WAITING_BYTES) {
        return false;
    }
    message = malloc(sizeof *message);
    if (!message) {
        return false;
    }
    message->next = NULL;
    message->place = place;
    message->size_bytes = size_bytes;
    frames_move(&message->frames, frames);
    *(waiting->last ? &waiting->last->next : &waiting->first) = message;
    waiting->last = message;
    waiting->count++;
    waiting->size_bytes += size_bytes;
    waiting->of_sender[place]++;
    return true;
}

bool waiting_take(struct waiting *waiting, struct frames *frames)
{
    struct waiting_message *message = waiting->first;

    if (!message) {
        return false;
    }
    waiting->first = message->next;
    waiting->last = waiting->first ? waiting->last : NULL;
    waiting->count--;
    waiting->size_bytes -= message->size_bytes;
    waiting->of_sender[message->place]--;
    frames_move(frames, &message->frames);
    free(message);
    return true;
}

void waiting_release(struct waiting *waiting)
{
    struct frames frames;

    while (waiting_take(waiting, &frames)) {
        frames_release(&frames);
    }
}
