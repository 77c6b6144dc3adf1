// SPDX-License-Identifier: MIT
/* What a running worker knows of its configuration; made by workers/configuration.c, read by every
 * thread, changed by none while they run. */
#ifndef WORKERS_RUNTIME_SETTINGS_H
#define WORKERS_RUNTIME_SETTINGS_H

#include "schemas/base/clock.h"
#include "schemas/base/limits.h"
#include "schemas/base/uuid.h"
#include "schemas/curve/credentials.h"
#include "workers/sources/source.h"

#define SETTINGS_NAME_BUFFER 64

struct registry_settings {
    char *database;
    char *statement;
    int64_t busy_timeout_ms;
};

struct settings {
    char name[SETTINGS_NAME_BUFFER];
    struct uuid instance; /* made at each start */
    int slots;
    int64_t heartbeat_interval_ms;
    int64_t repeat_interval_ms;
    char *jobs;
    char *reports;
    char *status;
    struct credentials credentials;
    struct registry_settings registry;
    char *bundle_directory;
    int64_t sweep_interval_ms;
    char *base_url; /* without a slash at its end */
    int compression_level;
    int64_t attempt_ms;
    int64_t drain_ms;
    int64_t bundle_bytes;
    int64_t bundle_files;
    struct source *sources[LIMIT_SOURCES];
    size_t source_count;
};

#endif
