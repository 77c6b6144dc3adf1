// SPDX-License-Identifier: MIT
/* What is done between turns: SIGHUP, and telling of handshakes that were denied and of
 * connections that were too many. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/daemon.h"

/* Reads the key set, the revocations and the identities again; each one that cannot be used leaves
 * the last good one in force, with a line in the log. An error means that a socket could not be
 * bound again, and that the process must end. */
int daemon_reload(struct daemon *daemon);

/* One line a second at most, whatever knocks at the door; and one about connections that were
 * closed because there were too many, and one about those whose messages did not end. */
void daemon_tell_denials(struct daemon *daemon);
void daemon_tell_refusals(struct daemon *daemon);

#endif
