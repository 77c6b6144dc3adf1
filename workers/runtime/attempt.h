// SPDX-License-Identifier: MIT
/* One attempt at one operation: the profile from the registry, every source in order into the
 * bundle, the bundle published if the registry still has the profile, and the report about it. Runs
 * in a gathering thread; takes as long as it takes, but ends soon after its stop flag is set.
 * Memory does not grow with the profile. */
#ifndef WORKERS_RUNTIME_ATTEMPT_H
#define WORKERS_RUNTIME_ATTEMPT_H

#include "workers/bundle/bundle.h"
#include "workers/runtime/settings.h"

/* Written by the gathering thread, read by the control loop. */
struct attempt_progress {
    _Atomic int64_t rows;
    _Atomic int64_t bytes;
    atomic_int hundredths; /* of a percent */
};

struct attempt_order {
    struct job job;
    struct wall now; /* when the gathering begins */
};

/* How it ended. */
struct attempt_end {
    bool is_done;
    enum failure_code code; /* unless it is done */
    bool is_retryable;
    int64_t bytes; /* of the bundle */
};

/* *report gets the encoded done.report or failed.report; it stays empty for a superseded or
 * cancelled attempt, and when there is no memory for it. Everything is borrowed. */
void attempt_run(const struct settings *settings, const struct attempt_order *order,
                 const atomic_int *stop, struct attempt_progress *progress, struct attempt_end *end,
                 struct wire_output *report);

#endif
