// SPDX-License-Identifier: MIT
/* The receipts that clients were given and hold to the end. One thread. */
#ifndef TESTS_SIMULATION_RECEIPTS_H
#define TESTS_SIMULATION_RECEIPTS_H

#include "tests/simulation/model.h"

void receipts_reset(void);

/* A client takes one; beyond a number they are dropped. */
void receipts_keep(const struct receipt *receipt);

/* Whether a receipt is of this event. */
bool receipts_is_of(const struct receipt *receipt, const struct model_event *event);

/* Compares all of them with the log that the store holds now; a violation when one does not hold.
 */
void receipts_check(void);

#endif
