// SPDX-License-Identifier: MIT
/* The virtual clocks, and what else the system tells the product: the linker leads mono_now,
 * wall_now, getrandom, statvfs and the store's reserve here (--wrap). Monotonic time goes on by the
 * agenda only; wall time may jump. One thread. */
#ifndef TESTS_SIMULATION_CLOCK_H
#define TESTS_SIMULATION_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void clock_reset(void);
int64_t clock_now_ms(void); /* monotonic; from 1,000,000 at the start of a seed */
void clock_set_ms(int64_t now_ms);

/* Wall time is the monotonic one and an offset. */
int64_t clock_wall_ms(void);
void clock_jump_ms(int64_t by_ms);
void clock_right(void); /* wall time as it would be without jumps */

/* What statvfs says. */
void clock_disk_is_low(bool is_low);

#endif
