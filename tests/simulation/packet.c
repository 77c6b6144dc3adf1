// SPDX-License-Identifier: MIT
#include "tests/simulation/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct packet *newest;

struct packet *packet_new(struct text topic, struct text payload)
{
    size_t size_bytes = (size_t)topic.size_bytes + payload.size_bytes;
    struct packet *packet = calloc(1, sizeof *packet + size_bytes);

    if (!packet) {
        perror("simulate");
        abort();
    }
    if (topic.size_bytes > 0) {
        memcpy(packet->bytes, topic.data, topic.size_bytes);
    }
    if (payload.size_bytes > 0) {
        memcpy(packet->bytes + topic.size_bytes, payload.data, payload.size_bytes);
    }
    packet->topic = (struct text){packet->bytes, topic.size_bytes};
    packet->payload = (struct text){packet->bytes + topic.size_bytes, payload.size_bytes};
    packet->older = newest;
    if (newest) {
        newest->newer = packet;
    }
    newest = packet;
    return packet;
}

void packet_free(struct packet *packet)
{
    if (packet->newer) {
        packet->newer->older = packet->older;
    } else {
        newest = packet->older;
    }
    if (packet->older) {
        packet->older->newer = packet->newer;
    }
    free(packet);
}

void packets_release(void)
{
    while (newest) {
        packet_free(newest);
    }
}

void packet_push(struct packet_queue *queue, struct packet *packet)
{
    packet->next = NULL;
    if (queue->first) {
        queue->last->next = packet;
    } else {
        queue->first = packet;
    }
    queue->last = packet;
}

struct packet *packet_pop(struct packet_queue *queue)
{
    struct packet *packet = queue->first;

    if (packet) {
        queue->first = packet->next;
    }
    return packet;
}

void packets_drop(struct packet_queue *queue)
{
    struct packet *packet;

    while ((packet = packet_pop(queue))) {
        packet_free(packet);
    }
}
