// SPDX-License-Identifier: MIT
#include "daemon/config/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

static bool starts_with(struct text text, const char *prefix)
{
    size_t size_bytes = strlen(prefix);

    return text.size_bytes >= size_bytes && memcmp(text.data, prefix, size_bytes) == 0;
}

/* Nothing on the wire is encrypted, so it must not leave the machine. */
static bool is_local(struct text endpoint)
{
    return starts_with(endpoint, "ipc://") || starts_with(endpoint, "tcp://127.") ||
           starts_with(endpoint, "tcp://[::1]:");
}

static int check_endpoints(struct settings *settings, char *message)
{
    const struct exportd_configuration_sockets *sockets = &settings->values.sockets;
    const struct {
        const char *key;
        struct text endpoint;
    } rows[] = {
        {"sockets.requests", sockets->requests},
        {"sockets.jobs", sockets->jobs},
        {"sockets.reports", sockets->reports},
        {"sockets.status", sockets->status},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!is_local(rows[i].endpoint)) {
            return configuration_fail(settings->file, rows[i].key, message,
                                      "found \"%.*s\", expected a loopback address "
                                      "(tcp://127.0.0.1:PORT, tcp://[::1]:PORT) or ipc://PATH, "
                                      "because nothing is encrypted",
                                      TEXT_ARGUMENTS(rows[i].endpoint));
        }
        for (size_t j = 0; j < i; j++) {
            if (text_equal(rows[i].endpoint, rows[j].endpoint) &&
                !memchr(rows[i].endpoint.data, '*', rows[i].endpoint.size_bytes)) {
                return configuration_fail(settings->file, rows[i].key, message,
                                          "found the same endpoint as %s, expected one of its own",
                                          rows[j].key);
            }
        }
    }
    return 0;
}

static int check_times(struct settings *settings, char *message)
{
    const struct exportd_configuration *values = &settings->values;

    if (values->sockets.heartbeat_timeout_ms <= values->sockets.heartbeat_interval_ms) {
        return configuration_fail(settings->file, "sockets.heartbeat_timeout_ms", message,
                                  "found %lld, expected more than heartbeat_interval_ms (%lld)",
                                  (long long)values->sockets.heartbeat_timeout_ms,
                                  (long long)values->sockets.heartbeat_interval_ms);
    }
    if (values->dispatch.retry_ceiling_ms < values->dispatch.retry_base_ms) {
        return configuration_fail(settings->file, "dispatch.retry_ceiling_ms", message,
                                  "found %lld, expected at least retry_base_ms (%lld)",
                                  (long long)values->dispatch.retry_ceiling_ms,
                                  (long long)values->dispatch.retry_base_ms);
    }
    return 0;
}

static uint32_t texts(const struct wire_list *list, struct text *texts, uint32_t room)
{
    uint32_t count = list->count < room ? list->count : room;

    for (uint32_t i = 0; i < count; i++) {
        codec_item(list, i, &texts[i]);
    }
    return count;
}

static void copy_roles(struct settings *settings)
{
    const struct wire_list *roles = &settings->values.permissions.required_roles;

    settings->role_count = roles->count < SETTINGS_ROLES ? roles->count : SETTINGS_ROLES;
    for (uint32_t i = 0; i < settings->role_count; i++) {
        codec_item(roles, i, &settings->roles[i]);
    }
}

static char *terminated(struct text text)
{
    return strndup(text.data, text.size_bytes);
}

static int copy_texts(struct settings *settings, char *message)
{
    const struct exportd_configuration *values = &settings->values;

    settings->issuer_count = texts(&values->tokens.issuers, settings->issuers, SETTINGS_ISSUERS);
    settings->audience_count =
        texts(&values->tokens.audiences, settings->audiences, SETTINGS_AUDIENCES);
    copy_roles(settings);
    settings->store_directory = terminated(values->store.directory);
    settings->key_set = terminated(values->tokens.key_set);
    settings->registry_database = terminated(values->registry.database);
    if (!settings->store_directory || !settings->key_set || !settings->registry_database) {
        snprintf(message, CONFIGURATION_ERROR_BYTES, "out of memory");
        return -ERROR_MEMORY;
    }
    return 0;
}

int settings_read(struct settings *settings, const char *path,
                  char message[CONFIGURATION_ERROR_BYTES])
{
    int rc;

    *settings = (struct settings){0};
    rc = configuration_read(&settings->file, path, &exportd_configuration_schema, &settings->values,
                            message);
    if (!rc) {
        rc = check_endpoints(settings, message);
    }
    if (!rc) {
        rc = check_times(settings, message);
    }
    if (!rc) {
        rc = copy_texts(settings, message);
    }
    if (rc) {
        settings_release(settings);
    }
    return rc;
}

void settings_release(struct settings *settings)
{
    configuration_destroy(&settings->file);
    free(settings->store_directory);
    free(settings->key_set);
    free(settings->registry_database);
    *settings = (struct settings){0};
}
