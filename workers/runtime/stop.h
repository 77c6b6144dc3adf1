// SPDX-License-Identifier: MIT
/* Why an attempt is to stop: the value of a slot's stop flag. The control loop sets it, the
 * gathering thread obeys. */
#ifndef WORKERS_RUNTIME_STOP_H
#define WORKERS_RUNTIME_STOP_H

enum stop_reason {
    STOP_NONE,
    STOP_SUPERSEDED, /* its fence counts no more: no report, no file */
    STOP_TIME_LIMIT,
    STOP_WORKER, /* the process ends */
};

#endif
