// SPDX-License-Identifier: MIT
#include "tests/support/memory_fault.h"

#include <sqlite3.h>
#include <stdlib.h>

static sqlite3_mem_methods real;
static int left; /* allocations until the one that fails; 0: none does */
static bool has_struck;

static bool strikes(void)
{
    if (left == 0 || --left > 0)
        return false;
    has_struck = true;
    return true;
}

static void *allocate(int size_bytes)
{
    return strikes() ? NULL : real.xMalloc(size_bytes);
}

static void *reallocate(void *memory, int size_bytes)
{
    return strikes() ? NULL : real.xRealloc(memory, size_bytes);
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

void memory_fault_at(int number)
{
    left = number;
    has_struck = false;
}

bool memory_fault_struck(void)
{
    return has_struck;
}
