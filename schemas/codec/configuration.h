// SPDX-License-Identifier: MIT
/* Configuration files: YAML, bounded, checked against a schema, with the line in every error. The
 * schema is the only place that knows keys, defaults, ranges and units. Anchors, aliases, tags,
 * merge keys, several documents, duplicate and unknown keys are errors (libyaml 0.2.5 itself bounds
 * nothing). */
#ifndef SCHEMAS_CODEC_CONFIGURATION_H
#define SCHEMAS_CODEC_CONFIGURATION_H

#include "schemas/codec/codec.h"

#define CONFIGURATION_ERROR_BYTES 768

/* A read file; every text of the decoded struct borrows from it. */
struct configuration;

/* Reads the file and decodes it into *value (as codec_decode does). On failure message holds a
 * ready line: "FILE:LINE: KEY: found …, expected …". Values of scalars may appear in it;
 * configuration files hold no secrets. */
int configuration_read(struct configuration **configuration, const char *path,
                       const struct schema *schema, void *value,
                       char message[CONFIGURATION_ERROR_BYTES]);
void configuration_destroy(struct configuration **configuration);

/* For checks that a schema cannot express: makes the same kind of line for a key path as
 * "sources[2].statement" (or the nearest enclosing key that is in the file) and returns
 * -ERROR_CONFIGURATION. */
int configuration_fail(const struct configuration *configuration, const char *key,
                       char message[CONFIGURATION_ERROR_BYTES], const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
