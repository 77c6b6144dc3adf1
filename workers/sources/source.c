// SPDX-License-Identifier: MIT
#include "workers/sources/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "workers/sources/driver.h"

static const struct source_driver *const drivers[SOURCE_KIND_COUNT] = {
    [SOURCE_SQLITE] = &source_driver_sqlite,
    [SOURCE_FILES] = &source_driver_files,
};

struct source {
    const struct source_driver *driver;
    char *name;
    bool is_required;
    void *state; /* the driver's */
};

int source_problem_set(struct source_problem *problem, const char *key, const char *format, ...)
{
    va_list arguments;

    problem->key = key;
    va_start(arguments, format);
    vsnprintf(problem->message, sizeof(problem->message), format, arguments);
    va_end(arguments);
    return -ERROR_CONFIGURATION;
}

char *source_copy(struct text t)
{
    return t.size_bytes ? strndup(t.data, t.size_bytes) : strdup("");
}

void outcome_truncate(struct source_outcome *outcome, enum source_reason reason)
{
    if (outcome->state == SOURCE_STATE_COMPLETE) {
        outcome->state = SOURCE_STATE_TRUNCATED;
        outcome->reason = reason;
    }
}

void outcome_fail(struct source_outcome *outcome, enum source_reason reason, bool is_retryable)
{
    if (outcome->state != SOURCE_STATE_FAILED) {
        outcome->state = SOURCE_STATE_FAILED;
        outcome->reason = reason;
        outcome->is_retryable = is_retryable;
    }
}

int source_open(struct source **source, const struct source_settings *settings,
                struct source_problem *problem)
{
    struct source *made = calloc(1, sizeof(*made));
    int rc = -ERROR_MEMORY;

    if (!made)
        return rc;
    made->driver = drivers[settings->kind];
    made->is_required = settings->is_required;
    made->name = source_copy(settings->name);
    if (made->name)
        rc = made->driver->open(settings, &made->state, problem);
    if (rc) {
        source_close(&made);
        return rc;
    }
    *source = made;
    return 0;
}

void source_close(struct source **source)
{
    struct source *closed = *source;

    if (!closed)
        return;
    closed->driver->close(closed->state);
    free(closed->name);
    free(closed);
    *source = NULL;
}

const char *source_name(const struct source *source)
{
    return source->name;
}

bool source_is_required(const struct source *source)
{
    return source->is_required;
}

int source_gather(const struct source *source, const struct source_subject *subject,
                  const struct sink *sink, const atomic_int *stop, struct source_outcome *outcome)
{
    struct gathering gathering = {subject, sink, stop, outcome};

    *outcome = (struct source_outcome){
        .state = SOURCE_STATE_COMPLETE,
        .reason = SOURCE_REASON_NONE,
    };
    int rc = source->driver->gather(source->state, &gathering);
    if (rc) {
        outcome->state = SOURCE_STATE_FAILED;
        outcome->reason = SOURCE_REASON_INTERNAL_ERROR;
    } else if (outcome->state == SOURCE_STATE_COMPLETE && outcome->counts.rows == 0 &&
               outcome->counts.files == 0) {
        outcome->state = SOURCE_STATE_EMPTY;
        outcome->reason = SOURCE_REASON_NOTHING_THERE;
    }
    return rc;
}
