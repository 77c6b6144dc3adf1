// SPDX-License-Identifier: MIT
/* A configured place that personal data is gathered from. Every kind is one file behind a driver:
 * sqlite.c (rows of an operator's statement) and files.c (a folder of the user).
 *
 * source_open checks the settings against the real thing (opens, prepares), so that a wrong
 * statement or a missing root refuses the start of the worker. After it a source is read-only: any
 * number of threads may gather from it.
 *
 * How a source ends is its outcome:
 *   complete   everything there is was written
 *   empty      there was nothing for this user
 *   truncated  a configured limit was reached, or entries that must not be followed were left out;
 * the attempt goes on failed     it could not be read (to the end); the attempt fails when the
 * source is required. What was written before stays and is counted The reason is the first one of
 * the most severe state. */
#ifndef WORKERS_SOURCES_SOURCE_H
#define WORKERS_SOURCES_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "schemas/base/text.h"
#include "schemas/messages.h"
#include "workers/sources/sink.h"

#define SOURCE_PROBLEM_BYTES 384

enum source_kind { SOURCE_SQLITE, SOURCE_FILES, SOURCE_KIND_COUNT };
enum source_format { SOURCE_JSONL, SOURCE_CSV };

/* One item of "sources" in the configuration; texts are borrowed until source_open returns, and
 * empty when not given. */
struct source_settings {
    struct text name;
    enum source_kind kind;
    bool is_required;
    struct text database;
    struct text statement;
    enum source_format format;
    bool counts_first;
    int64_t busy_timeout_ms;
    struct text root;
    struct text pattern;
    int64_t maximum_rows;
    int64_t maximum_files;
    int64_t maximum_bytes;
};

/* What is wrong with the settings: the key concerned and a sentence. */
struct source_problem {
    const char *key; /* a literal */
    char message[SOURCE_PROBLEM_BYTES];
};

/* Whose data: the profile as the registry has it, ids as lower case text. Borrowed. */
struct source_subject {
    struct text tenant_id;
    struct text user_id;
    struct text user_principal_name;
    struct text home_tenant_id;
};

#define SOURCE_DETAIL_BYTES 256

struct source_outcome {
    enum source_state state;
    enum source_reason reason;
    bool is_retryable; /* of failed: whether another attempt could end differently */
    struct source_counts counts;
    char detail[SOURCE_DETAIL_BYTES]; /* of failed: what the system says of it, for the log; "" when
                                         there is nothing, or when it could have personal data */
};

struct source;

/* The caller owns *source on success. -ERROR_CONFIGURATION with *problem filled in; -ERROR_MEMORY.
 */
int source_open(struct source **source, const struct source_settings *settings,
                struct source_problem *problem);
void source_close(struct source **source);

const char *source_name(const struct source *source);
bool source_is_required(const struct source *source);

/* Gathers everything of one subject into the sink. Returns 0 when the source ended in any of its
 * states; the sink's error; or -ERROR_CANCELLED soon after *stop became other than zero. *outcome
 * is filled in in every case; after an error its state is failed and the reason is for the caller
 * to give. */
int source_gather(const struct source *source, const struct source_subject *subject,
                  const struct sink *sink, const atomic_int *stop, struct source_outcome *outcome);

#endif
