// SPDX-License-Identifier: MIT
/* Names of schemas as names of C. Results live in the zone, which must not run out: then the
 * program ends. */
#ifndef SCHEMAS_COMPILER_NAMES_H
#define SCHEMAS_COMPILER_NAMES_H

#include <msgpack.h>

#include "schemas/base/text.h"

/* Zeroed memory of the zone. */
void *zone_allocate(msgpack_zone *zone, size_t size_bytes);
char *zone_print(msgpack_zone *zone, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *zone_copy(msgpack_zone *zone, struct text t);

/* "inboundSharedUserProfileId" and "export-worker.configuration" as snake_case; NULL when no C name
 * can be made. */
char *name_snake(msgpack_zone *zone, struct text name);

/* As a member or type: with a trailing underscore when C has taken the word. */
char *name_member(msgpack_zone *zone, struct text name);

/* snake_case as UPPER_SNAKE_CASE. */
char *name_upper(msgpack_zone *zone, const char *snake);

#endif
