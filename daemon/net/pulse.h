// SPDX-License-Identifier: MIT
/* A beat for each so much processor time that the process has used, whichever of its threads used
 * it: a process that idles is not woken, and one that a peer keeps busy behind the back of the
 * thread that waits looks up in time. Belongs to the thread that opened it, in which it blocks
 * SIGPROF. */
#ifndef DAEMON_NET_PULSE_H
#define DAEMON_NET_PULSE_H

#include <stdbool.h>
#include <time.h>

struct pulse {
    int descriptor; /* readable after a beat; -1: not open */
    timer_t timer;
};

/* Beats after each used_ms. -ERROR_IO with errno. */
int pulse_open(struct pulse *pulse, int used_ms);
void pulse_close(struct pulse *pulse); /* safe twice */

/* Whether there was a beat since the last call. */
bool pulse_take(struct pulse *pulse);

#endif
