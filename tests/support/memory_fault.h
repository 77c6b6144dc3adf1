// SPDX-License-Identifier: MIT
/* Memory runs out on purpose. For one thread.
 *
 * Which memory: that of SQLite, after memory_fault_of_sqlite; and in a program that links
 * test_support_memory_fault_malloc, whatever its own objects take with malloc, calloc and realloc,
 * thus also what libraries take by functions of ours (memory_watch.h), and that of libcrypto
 * after memory_fault_of_libcrypto. */
#ifndef TESTS_SUPPORT_MEMORY_FAULT_H
#define TESTS_SUPPORT_MEMORY_FAULT_H

#include <stdbool.h>

/* Before the first use of SQLite in the process: its allocator is one that can fail, and each of
 * its allocations is one of it. Aborts when SQLite is in use already. */
void memory_fault_of_sqlite(void);

/* Likewise for libcrypto, in a program that links test_support_memory_fault_malloc: it takes its
 * memory with malloc and realloc of ours. Aborts when it is in use already. */
void memory_fault_of_libcrypto(void);

/* The number-th allocation from now on fails, and no other; 0: none does. */
void memory_fault_at(int number);

/* The same, and each one after it. */
void memory_fault_from(int number);

/* The number to let fail after this one, for tests that let each fail in turn: the next. Where
 * EXPORTD_TEST_PERCENT says less than a hundred some are left out beyond the first 64: a sanitizer
 * makes each try ten times as long. */
int memory_fault_next(int number);

/* Whether that allocation was asked for. */
bool memory_fault_struck(void);

/* For allocators: whether the one that is asked for now fails. */
bool memory_fault_strikes(void);

#endif
