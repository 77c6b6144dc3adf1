// SPDX-License-Identifier: MIT
/* Who sent a request: from its token, or from what a peer vouches for, to claims that are in force
 * now. */
#ifndef DAEMON_CALLER_H
#define DAEMON_CALLER_H

#include "daemon/daemon.h"

/* Takes the claims of a request that has a token or claims: verifies its token, or believes its
 * claims when it came from an identity (NULL without security) that may vouch for their tenant. A
 * token of a key that is not known may make the key set be read again first. *claims is written on
 * success only. Errors as authorizer_check and authorizer_check_vouched, and
 *   -ERROR_TOKEN_AND_CLAIMS      both are given
 *   -ERROR_CLAIMS_NOT_VOUCHED    the peer has not the role vouches
 *   -ERROR_CLAIMS_TENANT         it does not serve the tenant */
int caller_identify(struct daemon *daemon, const struct identity *identity,
                    const struct ping_request *common, struct claims *claims);

/* In every turn: a key set file that has changed is read again within seconds, as by SIGHUP. */
void caller_follow(struct daemon *daemon);

/* Reads again, as SIGHUP asks, what says whose tokens are accepted. What cannot be read leaves the
 * last good one in force, and the log says so. */
void caller_reload(struct daemon *daemon);

#endif
