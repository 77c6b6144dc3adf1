// SPDX-License-Identifier: MIT
/* Where a source puts what it gathers: a table of functions, so that sources know nothing of
 * bundles.
 *
 * A source begins a file, writes its bytes, ends it, and begins the next; never two at once. The
 * name is what the source calls the file: a relative path of any bytes, to be made safe by the
 * sink. Functions return 0 or a negative error; after an error the source calls nothing more and
 * returns that error from source_gather. One thread. */
#ifndef WORKERS_SOURCES_SINK_H
#define WORKERS_SOURCES_SINK_H

#include <stddef.h>
#include <stdint.h>

/* What one source gave so far. */
struct source_counts {
    int64_t rows;
    int64_t files;
    int64_t bytes; /* uncompressed */
};

struct sink_functions {
    int (*entry_begin)(void *context, const char *name);
    int (*write)(void *context, const void *bytes, size_t size_bytes);
    int (*entry_end)(void *context);

    /* How far the source is: what it gave and its share done, 0 to 1. Called often; must be cheap.
     */
    void (*progress)(void *context, const struct source_counts *counts, double share);
};

struct sink {
    const struct sink_functions *functions;
    void *context; /* borrowed */
};

#endif
