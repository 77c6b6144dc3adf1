// SPDX-License-Identifier: MIT
/* Somebody who pauses and resumes dispatch, of everything or of a tenant; and what is known of the
 * pauses from the answers. One thread. */
#ifndef TESTS_SIMULATION_OPERATOR_H
#define TESTS_SIMULATION_OPERATOR_H

#include <stdbool.h>

void operator_reset(void);
void operator_release(void);
void operator_start(void);

/* Resumes everything, once and for all. */
void operator_rest(void);
bool operator_has_rested(void);

/* Whether it is certain that no offer may be made for a tenant: never once a question was sent
 * twice, for the copy may come at any time. */
bool operator_has_paused(unsigned tenant);

#endif
