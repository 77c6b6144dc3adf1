// SPDX-License-Identifier: MIT
#include "daemon/security.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/net/sockets.h"
#include "schemas/base/certificate_file.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define FEED_ITEMS 64 /* tenants of a feed, and names; from the schema */

static int fill_feeds(struct security *security, const struct settings *settings)
{
    const struct wire_list *list = &settings->values.feeds;
    struct exportd_configuration_feeds values;
    struct feed *feed;

    if (list->count == 0) {
        return 0;
    }
    security->tenants = calloc((size_t)list->count * FEED_ITEMS, sizeof *security->tenants);
    security->names = calloc((size_t)list->count * FEED_ITEMS, sizeof *security->names);
    if (!security->tenants || !security->names) {
        return -ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < list->count && i < LIMIT_FEEDS; i++) {
        struct uuid *tenants = security->tenants + (size_t)i * FEED_ITEMS;
        struct text *names = security->names + (size_t)i * FEED_ITEMS;

        codec_item(list, i, &values);
        feed = &security->feeds[security->feed_count++];
        *feed = (struct feed){.name = values.name,
                              .endpoint = values.endpoint,
                              .tenants = tenants,
                              .identities = names};
        for (; feed->tenant_count < values.tenants.count; feed->tenant_count++) {
            codec_item(&values.tenants, feed->tenant_count, &tenants[feed->tenant_count]);
        }
        for (; feed->identity_count < values.identities.count; feed->identity_count++) {
            codec_item(&values.identities, feed->identity_count, &names[feed->identity_count]);
        }
    }
    return 0;
}

int security_read_identities(const struct settings *settings, struct identities **identities,
                             char message[CONFIGURATION_ERROR_BYTES])
{
    char why[IDENTITIES_MESSAGE_BYTES];
    int rc = identities_load(identities, settings->identities, why);

    if (rc) {
        configuration_fail(settings->file, "curve.identities", message, "%s", why);
    }
    return rc;
}

int security_open(struct security *security, const struct settings *settings,
                  char message[CONFIGURATION_ERROR_BYTES])
{
    char why[CERTIFICATE_MESSAGE_BYTES];
    int rc;

    *security = (struct security){0};
    if (!settings_are_secure(settings)) {
        return 0;
    }
    if (certificate_read(settings->certificate, CERTIFICATE_SECRET, &security->certificate, why)) {
        return configuration_fail(settings->file, "curve.certificate", message, "%s", why);
    }
    rc = security_read_identities(settings, &security->identities, message);
    if (!rc && fill_feeds(security, settings)) {
        snprintf(message, CONFIGURATION_ERROR_BYTES, "out of memory");
        rc = -ERROR_MEMORY;
    }
    if (rc) {
        security_release(security);
    }
    return rc;
}

void security_release(struct security *security)
{
    identities_destroy(&security->identities);
    certificate_forget(&security->certificate);
    free(security->tenants);
    free(security->names);
    *security = (struct security){0};
}

struct admission security_admission(const struct security *security)
{
    return (struct admission){.identities = security->identities,
                              .feeds = security->feeds,
                              .feed_count = security->feed_count};
}

void security_warn(const struct security *security)
{
    for (size_t i = 0; i < security->feed_count; i++) {
        const struct feed *feed = &security->feeds[i];

        for (uint32_t j = 0; j < feed->identity_count; j++) {
            const struct identity *identity =
                identities_by_name(security->identities, feed->identities[j]);

            if (!identity || !admission_opens(SOCKET_STATUS, feed, identity)) {
                log_line(LOG_WARNING, "feed_identity", "feed=%.*s identity=%.*s reason=%s",
                         TEXT_ARGUMENTS(feed->name), TEXT_ARGUMENTS(feed->identities[j]),
                         identity ? "not_admitted" : "unknown");
            }
        }
    }
}

uint64_t security_audience(const struct security *security, const struct uuid *tenant_id)
{
    uint64_t audience = SOCKETS_STATUS_BIT;

    for (size_t i = 0; i < security->feed_count; i++) {
        if (feed_serves_tenant(&security->feeds[i], tenant_id)) {
            audience |= SOCKETS_STATUS_BIT << (i + 1);
        }
    }
    return audience;
}
