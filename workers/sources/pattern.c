// SPDX-License-Identifier: MIT
#include "workers/sources/pattern.h"

#include <stddef.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "workers/sources/driver.h"

#define COMPONENT_BYTES 255

static const struct placeholder {
    struct text name; /* with its braces */
    size_t offset;    /* in struct source_subject */
    bool names_tenant;
    bool names_user;
} placeholders[] = {
    {{"{tenant_id}", 11}, offsetof(struct source_subject, tenant_id), true, false},
    {{"{user_id}", 9}, offsetof(struct source_subject, user_id), false, true},
    {{"{user_principal_name}", 21},
     offsetof(struct source_subject, user_principal_name),
     false,
     true},
    {{"{home_tenant_id}", 16}, offsetof(struct source_subject, home_tenant_id), false, false},
};

static const struct placeholder *placeholder_at(const char *at)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        if (strncmp(at, placeholders[i].name.data, placeholders[i].name.size_bytes) == 0)
            return &placeholders[i];
    }
    return NULL;
}

/* One component: "", "." and ".." are none; "..." and ".x" are. */
static bool is_component(const char *data, size_t bytes)
{
    if (bytes == 0 || bytes > COMPONENT_BYTES)
        return false;
    if (memchr(data, '/', bytes) || memchr(data, '\0', bytes))
        return false;
    return !(data[0] == '.' && (bytes == 1 || (bytes == 2 && data[1] == '.')));
}

static int check_components(const char *pattern, struct source_problem *problem)
{
    for (const char *at = pattern;; at++) {
        size_t bytes = strcspn(at, "/");

        if (!is_component(at, bytes))
            return source_problem_set(problem, "pattern",
                                      "is not a relative path without empty components, . and ..");
        at += bytes;
        if (*at == '\0')
            return 0;
    }
}

int pattern_check(const char *pattern, struct source_problem *problem)
{
    bool names_tenant = false;
    bool names_user = false;

    for (const char *at = strpbrk(pattern, "{}"); at; at = strpbrk(at, "{}")) {
        const struct placeholder *placeholder = placeholder_at(at);

        if (!placeholder)
            return source_problem_set(problem, "pattern",
                                      "has a brace that is not {tenant_id}, {user_id}, "
                                      "{user_principal_name} or {home_tenant_id}");
        names_tenant |= placeholder->names_tenant;
        names_user |= placeholder->names_user;
        at += placeholder->name.size_bytes;
    }
    if (!names_tenant)
        return source_problem_set(problem, "pattern",
                                  "has no {tenant_id}, so it could give another tenant's files");
    if (!names_user)
        return source_problem_set(
            problem, "pattern",
            "has neither {user_id} nor {user_principal_name}, so it could give "
            "another user's files");
    return check_components(pattern, problem);
}

void pattern_prefix(const char *pattern, char prefix[PATTERN_PATH_BYTES])
{
    size_t bytes = strcspn(pattern, "{");

    while (bytes > 0 && pattern[bytes - 1] != '/')
        bytes--;
    if (bytes > 0)
        bytes--;
    memcpy(prefix, pattern, bytes);
    prefix[bytes] = '\0';
}

int pattern_fill(const char *pattern, const struct source_subject *subject,
                 char path[PATTERN_PATH_BYTES])
{
    size_t used = 0;

    while (*pattern) {
        const struct placeholder *placeholder = placeholder_at(pattern);
        struct text piece = {pattern, 1};

        if (placeholder) {
            memcpy(&piece, (const char *)subject + placeholder->offset, sizeof(piece));
            if (!is_component(piece.data, piece.size_bytes))
                return -ERROR_FIELD_VALUE;
        }
        if (used + piece.size_bytes >= PATTERN_PATH_BYTES)
            return -ERROR_TOO_LONG;
        memcpy(path + used, piece.data, piece.size_bytes);
        used += piece.size_bytes;
        pattern += placeholder ? placeholder->name.size_bytes : 1;
    }
    path[used] = '\0';
    return 0;
}
