// SPDX-License-Identifier: MIT
#include "workers/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "schemas/base/endpoint.h"
#include "schemas/base/errors.h"
#include "schemas/messages.h"
#include "workers/bundle/bundle.h"
#include "workers/runtime/registry.h"

#define KEY_BYTES 96

/* One reading. */
struct reading {
    struct configuration *file;
    struct export_worker_configuration read;
    struct settings *settings;
    char *message;
};

static int no_memory(const struct reading *reading)
{
    snprintf(reading->message, CONFIGURATION_ERROR_BYTES, "out of memory");
    return -ERROR_MEMORY;
}

/* A text as a string; one that holds a NUL cannot come out of YAML's parser as a path. */
static char *copy(struct text t)
{
    return t.size_bytes ? strndup(t.data, t.size_bytes) : strdup("");
}

static bool is_name_character(char c, bool is_first)
{
    bool is_alphanumeric =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

    return is_alphanumeric || (!is_first && (c == '.' || c == '_' || c == '-'));
}

/* The host's name, with what a worker's name may not have replaced. */
static void default_name(char name[SETTINGS_NAME_BUFFER])
{
    char host[256] = "";

    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "worker");
    snprintf(name, SETTINGS_NAME_BUFFER, "%.*s", SETTINGS_NAME_BUFFER - 1, host);
    for (size_t i = 0; name[i]; i++) {
        if (!is_name_character(name[i], i == 0))
            name[i] = i == 0 ? 'w' : '-';
    }
}

static int take_worker(const struct reading *reading)
{
    const struct export_worker_configuration_worker *worker = &reading->read.worker;
    struct settings *settings = reading->settings;
    uint8_t random[10];

    if (worker->has_name)
        snprintf(settings->name, sizeof(settings->name), "%.*s", TEXT_ARGUMENTS(worker->name));
    else
        default_name(settings->name);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        snprintf(reading->message, CONFIGURATION_ERROR_BYTES, "no random numbers");
        return -ERROR_IO;
    }
    settings->instance = uuid_v7(wall_now().ms, random);
    settings->slots = (int)worker->slots;
    settings->heartbeat_interval_ms = worker->heartbeat_interval_ms;
    settings->repeat_interval_ms = worker->repeat_interval_ms;
    settings->compression_level = (int)reading->read.bundles.compression_level;
    settings->attempt_ms = reading->read.limits.attempt_seconds * 1000;
    settings->drain_ms = reading->read.limits.drain_ms;
    settings->sweep_interval_ms = reading->read.bundles.sweep_interval_ms;
    settings->bundle_bytes = reading->read.limits.bundle_bytes;
    settings->bundle_files = reading->read.limits.bundle_files;
    return 0;
}

static int take_texts(const struct reading *reading)
{
    const struct export_worker_configuration *read = &reading->read;
    struct settings *settings = reading->settings;
    const struct {
        char **to;
        struct text from;
    } texts[] = {
        {&settings->jobs, read->exportd.jobs},
        {&settings->reports, read->exportd.reports},
        {&settings->status, read->exportd.status},
        {&settings->registry.database, read->registry.database},
        {&settings->registry.statement, read->registry.profile_statement},
        {&settings->bundle_directory, read->bundles.directory},
        {&settings->base_url, read->bundles.base_url},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i].to = copy(texts[i].from);
        if (!*texts[i].to)
            return no_memory(reading);
    }
    settings->registry.busy_timeout_ms = read->registry.busy_timeout_ms;
    for (size_t bytes = strlen(settings->base_url);
         bytes > 0 && settings->base_url[bytes - 1] == '/'; bytes--)
        settings->base_url[bytes - 1] = '\0';
    return 0;
}

/* exportd takes reports under the name of the key only, so that any other could do nothing. */
static int take_key_name(const struct reading *reading)
{
    struct settings *settings = reading->settings;
    const char *name = settings->credentials.name;

    if (name[0] == '\0' || strcmp(settings->name, name) == 0)
        return 0;
    if (reading->read.worker.has_name)
        return configuration_fail(reading->file, "worker.name", reading->message,
                                  "found \"%s\", expected \"%s\", the name in curve.certificate",
                                  settings->name, name);
    snprintf(settings->name, sizeof(settings->name), "%s", name);
    return 0;
}

static int take_certificates(const struct reading *reading, const char *server, const char *own)
{
    struct credentials *credentials = &reading->settings->credentials;
    char why[CERTIFICATE_MESSAGE_BYTES];

    if (credentials_read_server(credentials, server, why))
        return configuration_fail(reading->file, "exportd.server_certificate", reading->message,
                                  "%s", why);
    if (credentials_read_own(credentials, own, why))
        return configuration_fail(reading->file, "curve.certificate", reading->message, "%s", why);
    credentials->are_given = true;
    return take_key_name(reading);
}

static int take_curve(const struct reading *reading)
{
    const struct export_worker_configuration *read = &reading->read;

    if (!read->has_curve)
        return configuration_fail(reading->file, "curve", reading->message,
                                  "found nothing, expected certificate, or security: none");
    if (!read->exportd.has_server_certificate)
        return configuration_fail(reading->file, "exportd.server_certificate", reading->message,
                                  "found nothing, expected the daemon's public certificate, "
                                  "or security: none");
    char *server = copy(read->exportd.server_certificate);
    char *own = copy(read->curve.certificate);
    int rc = server && own ? take_certificates(reading, server, own) : no_memory(reading);
    free(server);
    free(own);
    return rc;
}

