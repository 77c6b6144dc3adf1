// SPDX-License-Identifier: MIT
/* Who may connect to which socket: one table, a row a socket, decided by the roles of an identity.
 * Each socket, and each feed, has a ZAP domain of its own, so that a key is asked about once for
 * each. */
#ifndef DAEMON_NET_ADMISSION_H
#define DAEMON_NET_ADMISSION_H

#include "daemon/net/feed.h"
#include "daemon/net/identities.h"

#define ADMISSION_DOMAIN_BUFFER 80

enum socket_kind { SOCKET_REQUESTS, SOCKET_JOBS, SOCKET_REPORTS, SOCKET_STATUS, SOCKET_COUNT };

/* Everything is borrowed. */
struct admission {
    const struct identities *identities; /* NULL: security is none, and nobody is asked about */
    const struct feed *feeds;
    size_t feed_count;
};

/* The ZAP domain of a socket, or of a feed, which is a status socket. */
void admission_domain(enum socket_kind kind, const struct feed *feed,
                      char domain[ADMISSION_DOMAIN_BUFFER]);

/* Whether the identity may connect: it has a role that opens the socket; for a feed, it is also
 * named there and not limited to fewer tenants. */
bool admission_opens(enum socket_kind kind, const struct feed *feed,
                     const struct identity *identity);

/* Whether somebody who was admitted to the socket is not any more among the identities that follow,
 * or not as he was, and so may be connected wrongly. */
bool admission_is_stale(enum socket_kind kind, const struct feed *feed,
                        const struct identities *old, const struct identities *following);

/* Who connects to a domain with a key in Z85, and to which socket: its kind, or for a feed
 * SOCKET_COUNT and on. -ERROR_IDENTITY_UNKNOWN, or -ERROR_IDENTITY_ROLE when the identity may not
 * or there is no such domain; both are written on success only. */
int admission_check(const struct admission *admission, struct text domain, struct text key,
                    const struct identity **identity, size_t *number);

#endif
