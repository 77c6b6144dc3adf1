// SPDX-License-Identifier: MIT
/* Addresses of ZeroMQ, as far as they must be understood. */
#ifndef SCHEMAS_BASE_ENDPOINT_H
#define SCHEMAS_BASE_ENDPOINT_H

#include "schemas/base/text.h"

/* Whether nothing that is sent there leaves this machine: loopback in digits, since a name could be
 * somebody else's tomorrow, or a path. */
bool endpoint_is_local(struct text endpoint);

#endif
