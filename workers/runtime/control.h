// SPDX-License-Identifier: MIT
/* The control loop: one thread that reads jobs, notices, signals and the slots' ends as they come,
 * and never waits for anything else. Everything that may take time is done in the slots. */
#ifndef WORKERS_RUNTIME_CONTROL_H
#define WORKERS_RUNTIME_CONTROL_H

#include "workers/runtime/settings.h"

/* Serves until SIGTERM or SIGINT, which must be blocked in the calling thread. Returns 0 after a
 * clean stop, or -ERROR_x after it logged why it could not go on. */
int control_run(const struct settings *settings);

#endif
