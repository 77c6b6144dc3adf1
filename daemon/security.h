// SPDX-License-Identifier: MIT
/* What the configuration says of security, made ready for the sockets: our key, the identities and
 * the feeds. Read at start; the identities again on SIGHUP. One thread. */
#ifndef DAEMON_SECURITY_H
#define DAEMON_SECURITY_H

#include "daemon/config/configuration.h"
#include "daemon/net/admission.h"
#include "schemas/base/limits.h"

struct security {
    struct identities *identities; /* NULL when security is none */
    struct certificate certificate;
    struct feed feeds[LIMIT_FEEDS];
    size_t feed_count;
    struct uuid *tenants; /* of all feeds, one behind the other */
    struct text *names;
};

/* -ERROR_CONFIGURATION with a ready line. Borrows from the settings. */
int security_open(struct security *security, const struct settings *settings,
                  char message[CONFIGURATION_ERROR_BYTES]);
void security_release(struct security *security); /* safe twice, and on a zeroed one */

struct admission security_admission(const struct security *security);

/* Reads the identities again; the caller owns *identities. -ERROR_CONFIGURATION as
 * security_open. */
int security_read_identities(const struct settings *settings, struct identities **identities,
                             char message[CONFIGURATION_ERROR_BYTES]);

/* Logs what is no error, but will keep somebody out: identities that a feed names and that are not
 * there, or may not connect to it. */
void security_warn(const struct security *security);

/* The status sockets that carry the events of a tenant: the bits of sockets_publish's numbers. */
uint64_t security_audience(const struct security *security, const struct uuid *tenant_id);

#endif
