// SPDX-License-Identifier: MIT
/* Names of token issuers. A pattern is one exact name, or holds the placeholder "{tid}" (spelled
 * "{tenantid}" in key sets of some identity providers) once, which stands for the tenant of the
 * token. */
#ifndef DAEMON_AUTH_ISSUER_H
#define DAEMON_AUTH_ISSUER_H

#include "schemas/base/text.h"

/* True when the name is exactly the pattern with the tenant, as the token spells it, in place of
 * the placeholder. */
bool issuer_matches(struct text pattern, struct text name, struct text tenant);

#endif