static int take_security(const struct reading *reading)
{
    const struct {
        const char *key;
        const char *endpoint;
    } endpoints[] = {
        {"exportd.jobs", reading->settings->jobs},
        {"exportd.reports", reading->settings->reports},
        {"exportd.status", reading->settings->status},
    };

    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (!endpoint_has_port(text_of(endpoints[i].endpoint)))
            return configuration_fail(reading->file, endpoints[i].key, reading->message,
                                      "found \"%s\", expected tcp://ADDRESS:PORT, a PORT being at "
                                      "most 65535, or ipc://PATH",
                                      endpoints[i].endpoint);
    }
    if (reading->read.security == EXPORT_WORKER_CONFIGURATION_SECURITY_CURVE)
        return take_curve(reading);
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (!endpoint_is_local(text_of(endpoints[i].endpoint)))
            return configuration_fail(reading->file, endpoints[i].key, reading->message,
                                      "found \"%s\", expected a loopback address "
                                      "(tcp://127.0.0.1:PORT, tcp://[::1]:PORT) or ipc://PATH, "
                                      "because with security none nothing is encrypted",
                                      endpoints[i].endpoint);
    }
    return 0;
}

static int check_registry(const struct reading *reading)
{
    struct source_problem problem;
    char key[KEY_BYTES];

    if (registry_check(&reading->settings->registry, &problem) == 0)
        return 0;
    snprintf(key, sizeof(key), "registry.%s", problem.key);
    return configuration_fail(reading->file, key, reading->message, "%s", problem.message);
}

static int check_bundles(const struct reading *reading)
{
    char why[SOURCE_PROBLEM_BYTES];

    if (bundle_check_directory(reading->settings->bundle_directory, why, sizeof(why)) == 0)
        return 0;
    return configuration_fail(reading->file, "bundles.directory", reading->message, "%s", why);
}

static const enum source_kind kinds[] = {
    [EXPORT_WORKER_CONFIGURATION_SOURCES_KIND_SQLITE] = SOURCE_SQLITE,
    [EXPORT_WORKER_CONFIGURATION_SOURCES_KIND_FILES] = SOURCE_FILES,
};

static const enum source_format formats[] = {
    [EXPORT_WORKER_CONFIGURATION_SOURCES_FORMAT_JSONL] = SOURCE_JSONL,
    [EXPORT_WORKER_CONFIGURATION_SOURCES_FORMAT_CSV] = SOURCE_CSV,
};

static struct text given(bool is_given, struct text t)
{
    return is_given ? t : (struct text){NULL, 0};
}

static int open_source(const struct reading *reading,
                       const struct export_worker_configuration_sources *read,
                       struct source **source, struct source_problem *problem)
{
    const struct source_settings settings = {
        .name = read->name,
        .kind = kinds[read->kind],
        .is_required = read->required,
        .database = given(read->has_database, read->database),
        .statement = given(read->has_statement, read->statement),
        .format = formats[read->format],
        .counts_first = read->count,
        .busy_timeout_ms = read->busy_timeout_ms,
        .root = given(read->has_root, read->root),
        .pattern = given(read->has_pattern, read->pattern),
        .maximum_rows = read->maximum_rows,
        .maximum_files = read->maximum_files,
        .maximum_bytes = read->maximum_bytes,
    };

    for (size_t i = 0; i < reading->settings->source_count; i++) {
        if (text_equal(text_of(source_name(reading->settings->sources[i])), read->name)) {
            *problem = (struct source_problem){"name", "is the name of another source"};
            return -ERROR_CONFIGURATION;
        }
    }
    return source_open(source, &settings, problem);
}

static int take_sources(const struct reading *reading)
{
    struct settings *settings = reading->settings;
    const struct wire_list *list = &reading->read.sources;
    struct export_worker_configuration_sources read;
    struct source_problem problem;
    char key[KEY_BYTES];

    for (uint32_t i = 0; i < list->count; i++) {
        codec_item(list, i, &read);
        int rc = open_source(reading, &read, &settings->sources[i], &problem);
        if (rc == -ERROR_MEMORY)
            return no_memory(reading);
        if (rc) {
            snprintf(key, sizeof(key), "sources[%u].%s", i, problem.key);
            return configuration_fail(reading->file, key, reading->message, "%s", problem.message);
        }
        settings->source_count++;
    }
    return 0;
}

int worker_configuration_read(const char *path, struct settings *settings, enum log_level *level,
                              char message[CONFIGURATION_ERROR_BYTES])
{
    static int (*const steps[])(const struct reading *) = {
        take_worker, take_texts, take_security, check_registry, check_bundles, take_sources,
    };
    struct reading reading = {.settings = settings, .message = message};

    *settings = (struct settings){0};
    int rc = configuration_read(&reading.file, path, &export_worker_configuration_schema,
                                &reading.read, message);
    if (!rc)
        *level = (enum log_level)reading.read.log.level; /* the same words in the same order */
    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](&reading);
    if (reading.file)
        configuration_destroy(&reading.file);
    if (rc)
        worker_configuration_release(settings);
    return rc;
}

void worker_configuration_release(struct settings *settings)
{
    char *const texts[] = {settings->jobs,
                           settings->reports,
                           settings->status,
                           settings->registry.database,
                           settings->registry.statement,
                           settings->bundle_directory,
                           settings->base_url};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    for (size_t i = 0; i < settings->source_count; i++)
        source_close(&settings->sources[i]);
    credentials_forget(&settings->credentials);
    *settings = (struct settings){0};
}
