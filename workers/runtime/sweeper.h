// SPDX-License-Identifier: MIT
/* A thread that removes bundles nobody will publish, so that the control loop never waits for a
 * disk. What cannot be removed is logged and left. The control loop owns it. */
#ifndef WORKERS_RUNTIME_SWEEPER_H
#define WORKERS_RUNTIME_SWEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sweeper {
    void *paths;        /* PAIR */
    void *thread_paths; /* the thread's while it runs */
    pthread_t thread;
    bool is_running;
};

int sweeper_start(struct sweeper *sweeper, void *context); /* -ERROR_IO */

/* Removes a file, some time soon. The fence is for the log. */
void sweeper_remove(struct sweeper *sweeper, const char *path, int64_t fence);

/* Removes what it was given before and ends. Safe twice. */
void sweeper_join(struct sweeper *sweeper);

#endif
