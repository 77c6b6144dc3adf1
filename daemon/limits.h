// SPDX-License-Identifier: MIT
/* The limits of tenants and of the persons that exports are about. Exports are counted anew from
 * the operations at every start, so their counts are exact whatever happened; the other requests
 * are stored once a second, and a crash forgets what was counted since. */
#ifndef DAEMON_LIMITS_H
#define DAEMON_LIMITS_H

#include "daemon/core/limit.h"

struct daemon;

struct limits {
    struct limit exports;  /* of a tenant in a day */
    struct limit subjects; /* of a person in a day */
    struct limit requests; /* of a tenant in an hour */
    struct mono kept;      /* when the requests were stored last */
};

/* At start, with the store open. Errors as the store's and -ERROR_MEMORY. */
int limits_open(struct daemon *daemon);
void limits_release(struct limits *limits);

/* Whether one more export of a person is allowed: 0, -ERROR_LIMIT_EXPORTS or -ERROR_LIMIT_SUBJECT
 * with the whole seconds to wait. It is counted by limits_count_export when it was accepted. */
int limits_check_export(struct daemon *daemon, const struct limit_key *subject,
                        int64_t *wait_seconds);
int limits_count_export(struct daemon *daemon, const struct limit_key *subject);

/* Counts another request of a tenant, or says -ERROR_LIMIT_REQUESTS as before. */
int limits_count_request(struct daemon *daemon, const struct uuid *tenant_id,
                         int64_t *wait_seconds);

/* Stores, within the turn's transaction, what was counted, if it is time to. */
int limits_keep(struct daemon *daemon);

/* The same now, before the daemon ends. */
int limits_keep_all(struct daemon *daemon);

#endif
