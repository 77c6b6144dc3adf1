// SPDX-License-Identifier: MIT
/* What a schema cannot say of security, endpoints and feeds. */
#ifndef DAEMON_CONFIG_TRANSPORT_H
#define DAEMON_CONFIG_TRANSPORT_H

#include "daemon/config/configuration.h"

/* -ERROR_CONFIGURATION with a ready line when what security needs is missing, a socket without it
 * would be reachable from outside, or two feeds or endpoints are the same. */
int transport_check(const struct settings *settings, char message[CONFIGURATION_ERROR_BYTES]);

#endif
