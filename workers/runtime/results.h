// SPDX-License-Identifier: MIT
/* Results the daemon has not recorded yet: they are repeated until it has, or until their fence is
 * superseded. Also remembers the fences that ended last, so that an offer that comes twice is not
 * run twice. Bounded. */
#ifndef WORKERS_RUNTIME_RESULTS_H
#define WORKERS_RUNTIME_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/clock.h"
#include "workers/bundle/identity.h"

#define RESULTS_MAXIMUM  256
#define RESULTS_REMEMBER 1024

struct result {
    int64_t fence;
    void *report; /* encoded */
    size_t report_bytes;
    bool has_bundle;
    struct bundle_identity bundle;
    struct mono repeat; /* when to send it (again) */
};

struct results {
    size_t count;
    struct result items[RESULTS_MAXIMUM];
    size_t ended_count; /* ever */
    int64_t ended[RESULTS_REMEMBER];
};

void results_release(struct results *results);

bool results_are_full(const struct results *results);

/* Keeps copies of the report and of what the bundle is, which is NULL when there is none.
 * -ERROR_MEMORY, -ERROR_TOO_MANY. */
int results_add(struct results *results, int64_t fence, const void *report, size_t report_bytes,
                const struct bundle_identity *bundle, struct mono now);

/* The result of a fence, borrowed until the next call that changes results, or NULL. */
struct result *results_find(struct results *results, int64_t fence);

void results_remove(struct results *results, struct result *result);

/* Whether a fence is among those that ended last. */
void results_add_ended(struct results *results, int64_t fence);
bool results_have_ended(const struct results *results, int64_t fence);

#endif
