// SPDX-License-Identifier: MIT
/* The identities that exportd admits, from a directory with one public certificate each
 * (schemas/base/certificate.h), NAME.key as exportctl keygen and czmq's tools name them; other
 * files are passed over. A table is read as a whole and never changed: SIGHUP makes a new one. */
#ifndef DAEMON_NET_IDENTITIES_H
#define DAEMON_NET_IDENTITIES_H

#include "daemon/net/identity.h"

#define IDENTITIES_MESSAGE_BYTES 768

struct identities;

/* -ERROR_CONFIGURATION with a ready line, "FILE:LINE: KEY: found …, expected …", when the directory
 * or a certificate cannot be used, a name or a key is there twice, a name or roles are missing,
 * roles that concern all tenants are limited to some, or who vouches does not say for whom. */
int identities_load(struct identities **identities, const char *directory,
                    char message[IDENTITIES_MESSAGE_BYTES]);
void identities_destroy(struct identities **identities);

size_t identities_count(const struct identities *identities);

/* Borrowed from the table; NULL when there is none. */
const struct identity *identities_by_key(const struct identities *identities, struct text key);
const struct identity *identities_by_name(const struct identities *identities, struct text name);

/* Any walk over all: start with NULL. */
const struct identity *identities_each(const struct identities *identities,
                                       const struct identity *previous);

#endif
