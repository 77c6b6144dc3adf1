// SPDX-License-Identifier: MIT
/* A sink that keeps what a source gives, and can do something in the middle of it. One thread. */
#ifndef TESTS_UNIT_WORKERS_SOURCES_RECORDING_H
#define TESTS_UNIT_WORKERS_SOURCES_RECORDING_H

#include "workers/sources/source.h"

struct recorded_entry {
    char *name;
    char *data;
    size_t size_bytes;
    bool is_ended;
};

struct recording {
    struct recorded_entry *entries;
    size_t count;
    double last_share;
    size_t progress_calls;
    int write_error;              /* what the next write returns, when not 0 */
    bool keeps_data;              /* false: only sizes */
    void (*on_write)(void *hook); /* before each write, or NULL */
    void (*on_progress)(void *hook);
    void *hook;
};

extern const struct sink_functions recording_functions;

void recording_release(struct recording *recording);

/* The entry of a name, or NULL. */
const struct recorded_entry *recording_find(const struct recording *recording, const char *name);

/* Gathers into a fresh recording (its hooks stay) with a stop flag that is not set. */
int recording_gather(struct recording *recording, const struct source *source,
                     const struct source_subject *subject, struct source_outcome *outcome);

/* Tenant 1's user 1, of example.org. */
extern const struct source_subject somebody;

#endif
