// SPDX-License-Identifier: MIT
/* What a program tells the service manager that started it (sd_notify(3)): that it serves, that it
 * reloads or stops, and, for the watchdog, that its turns go on. Without a NOTIFY_SOCKET in the
 * environment nothing is told and nothing fails. One thread.
 *
 * The watchdog is fed by turns that came to their end, never by a timer: a program that hangs is
 * not alive because a timer of its own still fires. */
#ifndef SCHEMAS_BASE_SUPERVISOR_H
#define SCHEMAS_BASE_SUPERVISOR_H

#include "schemas/base/clock.h"

struct supervisor {
    int64_t interval_ms; /* between two signs of life; 0: nobody waits for them */
    struct mono due;     /* the next one */
};

/* Reads what the environment asks for (WATCHDOG_USEC, WATCHDOG_PID). */
void supervisor_init(struct supervisor *supervisor);

void supervisor_tell_ready(void); /* at the start, and again after a reload */
void supervisor_tell_reloading(void);

/* The program will have ended patience_ms from now; the service manager's stop timeout is extended
 * to that when it is shorter. 0 leaves it alone. */
void supervisor_tell_stopping(int64_t patience_ms);

/* After each turn; tells it when it is time to. */
void supervisor_turn(struct supervisor *supervisor, struct mono now);

/* The wait for the next turn, shortened so that the next sign of life is not late. */
int supervisor_wait_ms(const struct supervisor *supervisor, struct mono now, int wait_ms);

#endif
