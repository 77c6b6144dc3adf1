// SPDX-License-Identifier: MIT
/* A thread that looks after the bundle directory, so that the control loop never waits for a disk:
 * it removes bundles nobody will publish and the marks of those that are recorded, and sweeps what
 * killed workers left, at its start and from time to time (workers/bundle/leftovers.h). What cannot
 * be removed is logged and left for another sweep. The control loop owns it and makes every call.
 */
#ifndef WORKERS_RUNTIME_SWEEPER_H
#define WORKERS_RUNTIME_SWEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "workers/bundle/identity.h"

#define SWEEPER_PAUSE_MS 10 /* after each found bundle: at most a hundred questions a second */

struct sweeper {
    const char *directory; /* borrowed */
    int64_t interval_ms;
    void *orders;        /* PAIR; readable when something was found */
    void *thread_orders; /* the thread's while it runs */
    pthread_t thread;
    bool is_running;
};

/* -ERROR_IO. The directory is borrowed until sweeper_join. */
int sweeper_start(struct sweeper *sweeper, void *context, const char *directory,
                  int64_t interval_ms);

/* Some time soon: bundle_keep and bundle_remove of workers/bundle/unrecorded.h. */
void sweeper_keep(struct sweeper *sweeper, const struct bundle_identity *bundle);
void sweeper_remove(struct sweeper *sweeper, const struct bundle_identity *bundle);

/* Takes a bundle that a sweep found with a mark, this process's own included, without waiting:
 * true when there was one. */
bool sweeper_found(struct sweeper *sweeper, struct bundle_identity *bundle);

/* Does what it was given before and ends, also in the middle of a sweep. Safe twice. */
void sweeper_join(struct sweeper *sweeper);

#endif
