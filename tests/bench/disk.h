// SPDX-License-Identifier: MIT
/* What one durable write costs here at the least: write and fdatasync of 512 bytes, one after
 * another, into a file that grows or into one that has been written before. */
#ifndef TESTS_BENCH_DISK_H
#define TESTS_BENCH_DISK_H

#include <stdbool.h>

#include "tests/bench/measure.h"

/* In a file that is made in the directory and removed. The value is syncs a second. */
struct measurement disk_measure(const char *directory, bool is_written_before, unsigned syncs);

#endif
