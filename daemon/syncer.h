// SPDX-License-Identifier: MIT
/* Has the store's log synchronized, by a thread of its own while the daemon goes on: a disk takes
 * longer for that than the daemon for many requests. One sync at a time. Used by one thread. */
#ifndef DAEMON_SYNCER_H
#define DAEMON_SYNCER_H

#include <stdbool.h>

struct store;
struct syncer;

/* Starts the thread; signals that are blocked by the caller are by it. -ERROR_MEMORY, with errno.
 * The store must outlive it. */
int syncer_open(struct syncer **syncer, struct store *store);

/* Waits for a sync that is under way. Safe with NULL and twice. */
void syncer_close(struct syncer **syncer);

/* Begins a sync of what store_write wrote. With nobody_waits nothing else is to be done meanwhile:
 * it may then be over at once, without the thread. */
int syncer_begin(struct syncer *syncer, bool nobody_waits);

bool syncer_is_under_way(const struct syncer *syncer); /* begun and not ended by syncer_end */
bool syncer_is_over(const struct syncer *syncer);      /* syncer_end does not wait */

/* Waits for the end of what was begun, and tells the store; what store_synchronized returns. */
int syncer_end(struct syncer *syncer);

/* Readable when a sync that is under way is over. */
int syncer_descriptor(const struct syncer *syncer);

#endif
