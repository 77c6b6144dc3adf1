// SPDX-License-Identifier: MIT
#include "schemas/base/memory_watch.h"

#include <stdlib.h>

static _Thread_local bool has_run_out;

static void *watched(void *memory)
{
    has_run_out = has_run_out || !memory;
    return memory;
}

void *memory_watch_allocate(size_t size_bytes)
{
    return watched(malloc(size_bytes));
}

void *memory_watch_reallocate(void *memory, size_t size_bytes)
{
    return watched(realloc(memory, size_bytes));
}

void memory_watch_begin(void)
{
    has_run_out = false;
}

bool memory_watch_has_run_out(void)
{
    return has_run_out;
}
