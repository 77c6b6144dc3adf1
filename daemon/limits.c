// SPDX-License-Identifier: MIT
#include "daemon/limits.h"

#include "daemon/daemon.h"
#include "schemas/base/errors.h"

#define DAY_MS  86400000
#define HOUR_MS 3600000
/* Entries of about 200 bytes each. */
#define MOST_TENANTS  65536
#define MOST_SUBJECTS 262144
/* How often the counts of requests are stored, and how many tenants' in one turn. */
#define KEEP_MS      1000
#define KEEP_TENANTS 256

static struct limit_key tenant_key(const struct uuid *tenant_id)
{
    return (struct limit_key){.tenant_id = *tenant_id};
}

static int64_t seconds(int64_t ms)
{
    return (ms + 999) / 1000;
}

int limits_check_export(struct daemon *daemon, const struct limit_key *subject,
                        int64_t *wait_seconds)
{
    const struct policy *policy = policy_of(&daemon->policies, &subject->tenant_id);
    struct limit_key tenant = tenant_key(&subject->tenant_id);
    struct wall now = daemon->now.wall;
    int64_t of_tenant =
        limit_wait_ms(&daemon->limits.exports, &tenant, policy->exports_per_day, now);
    int64_t of_subject =
        limit_wait_ms(&daemon->limits.subjects, subject, policy->exports_per_day_of_subject, now);

    if (of_tenant == 0 && of_subject == 0) {
        return 0;
    }
    *wait_seconds = seconds(of_tenant > of_subject ? of_tenant : of_subject);
    return of_tenant >= of_subject ? -ERROR_LIMIT_EXPORTS : -ERROR_LIMIT_SUBJECT;
}

static int count_export(struct daemon *daemon, const struct limit_key *subject, struct wall time)
{
    const struct policy *policy = policy_of(&daemon->policies, &subject->tenant_id);
    struct limit_key tenant = tenant_key(&subject->tenant_id);
    int rc = 0;

    if (policy->exports_per_day > 0) {
        rc = limit_count(&daemon->limits.exports, &tenant, time, daemon->now.wall);
    }
    if (!rc && policy->exports_per_day_of_subject > 0) {
        rc = limit_count(&daemon->limits.subjects, subject, time, daemon->now.wall);
    }
    return rc;
}

int limits_count_export(struct daemon *daemon, const struct limit_key *subject)
{
    return count_export(daemon, subject, daemon->now.wall);
}

int limits_count_request(struct daemon *daemon, const struct uuid *tenant_id, int64_t *wait_seconds)
{
    int64_t most = policy_of(&daemon->policies, tenant_id)->requests_per_hour;
    struct limit_key key = tenant_key(tenant_id);
    int64_t wait_ms;

    if (most == 0) {
        return 0;
    }
    wait_ms = limit_wait_ms(&daemon->limits.requests, &key, most, daemon->now.wall);
    if (wait_ms > 0) {
        *wait_seconds = seconds(wait_ms);
        return -ERROR_LIMIT_REQUESTS;
    }
    return limit_count(&daemon->limits.requests, &key, daemon->now.wall, daemon->now.wall);
}

static int keep(struct daemon *daemon, int tenants)
{
    uint8_t packed[LIMIT_PACKED_BYTES];
    struct limit_key key;
    int rc = 0;

    while (!rc && tenants-- > 0 && limit_take_changed(&daemon->limits.requests, &key, packed)) {
        rc = store_put_request_counts(daemon->store, &key.tenant_id, daemon->now.wall,
                                      (struct text){(const char *)packed, (uint32_t)sizeof packed});
    }
    return rc;
}

/* On a disk without room counting goes on in memory: a write that fails would end the process, and
 * counts are not worth that. */
int limits_keep(struct daemon *daemon)
{
    struct limits *limits = &daemon->limits;
    int rc;

    if (!limits->requests.changed || daemon->now.mono.ms - limits->kept.ms < KEEP_MS ||
        !store_has_room(daemon->store, daemon->now.mono)) {
        return 0;
    }
    rc = keep(daemon, KEEP_TENANTS);
    if (!limits->requests.changed) {
        limits->kept = daemon->now.mono;
    }
    return rc;
}

int limits_keep_all(struct daemon *daemon)
{
    return store_has_room(daemon->store, daemon->now.mono) ? keep(daemon, MOST_TENANTS) : 0;
}

static int restore_export(void *argument, const struct uuid *tenant_id, const struct uuid *user_id,
                          struct wall submitted)
{
    struct limit_key subject = {.tenant_id = *tenant_id, .user_id = *user_id};

    return count_export(argument, &subject, submitted);
}

static int restore_requests(void *argument, const struct uuid *tenant_id, struct text counts)
{
    struct daemon *daemon = argument;
    struct limit_key key = tenant_key(tenant_id);

    return limit_restore(&daemon->limits.requests, &key, (const uint8_t *)counts.data,
                         counts.size_bytes, daemon->now.wall);
}

int limits_open(struct daemon *daemon)
{
    struct limits *limits = &daemon->limits;
    /* The oldest step counts in part. */
    struct wall day = {daemon->now.wall.ms - DAY_MS - DAY_MS / LIMIT_STEPS};
    struct wall hour = {daemon->now.wall.ms - HOUR_MS - HOUR_MS / LIMIT_STEPS};
    int rc = 0;

    if (limit_init(&limits->exports, DAY_MS, MOST_TENANTS) ||
        limit_init(&limits->subjects, DAY_MS, MOST_SUBJECTS) ||
        limit_init(&limits->requests, HOUR_MS, MOST_TENANTS)) {
        return -ERROR_MEMORY;
    }
    limits->requests.is_kept = true;
    limits->subjects.is_shared = true;
    if (daemon->policies.limits_exports) {
        rc = store_submitted(daemon->store, day, restore_export, daemon);
    }
    if (!rc) {
        rc = store_request_counts(daemon->store, hour, restore_requests, daemon);
    }
    return rc;
}

void limits_release(struct limits *limits)
{
    limit_release(&limits->exports);
    limit_release(&limits->subjects);
    limit_release(&limits->requests);
}
