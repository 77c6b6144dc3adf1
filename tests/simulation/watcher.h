// SPDX-License-Identifier: MIT
/* Dashboards: they subscribe to everything or to some operations, see gaps in the revisions, and
 * repair them with eventsSince. In the end they must show what is true. One thread. */
#ifndef TESTS_SIMULATION_WATCHER_H
#define TESTS_SIMULATION_WATCHER_H

#include <stdbool.h>

void watchers_reset(void);
void watchers_release(void);
void watchers_add(unsigned tenant);

/* Whether each shows the newest state of every operation of its tenant. */
bool watchers_have_converged(void);

#endif
