// SPDX-License-Identifier: MIT
/* SQLite runs out of memory on purpose. For one thread. */
#ifndef TESTS_SUPPORT_MEMORY_FAULT_H
#define TESTS_SUPPORT_MEMORY_FAULT_H

#include <stdbool.h>

/* Before the first use of SQLite in the process: its allocator is one that can fail, and each of
 * its allocations is one of it. Aborts when SQLite is in use already. */
void memory_fault_of_sqlite(void);

/* The number-th allocation from now on fails, and no other; 0: none does. */
void memory_fault_at(int number);

/* Whether that allocation was asked for. */
bool memory_fault_struck(void);

#endif
