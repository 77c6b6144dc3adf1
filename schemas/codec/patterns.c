// SPDX-License-Identifier: MIT
#include "schemas/codec/patterns.h"

#include <string.h>

#define LOWER        1u
#define UPPER        2u
#define DIGIT        4u
#define HEXADECIMAL  8u /* in lower case */
#define PRINTABLE    16u
#define UNDERSCORE   32u
#define DASH         64u
#define DOT          128u
#define COLON        256u
#define ALPHANUMERIC (LOWER | UPPER | DIGIT)

static unsigned class_of(char c)
{
    unsigned class = c >= '!' && c <= '~' ? PRINTABLE : 0;

    if (c >= 'a' && c <= 'z') {
        return class | LOWER | (c <= 'f' ? HEXADECIMAL : 0);
    }
    if (c >= 'A' && c <= 'Z') {
        return class | UPPER;
    }
    if (c >= '0' && c <= '9') {
        return class | DIGIT | HEXADECIMAL;
    }
    return class | (c == '_' ? UNDERSCORE : 0) | (c == '-' ? DASH : 0) | (c == '.' ? DOT : 0) |
           (c == ':' ? COLON : 0);
}

/* At least one character, the first and all others of these classes. */
static bool consists_of(struct text t, unsigned first, unsigned rest)
{
    if (t.size_bytes == 0 || (class_of(t.data[0]) & first) == 0) {
        return false;
    }
    for (uint32_t i = 1; i < t.size_bytes; i++) {
        if ((class_of(t.data[i]) & rest) == 0) {
            return false;
        }
    }
    return true;
}

bool pattern_printable(struct text t)
{
    return consists_of(t, PRINTABLE, PRINTABLE);
}

/* What goes behind this names the last part of a path, for there is no query. */
bool pattern_place(struct text t)
{
    return pattern_printable(t) && !memchr(t.data, '?', t.size_bytes) &&
           !memchr(t.data, '#', t.size_bytes);
}

bool pattern_sha256(struct text t)
{
    return t.size_bytes == 64 && consists_of(t, HEXADECIMAL, HEXADECIMAL);
}

bool pattern_request_id(struct text t)
{
    unsigned classes = ALPHANUMERIC | DOT | UNDERSCORE | COLON | DASH;

    return consists_of(t, classes, classes);
}

bool pattern_alphanumeric(struct text t)
{
    return consists_of(t, ALPHANUMERIC, ALPHANUMERIC);
}

bool pattern_worker_name(struct text t)
{
    return consists_of(t, ALPHANUMERIC, ALPHANUMERIC | DOT | UNDERSCORE | DASH);
}

bool pattern_base64url(struct text t)
{
    unsigned classes = ALPHANUMERIC | UNDERSCORE | DASH;

    return consists_of(t, classes, classes);
}

bool pattern_token_id(struct text t)
{
    unsigned classes = ALPHANUMERIC | DOT | UNDERSCORE | DASH;

    return consists_of(t, classes, classes);
}

bool pattern_source_name(struct text t)
{
    return consists_of(t, LOWER | DIGIT, LOWER | DIGIT | UNDERSCORE | DASH);
}

const struct pattern pattern_table[] = {
    {"^[!-~]+$", "pattern_printable", "printable ASCII without spaces", pattern_printable},
    {"^[!\"$->@-~]+$", "pattern_place", "printable ASCII without spaces, ? and #", pattern_place},
    {"^[0-9a-f]{64}$", "pattern_sha256", "lower case hexadecimal digits", pattern_sha256},
    {"^[A-Za-z0-9._:-]+$", "pattern_request_id", "letters, digits and . _ : -", pattern_request_id},
    {"^[A-Za-z0-9]+$", "pattern_alphanumeric", "letters and digits", pattern_alphanumeric},
    {"^[A-Za-z0-9][A-Za-z0-9._-]*$", "pattern_worker_name",
     "letters, digits and . _ - that starts with a letter or digit", pattern_worker_name},
    {"^[A-Za-z0-9_-]+$", "pattern_base64url", "letters, digits and _ -", pattern_base64url},
    {"^[A-Za-z0-9._-]+$", "pattern_token_id", "letters, digits and . _ -", pattern_token_id},
    {"^[a-z0-9][a-z0-9_-]*$", "pattern_source_name",
     "lower case letters, digits and _ - that starts with a letter or digit", pattern_source_name},
    {NULL, NULL, NULL, NULL},
};

const struct pattern *pattern_find(struct text pattern)
{
    for (const struct pattern *row = pattern_table; row->pattern; row++) {
        if (text_equal(text_of(row->pattern), pattern)) {
            return row;
        }
    }
    return NULL;
}
