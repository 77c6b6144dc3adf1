// SPDX-License-Identifier: MIT
#include "schemas/base/supervisor.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#define MICROSECONDS_PER_MS 1000

/* A third of the time allowed: one sign that is late by a slow turn is no missing one. */
#define SIGNS_PER_TIMEOUT 3

void supervisor_init(struct supervisor *supervisor)
{
    uint64_t timeout_us = 0;

    *supervisor = (struct supervisor){0};
    if (sd_watchdog_enabled(0, &timeout_us) > 0) {
        supervisor->interval_ms =
            (int64_t)(timeout_us / MICROSECONDS_PER_MS / SIGNS_PER_TIMEOUT) + 1;
    }
}

/* Whether anybody listens is no concern of the program: it serves all the same. */
void supervisor_tell_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void supervisor_tell_reloading(void)
{
    (void)sd_notify(0, "RELOADING=1");
}

void supervisor_tell_stopping(int64_t patience_ms)
{
    if (patience_ms == 0) {
        (void)sd_notify(0, "STOPPING=1");
        return;
    }
    (void)sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64,
                     patience_ms * MICROSECONDS_PER_MS);
}

void supervisor_turn(struct supervisor *supervisor, struct mono now)
{
    if (supervisor->interval_ms == 0 || now.ms < supervisor->due.ms) {
        return;
    }
    supervisor->due.ms = now.ms + supervisor->interval_ms;
    (void)sd_notify(0, "WATCHDOG=1");
}

int supervisor_wait_ms(const struct supervisor *supervisor, struct mono now, int wait_ms)
{
    int64_t left_ms = supervisor->due.ms > now.ms ? supervisor->due.ms - now.ms : 0;

    if (supervisor->interval_ms == 0 || (wait_ms >= 0 && wait_ms < left_ms)) {
        return wait_ms;
    }
    return (int)left_ms;
}
