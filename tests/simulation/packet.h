// SPDX-License-Identifier: MIT
/* Messages on their way. All of them are known here, so that those of an abandoned seed can be
 * released. One thread. */
#ifndef TESTS_SIMULATION_PACKET_H
#define TESTS_SIMULATION_PACKET_H

#include "tests/simulation/network.h"

struct packet {
    struct packet *next; /* of a queue */
    struct packet *newer;
    struct packet *older;
    struct link *link;
    int64_t process;     /* of the link, when it was sent */
    uint32_t connection; /* 0: sent before there was one */
    int64_t listening;   /* which daemon it was sent to or by */
    bool is_for_daemon;
    bool is_late; /* goes over another connection than it was sent on */
    struct text topic;
    struct text payload;
    char bytes[];
};

struct packet_queue {
    struct packet *first;
    struct packet *last;
};

struct packet *packet_new(struct text topic, struct text payload); /* copies both */
void packet_free(struct packet *packet);
void packets_release(void); /* all there are */

void packet_push(struct packet_queue *queue, struct packet *packet);
struct packet *packet_pop(struct packet_queue *queue); /* NULL when it is empty */
void packets_drop(struct packet_queue *queue);

#endif
