// SPDX-License-Identifier: MIT
/* Two clocks that must not be mixed, hence two types. Only a process's loop reads them; everything
 * else is told what time it is. */
#ifndef SCHEMAS_BASE_CLOCK_H
#define SCHEMAS_BASE_CLOCK_H

#include "schemas/base/text.h"

/* Time since boot, suspension included (CLOCK_BOOTTIME): for leases, deadlines and time-outs. */
struct mono {
    int64_t ms;
};

/* Unix time: for what people and other systems read. It may jump. */
struct wall {
    int64_t ms;
};

struct mono mono_now(void);
struct wall wall_now(void);

#define DATE_TIME_BUFFER 32

/* Writes RFC 3339 in UTC with milliseconds, as 2026-11-23T08:15:30.250Z, and returns the buffer.
 * Times outside the years 0000 to 9999 are written as the nearest end. */
char *date_time_format(struct wall time, char buffer[DATE_TIME_BUFFER]);

/* Reads RFC 3339 with Z or a numeric offset and up to nine digits of fraction (cut to
 * milliseconds); -ERROR_MALFORMED for anything else. */
int date_time_parse(struct text t, struct wall *time);

#endif
