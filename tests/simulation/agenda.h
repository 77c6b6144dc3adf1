// SPDX-License-Identifier: MIT
/* What is going to happen, in the order of virtual time and, at the same time, of being put down.
 * One thread. */
#ifndef TESTS_SIMULATION_AGENDA_H
#define TESTS_SIMULATION_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

/* Owner and number are for the task; tasks that are no longer wanted must find that out
 * themselves. */
typedef void (*agenda_task)(void *owner, int64_t number);

void agenda_add(int64_t delay_ms, agenda_task task, void *owner, int64_t number);

/* Advances the clock to the next task and runs it; false when there is none. */
bool agenda_step(void);

/* Forgets everything. Packets that tasks own are released by their owner first. */
void agenda_clear(void);

#endif
