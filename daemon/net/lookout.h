// SPDX-License-Identifier: MIT
/* Waiting for messages. Going to sleep and being woken costs about 30 us, a good part of what a
 * lone caller waits for: while messages follow one another within that time, they are looked for
 * instead, giving way to whoever else wants the processor. Where they do not, nothing is burnt. */
#ifndef DAEMON_NET_LOOKOUT_H
#define DAEMON_NET_LOOKOUT_H

#include <zmq.h>

#define LOOKOUT_ITEMS 96 /* the most of one wait */

struct lookout {
    int eagerness; /* above 0: it has been worth looking */
};

/* As zmq_poll, but that events are not told, and that it may return when there is nothing. */
int lookout_wait(struct lookout *lookout, zmq_pollitem_t *items, int count, int timeout_ms);

#endif
