// SPDX-License-Identifier: MIT
#include "daemon/revoked.h"

static bool is_revoked(const struct daemon *daemon, const struct attempt *attempt)
{
    const struct queue_entry *entry = &attempt->entry;

    return authorizer_has_revoked(daemon->authorizer, &entry->tenant_id, &entry->requested_by) ||
           (entry->has_acted_by &&
            authorizer_has_revoked(daemon->authorizer, &entry->tenant_id, &entry->acted_by));
}

static int end(struct daemon *daemon, const struct attempt *attempt)
{
    struct record record;
    int rc = store_get(daemon->store, &attempt->entry.id, &record, NULL);

    if (rc) {
        return rc;
    }
    engine_revoke(&daemon->engine, &record, daemon->now, &daemon->outcome);
    turn_apply(daemon);
    return daemon->failure;
}

int revoked_end_offer(struct daemon *daemon, const struct offer *offer, bool *is_ended)
{
    const struct attempt *attempt = NULL;

    if (authorizer_has_revoked_persons(daemon->authorizer)) {
        attempt = engine_attempt(&daemon->engine, &offer->job.operation_id);
    }
    *is_ended = attempt && is_revoked(daemon, attempt);
    return *is_ended ? end(daemon, attempt) : 0;
}

int revoked_end_attempts(struct daemon *daemon)
{
    const struct attempts *attempts = &daemon->engine.attempts;
    struct attempt *attempt = NULL;
    struct attempt *next;
    int rc = 0;

    if (!daemon->revocations_are_new) {
        return 0;
    }
    daemon->revocations_are_new = false;
    for (attempt = attempts_each(attempts, NULL); attempt && !rc; attempt = next) {
        next = attempts_each(attempts, attempt);
        rc = is_revoked(daemon, attempt) ? end(daemon, attempt) : 0;
    }
    return rc;
}
