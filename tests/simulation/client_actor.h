// SPDX-License-Identifier: MIT
/* Back ends that ask for exports and look at them, with and without keys, for their own and, in
 * vain, for other tenants' operations; and judge the answers. One thread. */
#ifndef TESTS_SIMULATION_CLIENT_ACTOR_H
#define TESTS_SIMULATION_CLIENT_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

struct client_options {
    unsigned tenant;
    unsigned person;
    int64_t pause_ms;       /* the longest between an answer and the next question */
    unsigned export_weight; /* of a thousand questions; the rest look */
    unsigned exports;       /* at the most */
};

void clients_reset(void);
void clients_release(void);
void clients_add(const struct client_options *options);

/* No more exports, only what is waited for. */
void clients_rest(void);
bool clients_are_waiting(void);

/* A client's process ends and begins again: what it waited for is not waited for any more. */
void clients_restart_any(void);

#endif
