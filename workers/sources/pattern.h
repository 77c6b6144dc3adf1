// SPDX-License-Identifier: MIT
/* Where a user's folder lies beneath a root: a relative path with {tenant_id}, {user_id},
 * {user_principal_name} and {home_tenant_id}, as "mail/{tenant_id}/{user_id}". What is filled in
 * can be one component of a path and nothing else, whatever the registry of profiles holds. */
#ifndef WORKERS_SOURCES_PATTERN_H
#define WORKERS_SOURCES_PATTERN_H

#include "workers/sources/source.h"

#define PATTERN_PATH_BYTES 4096

/* Whether a pattern may be used: relative, without empty components, "." and "..", with known
 * placeholders only, among them {tenant_id} and {user_id} or {user_principal_name}.
 * -ERROR_CONFIGURATION with *problem. */
int pattern_check(const char *pattern, struct source_problem *problem);

/* The part before the first component that has a placeholder: the same for every user. May be
 * empty. */
void pattern_prefix(const char *pattern, char prefix[PATTERN_PATH_BYTES]);

/* Fills in. -ERROR_FIELD_VALUE when a value is not a safe component (empty, "." or "..", with a
 * slash or a NUL), -ERROR_TOO_LONG. */
int pattern_fill(const char *pattern, const struct source_subject *subject,
                 char path[PATTERN_PATH_BYTES]);

#endif
