// SPDX-License-Identifier: MIT
/* The linker gives these to whoever calls malloc, calloc or realloc in the program's own objects.
 */
#include <stdlib.h>

#include "tests/support/memory_fault.h"

void *__real_malloc(size_t size_bytes);
void *__real_calloc(size_t count, size_t size_bytes);
void *__real_realloc(void *memory, size_t size_bytes);
void *__wrap_malloc(size_t size_bytes);
void *__wrap_calloc(size_t count, size_t size_bytes);
void *__wrap_realloc(void *memory, size_t size_bytes);

void *__wrap_malloc(size_t size_bytes)
{
    return memory_fault_strikes() ? NULL : __real_malloc(size_bytes);
}

void *__wrap_calloc(size_t count, size_t size_bytes)
{
    return memory_fault_strikes() ? NULL : __real_calloc(count, size_bytes);
}

void *__wrap_realloc(void *memory, size_t size_bytes)
{
    return memory_fault_strikes() ? NULL : __real_realloc(memory, size_bytes);
}
