// SPDX-License-Identifier: MIT
/* The configuration file of an export-worker, checked against its schema and against the world:
 * databases are opened, statements prepared, roots opened, the bundle directory written to. A
 * worker that starts can work. */
#ifndef WORKERS_CONFIGURATION_H
#define WORKERS_CONFIGURATION_H

#include "schemas/base/log.h"
#include "schemas/codec/configuration.h"
#include "workers/runtime/settings.h"

/* Reads FILE; on failure message is a ready line, "FILE:LINE: KEY: …", and *settings needs no
 * release. The settings own their sources and texts. */
int worker_configuration_read(const char *path, struct settings *settings, enum log_level *level,
                              char message[CONFIGURATION_ERROR_BYTES]);
void worker_configuration_release(struct settings *settings); /* safe twice, and on a zeroed one */

#endif
