// SPDX-License-Identifier: MIT
/* What happens, a line an event: virtual time, who, what; ids and kinds only. The product's log
 * lines end here too (--wrap=log_line). A digest of all lines is kept even when none is printed.
 * One thread. */
#ifndef TESTS_SIMULATION_TRACE_H
#define TESTS_SIMULATION_TRACE_H

#include <stdbool.h>
#include <stdint.h>

void trace_print(bool is_printing);
void trace_reset(void);

void trace_line(const char *who, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Of every line since the reset; the same seed gives the same digest. Costs time: only counted when
 * asked for. */
void trace_count_digest(bool is_counting);
uint64_t trace_digest(void);

#endif
