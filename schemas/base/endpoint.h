// SPDX-License-Identifier: MIT
/* Addresses of ZeroMQ, as far as they must be understood. */
#ifndef SCHEMAS_BASE_ENDPOINT_H
#define SCHEMAS_BASE_ENDPOINT_H

#include "schemas/base/text.h"

/* Whether nothing that is sent there leaves this machine: loopback in digits, since a name could be
 * somebody else's tomorrow, or a path. */
bool endpoint_is_local(struct text endpoint);

/* Whether it is a path, or has a port behind its last colon: a number that fits in 16 bits, of
 * which libzmq takes the lower 16 bits otherwise, or * for any. */
bool endpoint_has_port(struct text endpoint);

#endif
