// SPDX-License-Identifier: MIT
#include "daemon/net/waiting.h"

#include <stdlib.h>

#include "schemas/base/table.h"

struct waiting_message {
    struct waiting_message *next;
    size_t size_bytes; /* of the message, with what keeping it costs */
    struct frames frames;
};

static void stand_in_line(struct waiting *waiting, struct waiting_place *place)
{
    place->next = NULL;
    *(waiting->last ? &waiting->last->next : &waiting->first) = place;
    waiting->last = place;
}

static void append(struct waiting *waiting, struct waiting_place *place,
                   struct waiting_message *message)
{
    if (!place->first) {
        stand_in_line(waiting, place);
    }
    *(place->last ? &place->last->next : &place->first) = message;
    place->last = message;
    place->count++;
    place->size_bytes += message->size_bytes;
    waiting->count++;
    waiting->size_bytes += message->size_bytes;
}

bool waiting_put(struct waiting *waiting, struct frames *frames, struct text sender,
                 size_t most_of_sender)
{
    struct waiting_place *place =
        &waiting->places[table_hash_bytes(sender.data, sender.size_bytes) % WAITING_PLACES];
    size_t size_bytes = frames_bytes(frames) + sizeof(struct waiting_message);
    struct waiting_message *message;

    if (place->count >= most_of_sender ||
        place->size_bytes + size_bytes > LIMIT_WAITING_SENDER_BYTES ||
        waiting->size_bytes + size_bytes > LIMIT_WAITING_BYTES) {
        return false;
    }
    message = malloc(sizeof *message);
    if (!message) {
        return false;
    }
    message->next = NULL;
    message->size_bytes = size_bytes;
    frames_move(&message->frames, frames);
    append(waiting, place, message);
    return true;
}

bool waiting_take(struct waiting *waiting, struct frames *frames)
{
    struct waiting_place *place = waiting->first;
    struct waiting_message *message;

    if (!place) {
        return false;
    }
    waiting->first = place->next;
    waiting->last = waiting->first ? waiting->last : NULL;
    message = place->first;
    place->first = message->next;
    place->last = place->first ? place->last : NULL;
    place->count--;
    place->size_bytes -= message->size_bytes;
    waiting->count--;
    waiting->size_bytes -= message->size_bytes;
    if (place->first) {
        stand_in_line(waiting, place);
    }
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
