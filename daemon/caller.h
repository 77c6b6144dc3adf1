// SPDX-License-Identifier: MIT
/* Who sent a request: from its token to claims that are in force now. */
#ifndef DAEMON_CALLER_H
#define DAEMON_CALLER_H

#include "daemon/daemon.h"

/* Verifies the token of a request. A token of a key that is not known may make the key set be read
 * again first. Errors as authorizer_check; *claims is written on success only. */
int caller_identify(struct daemon *daemon, struct text token, struct claims *claims);

/* Reads again, as SIGHUP asks, what says whose tokens are accepted. What cannot be read leaves the
 * last good one in force, and the log says so. */
void caller_reload(struct daemon *daemon);

#endif
