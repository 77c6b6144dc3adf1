// SPDX-License-Identifier: MIT
/* The offers that were sent. One thread. */
#ifndef TESTS_SIMULATION_OFFERS_H
#define TESTS_SIMULATION_OFFERS_H

#include "schemas/messages.h"

void offers_reset(void);
void offers_release(void);

/* Whether a fence was offered before, to anybody for anything. */
bool offers_have(int64_t fence);

void offers_note(const struct job *job); /* also to the model's operation */

#endif
