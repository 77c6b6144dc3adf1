// SPDX-License-Identifier: MIT
/* Whether tenants get their shares. Only in seeds without faults: there the offers of a span in
 * which every tenant has a backlog are counted, and no tenant may be further ahead of another
 * than a round that is not over explains. One thread. */
#ifndef TESTS_SIMULATION_FAIRNESS_H
#define TESTS_SIMULATION_FAIRNESS_H

#include <stdbool.h>

#include "schemas/messages.h"

struct daemon;

void fairness_watch(bool is_watching); /* also begins anew */

/* An offer was sent. */
void fairness_offer(const struct job *job);

/* A turn is over; false when the tenants have not had their shares. */
bool fairness_turn(const struct daemon *daemon);

#endif
