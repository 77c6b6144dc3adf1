// SPDX-License-Identifier: MIT
/* The regular expressions that schemas may use as "pattern", each with the function that checks it
 * and with the words for errors. The schema compiler refuses any other. */
#ifndef SCHEMAS_CODEC_PATTERNS_H
#define SCHEMAS_CODEC_PATTERNS_H

#include "schemas/base/text.h"

struct pattern {
    const char *pattern;  /* exactly as in the schema */
    const char *function; /* the name of matches, for generated code */
    const char *words;    /* completes "a string of …" */
    bool (*matches)(struct text t);
};

/* Ends with a row of NULLs. */
extern const struct pattern pattern_table[];

/* The row of a pattern, or NULL. */
const struct pattern *pattern_find(struct text pattern);

bool pattern_printable(struct text t);
bool pattern_place(struct text t);
bool pattern_sha256(struct text t);
bool pattern_request_id(struct text t);
bool pattern_alphanumeric(struct text t);
bool pattern_worker_name(struct text t);
bool pattern_base64url(struct text t);
bool pattern_token_id(struct text t);
bool pattern_source_name(struct text t);

#endif
