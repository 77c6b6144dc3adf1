// SPDX-License-Identifier: MIT
/* Operations whose requester's access was taken back after they were accepted: they end instead of
 * being gathered. Operations that wait are looked at when they would be offered, those in flight
 * when the revocations are new. */
#ifndef DAEMON_REVOKED_H
#define DAEMON_REVOKED_H

#include "daemon/daemon.h"

/* Ends the operation of this offer, which has not been sent, if its requester is revoked; *is_ended
 * says whether. An error means that the turn must not be spoken of. */
int revoked_end_offer(struct daemon *daemon, const struct offer *offer, bool *is_ended);

/* Ends what is offered or running, once for each time that the revocations were read. Before the
 * turn receives: no result counts that comes after the revocation. Errors as above. */
int revoked_end_attempts(struct daemon *daemon);

#endif
