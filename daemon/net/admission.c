// SPDX-License-Identifier: MIT
#include "daemon/net/admission.h"

#include <stdio.h>

#include "schemas/base/errors.h"

static const struct row {
    const char *domain;
    uint32_t roles;           /* any one of these opens the socket */
    uint32_t unlimited_roles; /* and of these, for an identity that is not limited to tenants */
} rows[SOCKET_COUNT] = {
    [SOCKET_REQUESTS] = {"requests",
                         ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_VOUCHES) | ROLE_BIT(ROLE_OPERATOR),
                         0},
    [SOCKET_JOBS] = {"jobs", ROLE_BIT(ROLE_WORKER), 0},
    [SOCKET_REPORTS] = {"reports", ROLE_BIT(ROLE_WORKER), 0},
    [SOCKET_STATUS] = {"status", ROLE_BIT(ROLE_WORKER), ROLE_BIT(ROLE_SUBSCRIBER)},
};

void admission_domain(enum socket_kind kind, const struct feed *feed,
                      char domain[ADMISSION_DOMAIN_BUFFER])
{
    if (feed) {
        snprintf(domain, ADMISSION_DOMAIN_BUFFER, "feed/%.*s", TEXT_ARGUMENTS(feed->name));
    } else {
        snprintf(domain, ADMISSION_DOMAIN_BUFFER, "%s", rows[kind].domain);
    }
}

static bool opens_feed(const struct feed *feed, const struct identity *identity)
{
    if (!identity_has_role(identity, ROLE_SUBSCRIBER) ||
        !feed_names_identity(feed, text_of(identity_name(identity)))) {
        return false;
    }
    for (uint32_t i = 0; i < feed->tenant_count; i++) {
        if (!identity_serves_tenant(identity, &feed->tenants[i])) {
            return false;
        }
    }
    return true;
}

bool admission_opens(enum socket_kind kind, const struct feed *feed,
                     const struct identity *identity)
{
    const struct row *row = &rows[kind];

    if (feed) {
        return opens_feed(feed, identity);
    }
    return identity_has_any_role(identity, row->roles) ||
           (!identity->certificate.has_tenants &&
            identity_has_any_role(identity, row->unlimited_roles));
}

/* The socket of a domain; false when there is none. */
static bool find_domain(const struct admission *admission, struct text domain, size_t *number)
{
    char known[ADMISSION_DOMAIN_BUFFER];

    for (int i = 0; i < SOCKET_COUNT; i++) {
        if (text_equal(domain, text_of(rows[i].domain))) {
            *number = (size_t)i;
            return true;
        }
    }
    for (size_t i = 0; i < admission->feed_count; i++) {
        admission_domain(SOCKET_STATUS, &admission->feeds[i], known);
        if (text_equal(domain, text_of(known))) {
            *number = SOCKET_COUNT + i;
            return true;
        }
    }
    return false;
}

static bool opens_number(const struct admission *admission, size_t number,
                         const struct identity *identity)
{
    return number < SOCKET_COUNT
               ? admission_opens((enum socket_kind)number, NULL, identity)
               : admission_opens(SOCKET_STATUS, &admission->feeds[number - SOCKET_COUNT], identity);
}

int admission_check(const struct admission *admission, struct text domain, struct text key,
                    const struct identity **identity, size_t *number)
{
    const struct identity *found = identities_by_key(admission->identities, key);
    size_t asked;

    if (!found) {
        return -ERROR_IDENTITY_UNKNOWN;
    }
    if (!find_domain(admission, domain, &asked) || !opens_number(admission, asked, found)) {
        return -ERROR_IDENTITY_ROLE;
    }
    *identity = found;
    *number = asked;
    return 0;
}

bool admission_is_stale(enum socket_kind kind, const struct feed *feed,
                        const struct identities *old, const struct identities *following)
{
    const struct identity *before = NULL;

    while ((before = identities_each(old, before))) {
        const struct identity *now = identities_by_name(following, text_of(identity_name(before)));

        if (!(now && identity_is_same(before, now)) && admission_opens(kind, feed, before)) {
            return true;
        }
    }
    return false;
}
