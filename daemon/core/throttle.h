// SPDX-License-Identifier: MIT
/* How many lines of a sort may be written, so that a peer who is refused again and again does not
 * fill the disk, and how many were left out, so that the count of refusals stays true. A sort is an
 * event, an error and an identity; each has LIMIT_REFUSAL_LINES at once and
 * LIMIT_REFUSAL_LINES_A_SECOND from then on. Sorts are bounded too: while all places are taken by
 * sorts that were seen not long ago, others of the same event share one place. Pure. */
#ifndef DAEMON_CORE_THROTTLE_H
#define DAEMON_CORE_THROTTLE_H

#include "schemas/base/clock.h"
#include "schemas/base/text.h"

#define THROTTLE_IDENTITY_BUFFER 64

enum throttled { THROTTLED_REFUSED, THROTTLED_REPORT_REFUSED, THROTTLED_COUNT };

struct throttle_sort {
    enum throttled event;
    int error;                               /* 0: of sorts that share a place */
    char identity[THROTTLE_IDENTITY_BUFFER]; /* "": likewise, or a longer name */
};

struct throttle;

int throttle_new(struct throttle **throttle); /* -ERROR_MEMORY */
void throttle_destroy(struct throttle **throttle);

/* Whether a line of this sort may be written now; if not, it is counted. */
bool throttle_allows(struct throttle *throttle, enum throttled event, int error,
                     struct text identity, struct mono now);

/* Takes the number of lines that were left out of one sort since it was taken last; false when
 * there are none. */
bool throttle_take(struct throttle *throttle, struct throttle_sort *sort, uint64_t *suppressed);

#endif
