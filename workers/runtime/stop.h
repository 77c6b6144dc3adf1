// SPDX-License-Identifier: MIT
/* Why an attempt is to stop: the value of a slot's stop flag. The control loop sets it, the
 * gathering thread obeys. */
#ifndef WORKERS_RUNTIME_STOP_H
#define WORKERS_RUNTIME_STOP_H

#include <stdbool.h>

enum stop_reason {
    STOP_NONE,
    STOP_TIME_LIMIT,
    STOP_WORKER,     /* the process ends */
    STOP_SUPERSEDED, /* its fence counts no more */
    STOP_CANCELLED,  /* its operation was cancelled */
};

/* Whether nothing may be left of it: no report, no file. */
static inline bool stop_leaves_nothing(int reason)
{
    return reason == STOP_SUPERSEDED || reason == STOP_CANCELLED;
}

#endif
