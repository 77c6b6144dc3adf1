// SPDX-License-Identifier: MIT
/* What network.c knows of a link. */
#ifndef TESTS_SIMULATION_LINK_H
#define TESTS_SIMULATION_LINK_H

#include "tests/simulation/network.h"

#define LINKS              48
#define LINK_SUBSCRIPTIONS 12
#define LINK_TOPIC_BUFFER  72

struct link {
    bool is_open;
    enum link_kind kind;
    void *owner;
    link_receiver receive;
    int64_t process;     /* another number for each process that had the link */
    uint32_t connection; /* 0 while it is not connected; never the same twice */
    int64_t cut_until_ms;
    int64_t last_in_ms;
    int64_t last_out_ms;
    size_t subscription_count;
    char subscriptions[LINK_SUBSCRIPTIONS][LINK_TOPIC_BUFFER];
    bool is_heard[LINK_SUBSCRIPTIONS]; /* over this connection */
};

#endif
