// SPDX-License-Identifier: MIT
/* Bundles of killed workers that the daemon was asked about and has not answered yet. Bounded: the
 * oldest are forgotten, and asked about again when the next sweep finds them. The control loop's.
 *
 * A notice names a fence only, so of two bundles with one fence (of two stores that share a bundle
 * directory) only the first is asked about. */
#ifndef WORKERS_RUNTIME_FOUND_H
#define WORKERS_RUNTIME_FOUND_H

#include <stddef.h>

#include "workers/bundle/identity.h"

#define FOUND_MAXIMUM 1024

struct found {
    size_t next;
    struct bundle_identity bundles[FOUND_MAXIMUM]; /* fence 0: none */
};

/* Whether it may be asked about. */
bool found_add(struct found *found, const struct bundle_identity *bundle);

/* Takes the bundle of a fence out; false when there is none. */
bool found_take(struct found *found, int64_t fence, struct bundle_identity *bundle);

#endif
