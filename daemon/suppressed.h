// SPDX-License-Identifier: MIT
/* What is counted instead of being told one by one, for a flood is not to fill the log as well:
 * refusals beyond what daemon/core/throttle.h allows, messages that peers did not take, and
 * messages of peers that sent too many at once. */
#ifndef DAEMON_SUPPRESSED_H
#define DAEMON_SUPPRESSED_H

#include "daemon/daemon.h"

/* Tells the counts, each in one line: between turns, once a second at most. */
void suppressed_tell(struct daemon *daemon);

/* The same at once, before the process ends. */
void suppressed_tell_all(struct daemon *daemon);

#endif
