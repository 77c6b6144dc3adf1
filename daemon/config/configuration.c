// SPDX-License-Identifier: MIT
#include "daemon/config/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config/transport.h"
#include "schemas/base/errors.h"

#define KEY_BYTES 48
#define TENANTS   1000 /* of a list; from the schema */

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

/* Manual approval is no use when nobody can give it. */
static int check_approval(struct settings *settings, char *message)
{
    const struct exportd_configuration *values = &settings->values;
    bool is_manual =
        values->operations.approval == EXPORTD_CONFIGURATION_OPERATIONS_APPROVAL_MANUAL;
    const char *key = "operations.approval";
    struct exportd_configuration_operations_tenants tenant;

    for (uint32_t i = 0; i < values->operations.tenants.count && !is_manual; i++) {
        codec_item(&values->operations.tenants, i, &tenant);
        is_manual = tenant.approval == EXPORTD_CONFIGURATION_OPERATIONS_TENANTS_APPROVAL_MANUAL;
        key = "operations.tenants";
    }
    return is_manual && !values->permissions.has_approver_scope
               ? configuration_fail(settings->file, key, message,
                                    "found manual, expected automatic as long as "
                                    "permissions.approver_scope is not given: nobody could approve")
               : 0;
}

/* What a list of tenants holds, the tenant first. */
union tenant_item {
    struct exportd_configuration_operations_tenants operations;
    struct exportd_configuration_limits_tenants limits;
    struct exportd_configuration_dispatch_tenants dispatch;
};

static int check_list(const struct settings *settings, const char *name,
                      const struct wire_list *list, char *message)
{
    struct uuid tenants[TENANTS];
    union tenant_item item;
    char key[KEY_BYTES];

    for (uint32_t i = 0; i < list->count && i < TENANTS; i++) {
        codec_item(list, i, &item);
        tenants[i] = item.operations.tenant_id;
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(&tenants[i], &tenants[j])) {
                snprintf(key, sizeof key, "%s[%u].tenant_id", name, i);
                return configuration_fail(settings->file, key, message,
                                          "found the tenant of %s[%u], expected another", name, j);
            }
        }
    }
    return 0;
}

/* Of two entries of a tenant one would not be heeded, and it may be the stricter one. */
static int check_tenants(const struct settings *settings, char *message)
{
    const struct exportd_configuration *values = &settings->values;
    int rc = check_list(settings, "operations.tenants", &values->operations.tenants, message);

    if (!rc) {
        rc = check_list(settings, "limits.tenants", &values->limits.tenants, message);
    }
    return rc ? rc : check_list(settings, "dispatch.tenants", &values->dispatch.tenants, message);
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
    if (settings_are_secure(settings)) {
        settings->certificate = terminated(values->curve.certificate);
        settings->identities = terminated(values->curve.identities);
    }
    if (values->tokens.has_revocations) {
        settings->revocations = terminated(values->tokens.revocations);
    }
    if (!settings->store_directory || !settings->key_set || !settings->registry_database ||
        (settings_are_secure(settings) && (!settings->certificate || !settings->identities)) ||
        (values->tokens.has_revocations && !settings->revocations)) {
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
        rc = transport_check(settings, message);
    }
    if (!rc) {
        rc = check_times(settings, message);
    }
    if (!rc) {
        rc = check_approval(settings, message);
    }
    if (!rc) {
        rc = check_tenants(settings, message);
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
    free(settings->revocations);
    free(settings->registry_database);
    free(settings->certificate);
    free(settings->identities);
    *settings = (struct settings){0};
}
