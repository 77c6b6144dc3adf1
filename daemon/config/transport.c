// SPDX-License-Identifier: MIT
#include "daemon/config/transport.h"

#include <stdio.h>
#include <string.h>

#include "schemas/base/endpoint.h"
#include "schemas/base/limits.h"

#define SOCKETS   4
#define ENDPOINTS (SOCKETS + LIMIT_FEEDS)
#define KEY_BYTES 48

struct endpoint {
    char key[KEY_BYTES];
    struct text address;
};

static bool starts_with(struct text text, const char *prefix)
{
    size_t size_bytes = strlen(prefix);

    return text.size_bytes >= size_bytes && memcmp(text.data, prefix, size_bytes) == 0;
}

static bool is_same(struct text a, struct text b)
{
    return text_equal(a, b) && !memchr(a.data, '*', a.size_bytes);
}

static int check_address(const struct settings *settings, const struct endpoint *endpoint,
                         char *message)
{
    if (starts_with(endpoint->address, "tcp://") && !endpoint_has_port(endpoint->address)) {
        return configuration_fail(settings->file, endpoint->key, message,
                                  "found \"%.*s\", expected tcp://ADDRESS:PORT, a PORT being at "
                                  "most 65535, or * for any",
                                  TEXT_ARGUMENTS(endpoint->address));
    }
    if (!settings_are_secure(settings) && !endpoint_is_local(endpoint->address)) {
        return configuration_fail(settings->file, endpoint->key, message,
                                  "found \"%.*s\", expected a loopback address "
                                  "(tcp://127.0.0.1:PORT, tcp://[::1]:PORT) or ipc://PATH, "
                                  "because with security none nothing is encrypted",
                                  TEXT_ARGUMENTS(endpoint->address));
    }
    if (!starts_with(endpoint->address, "ipc://") && !starts_with(endpoint->address, "tcp://")) {
        return configuration_fail(settings->file, endpoint->key, message,
                                  "found \"%.*s\", expected tcp://ADDRESS:PORT or ipc://PATH",
                                  TEXT_ARGUMENTS(endpoint->address));
    }
    return 0;
}

static int check_endpoints(const struct settings *settings, const struct endpoint *endpoints,
                           size_t count, char *message)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < count; i++) {
        rc = check_address(settings, &endpoints[i], message);
        for (size_t j = 0; !rc && j < i; j++) {
            if (is_same(endpoints[i].address, endpoints[j].address)) {
                rc = configuration_fail(settings->file, endpoints[i].key, message,
                                        "found the same endpoint as %s, expected one of its own",
                                        endpoints[j].key);
            }
        }
    }
    return rc;
}

static int check_feeds(const struct settings *settings, char *message)
{
    const struct wire_list *feeds = &settings->values.feeds;
    struct exportd_configuration_feeds feed;
    struct exportd_configuration_feeds other;
    char key[KEY_BYTES];

    if (feeds->count > 0 && !settings_are_secure(settings)) {
        return configuration_fail(settings->file, "feeds", message,
                                  "found feeds, expected none without security curve, "
                                  "because nobody can be told from anybody else");
    }
    for (uint32_t i = 0; i < feeds->count; i++) {
        codec_item(feeds, i, &feed);
        for (uint32_t j = 0; j < i; j++) {
            codec_item(feeds, j, &other);
            if (text_equal(feed.name, other.name)) {
                snprintf(key, sizeof key, "feeds[%u].name", i);
                return configuration_fail(settings->file, key, message,
                                          "found the name of feeds[%u], expected one of its own",
                                          j);
            }
        }
    }
    return 0;
}

static int check_curve(const struct settings *settings, char *message)
{
    if (settings_are_secure(settings) && !settings->values.has_curve) {
        return configuration_fail(settings->file, "curve", message,
                                  "found nothing, expected certificate and identities, "
                                  "or security: none");
    }
    return 0;
}

int transport_check(const struct settings *settings, char message[CONFIGURATION_ERROR_BYTES])
{
    const struct exportd_configuration *values = &settings->values;
    struct endpoint endpoints[ENDPOINTS] = {
        {"sockets.requests", values->sockets.requests},
        {"sockets.jobs", values->sockets.jobs},
        {"sockets.reports", values->sockets.reports},
        {"sockets.status", values->sockets.status},
    };
    struct exportd_configuration_feeds feed;
    size_t count = SOCKETS;
    int rc = check_curve(settings, message);

    if (!rc) {
        rc = check_feeds(settings, message);
    }
    for (uint32_t i = 0; i < values->feeds.count && count < ENDPOINTS; i++, count++) {
        codec_item(&values->feeds, i, &feed);
        snprintf(endpoints[count].key, KEY_BYTES, "feeds[%u].endpoint", i);
        endpoints[count].address = feed.endpoint;
    }
    return rc ? rc : check_endpoints(settings, endpoints, count, message);
}
