// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/suppressed.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define DAY_MS    86400000
#define MINUTE_MS 60000

static int fail(char *message, int error, const char *what, const char *why)
{
    snprintf(message, CONFIGURATION_ERROR_BYTES, "%s: %s", what, why);
    return error;
}

static const enum log_level log_levels[EXPORTD_CONFIGURATION_LOG_LEVEL_COUNT] = {
    [EXPORTD_CONFIGURATION_LOG_LEVEL_ERROR] = LOG_ERROR,
    [EXPORTD_CONFIGURATION_LOG_LEVEL_WARNING] = LOG_WARNING,
    [EXPORTD_CONFIGURATION_LOG_LEVEL_INFO] = LOG_INFO,
    [EXPORTD_CONFIGURATION_LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static int open_registry(struct daemon *daemon, char *message)
{
    const struct exportd_configuration_registry *values = &daemon->settings.values.registry;
    struct registry_options options = {
        .database = daemon->settings.registry_database,
        .profile_statement = values->profile_statement,
        .list_statement = values->list_statement,
        .busy_timeout_ms = values->busy_timeout_ms,
    };
    char why[REGISTRY_MESSAGE_BYTES];
    int rc = registry_open(&daemon->registry, &options, why);

    return rc ? configuration_fail(daemon->settings.file, "registry", message, "%s", why) : 0;
}

static int open_authorizer(struct daemon *daemon, char *message)
{
    const struct settings *settings = &daemon->settings;
    struct authorizer_options options = {
        .rules = {.issuers = settings->issuers,
                  .issuer_count = settings->issuer_count,
                  .audiences = settings->audiences,
                  .audience_count = settings->audience_count,
                  .approver_scope = settings->values.permissions.approver_scope,
                  .skew_seconds = (uint32_t)settings->values.tokens.clock_skew_seconds,
                  .roles = settings->roles,
                  .role_count = settings->role_count},
        .key_set_path = settings->key_set,
        .revocations_path = settings->revocations,
        .refresh_ms = settings->values.tokens.key_set_refresh_seconds * 1000,
        .cache_entries = (size_t)settings->values.tokens.cache_entries,
    };
    char why[KEY_SET_MESSAGE_BYTES];
    int rc = authorizer_new(&daemon->authorizer, &options, why);

    return rc ? configuration_fail(settings->file, "tokens", message, "%s", why) : 0;
}

static int open_readers(struct daemon *daemon, const char *path, char *message)
{
    int rc = settings_read(&daemon->settings, path, message);

    if (rc) {
        return rc;
    }
    store_set_up();
    log_configure("exportd", log_levels[daemon->settings.values.log.level]);
    rc = security_open(&daemon->security, &daemon->settings, message);
    if (!rc) {
        rc = open_registry(daemon, message);
    }
    return rc ? rc : open_authorizer(daemon, message);
}

static int open_store(struct daemon *daemon, char *message)
{
    struct store_options options = {
        .directory = daemon->settings.store_directory,
        .overlay_operations = daemon->settings.values.store.overlay_operations,
        .minimum_free_bytes = daemon->settings.values.store.minimum_free_bytes,
    };
    char why[STORE_MESSAGE_BYTES];
    int rc = store_open(&daemon->store, &options, why);

    return rc ? fail(message, rc, options.directory, why) : 0;
}

static int open_sockets(struct daemon *daemon, char *message)
{
    const struct exportd_configuration_sockets *values = &daemon->settings.values.sockets;
    struct sockets_options options = {
        .endpoints = {[SOCKET_REQUESTS] = values->requests,
                      [SOCKET_JOBS] = values->jobs,
                      [SOCKET_REPORTS] = values->reports,
                      [SOCKET_STATUS] = values->status},
        .admission = security_admission(&daemon->security),
        .public_key = daemon->security.certificate.public_key,
        .secret_key = daemon->security.certificate.secret_key,
        .high_water_mark = values->high_water_mark,
        .outstanding_messages = values->outstanding_messages,
        .handshake_timeout_ms = values->handshake_timeout_ms,
        .heartbeat_interval_ms = values->heartbeat_interval_ms,
        .heartbeat_timeout_ms = values->heartbeat_timeout_ms,
        .connections = values->connections,
        .subscriptions = values->subscriptions,
        .subscriptions_per_connection = values->subscriptions_per_connection,
    };
    char why[SOCKETS_MESSAGE_BYTES];
    int rc = sockets_open(&daemon->sockets, &options, why);

    return rc ? configuration_fail(daemon->settings.file, "sockets", message, "%s", why) : 0;
}

static int restore(void *argument, enum event_kind kind, const struct record *record,
                   struct text result)
{
    struct daemon *daemon = argument;

    (void)kind;
    (void)result;
    return engine_restore(&daemon->engine, record, daemon->now);
}

static int expect(void *argument, const struct uuid *tenant_id, const struct store_counts *counts)
{
    struct daemon *daemon = argument;

    if (counts->of[OPERATION_STAGE_RETRY_WAIT] > 0) {
        engine_retry_next(&daemon->engine, (struct wall){0}); /* the first turn looks for them */
    }
    engine_due_next(&daemon->engine, (struct wall){0});
    return counts->of[OPERATION_STAGE_QUEUED] > 0 ? queue_expect(&daemon->engine.queue, tenant_id)
                                                  : 0;
}

static int configure_tenants(struct daemon *daemon)
{
    const struct wire_list *tenants = &daemon->settings.values.dispatch.tenants;
    struct exportd_configuration_dispatch_tenants tenant;
    int rc = 0;

    for (uint32_t i = 0; i < tenants->count && !rc; i++) {
        codec_item(tenants, i, &tenant);
        rc = queue_configure(&daemon->engine.queue, &tenant.tenant_id, tenant.weight,
                             tenant.has_maximum_running ? tenant.maximum_running : -1);
    }
    return rc;
}

static int open_engine(struct daemon *daemon, char *message)
{
    const struct exportd_configuration_dispatch *values = &daemon->settings.values.dispatch;
    struct engine_options options = {
        .offer_timeout_ms = values->offer_timeout_ms,
        .lease_ms = values->lease_ms,
        .attempt_timeout_ms = values->attempt_timeout_minutes * MINUTE_MS,
        .maximum_attempts = values->maximum_attempts,
        .maximum_lost_attempts = values->maximum_lost_attempts,
        .maximum_running = values->maximum_running,
        .retry_base_ms = values->retry_base_ms,
        .retry_ceiling_ms = values->retry_ceiling_ms,
        .overdue_ms = daemon->settings.values.operations.overdue_days * DAY_MS,
        .retention_ms = daemon->settings.values.operations.retention_days * DAY_MS,
        .start_count = store_start_count(daemon->store),
        .last_sequence = store_sequence(daemon->store),
    };
    int rc =
        getrandom(&options.seed, sizeof options.seed, 0) == sizeof options.seed ? 0 : -ERROR_IO;

    if (!rc) {
        rc = engine_init(&daemon->engine, &options);
    }
    if (!rc) {
        rc = configure_tenants(daemon);
    }
    if (!rc) {
        rc = pauses_restore(daemon);
    }
    if (!rc) {
        rc = limits_open(daemon);
    }
    if (!rc) {
        rc = store_gathering(daemon->store, restore, daemon);
    }
    if (!rc) {
        rc = store_tenants(daemon->store, expect, daemon);
    }
    if (!rc) {
        rc = store_commit(daemon->store); /* reading the operations brought the view up to date */
    }
    return rc ? fail(message, rc, "restoring the operations",
                     store_message(daemon->store)[0] ? store_message(daemon->store)
                                                     : error_row(rc)->message)
              : 0;
}

static int open_buffers(struct daemon *daemon, char *message)
{
    if (policies_init(&daemon->policies, &daemon->settings.values) ||
        throttle_new(&daemon->throttle) || wire_input_init(&daemon->input) ||
        wire_input_init(&daemon->result_input) || sha256_init(&daemon->sha256)) {
        return fail(message, -ERROR_MEMORY, "starting", "out of memory");
    }
    return 0;
}

static void release(struct daemon *daemon)
{
    sockets_close(&daemon->sockets);
    security_release(&daemon->security);
    engine_release(&daemon->engine);
    registry_close(&daemon->registry);
    authorizer_destroy(&daemon->authorizer);
    outcome_release(&daemon->outcome);
    effects_release(&daemon->effects);
    effects_release(&daemon->written);
    wire_input_release(&daemon->input);
    wire_input_release(&daemon->result_input);
    wire_output_release(&daemon->scratch);
    sha256_release(&daemon->sha256);
    throttle_destroy(&daemon->throttle);
    limits_release(&daemon->limits);
    policies_release(&daemon->policies);
    settings_release(&daemon->settings);
}

int daemon_open(struct daemon *daemon, const char *configuration_path,
                char message[CONFIGURATION_ERROR_BYTES])
{
    uint64_t seed;
    int rc;

    *daemon = (struct daemon){.now = {.mono = mono_now(), .wall = wall_now()}};
    daemon->started = daemon->heard = daemon->now.mono;
    daemon->revocations_are_new = true;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        return fail(message, -ERROR_IO, "starting", "no random numbers");
    }
    table_seed(seed);
    rc = open_readers(daemon, configuration_path, message);
    if (!rc) {
        rc = open_buffers(daemon, message);
    }
    if (!rc) {
        rc = open_store(daemon, message);
    }
    if (!rc) {
        rc = open_engine(daemon, message);
        daemon->durable_sequence = store_sequence(daemon->store);
    }
    if (!rc && syncer_open(&daemon->syncer, daemon->store)) {
        rc = fail(message, -ERROR_MEMORY, "starting the thread for the disk", strerror(errno));
    }
    if (!rc) {
        rc = open_sockets(daemon, message);
    }
    if (rc) {
        syncer_close(&daemon->syncer);
        (void)store_close(&daemon->store);
        release(daemon);
    }
    return rc;
}

int daemon_close(struct daemon *daemon)
{
    int closed;
    int rc;

    suppressed_tell_all(daemon);
    syncer_close(&daemon->syncer);
    rc = daemon->failure ? 0 : limits_keep_all(daemon);
    if (!rc) {
        rc = store_settle(daemon->store);
    }
    if (rc) {
        log_line(LOG_ERROR, "unsettled",
                 "reason=\"%s\" effect=\"what was acknowledged is in the log, and the next start "
                 "goes on from there\"",
                 store_message(daemon->store));
    }
    closed = store_close(&daemon->store);
    release(daemon);
    return rc ? rc : closed;
}

int daemon_check(const char *configuration_path, char message[CONFIGURATION_ERROR_BYTES])
{
    struct daemon daemon = {0};
    int rc = open_readers(&daemon, configuration_path, message);

    release(&daemon);
    return rc;
}
