// SPDX-License-Identifier: MIT
/* What one kind of source is, for source.c and the kinds themselves. */
#ifndef WORKERS_SOURCES_DRIVER_H
#define WORKERS_SOURCES_DRIVER_H

#include "workers/sources/source.h"

/* One gathering: what source_gather was given. */
struct gathering {
    const struct source_subject *subject;
    const struct sink *sink;
    const atomic_int *stop;
    struct source_outcome *outcome; /* starts as complete, with nothing counted */
};

struct source_driver {
    /* Keeps what it needs of the settings in *state. -ERROR_CONFIGURATION with *problem,
     * -ERROR_MEMORY. */
    int (*open)(const struct source_settings *settings, void **state,
                struct source_problem *problem);
    void (*close)(void *state); /* safe on NULL */
    int (*gather)(const void *state, const struct gathering *gathering);
};

extern const struct source_driver source_driver_sqlite;
extern const struct source_driver source_driver_files;

static inline bool gathering_is_stopped(const struct gathering *gathering)
{
    return atomic_load_explicit(gathering->stop, memory_order_relaxed) != 0;
}

/* Fills *problem in and returns -ERROR_CONFIGURATION. key is a literal. */
int source_problem_set(struct source_problem *problem, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A terminated copy of a text, or NULL when there is no memory. The caller frees it. */
char *source_copy(struct text t);

/* The outcome gets worse, never better: complete, truncated, failed. The first reason of a state
 * stays. */
void outcome_truncate(struct source_outcome *outcome, enum source_reason reason);
void outcome_fail(struct source_outcome *outcome, enum source_reason reason, bool is_retryable);

#endif
