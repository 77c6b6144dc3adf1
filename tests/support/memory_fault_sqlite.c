// SPDX-License-Identifier: MIT
#include <sqlite3.h>
#include <stdlib.h>

#include "tests/support/memory_fault.h"

static sqlite3_mem_methods real;

static void *allocate(int size_bytes)
{
    return memory_fault_strikes() ? NULL : real.xMalloc(size_bytes);
}

static void *reallocate(void *memory, int size_bytes)
{
    return memory_fault_strikes() ? NULL : real.xRealloc(memory, size_bytes);
}

static void must(int rc)
{
    if (rc != SQLITE_OK)
        abort();
}

void memory_fault_of_sqlite(void)
{
    sqlite3_mem_methods failing;

    must(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real));
    failing = real;
    failing.xMalloc = allocate;
    failing.xRealloc = reallocate;
    must(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing));
    must(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0));
}
