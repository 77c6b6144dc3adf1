// SPDX-License-Identifier: MIT
/* The calls that allocate. glibc's own names are called behind them: looking a name up allocates.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/faults/fault.h"

extern void *__libc_malloc(size_t size_bytes);
extern void *__libc_calloc(size_t count, size_t size_bytes);
extern void *__libc_realloc(void *memory, size_t size_bytes);
extern void *__libc_memalign(size_t alignment, size_t size_bytes);

void *malloc(size_t size_bytes)
{
    return fault_fails(FAULT_MEMORY) ? NULL : __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes)
{
    return fault_fails(FAULT_MEMORY) ? NULL : __libc_calloc(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    return fault_fails(FAULT_MEMORY) ? NULL : __libc_realloc(memory, size_bytes);
}

void *reallocarray(void *memory, size_t count, size_t size_bytes)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size_bytes, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t size_bytes)
{
    void *allocated;

    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    allocated = fault_strike(FAULT_MEMORY) > 0 ? NULL : __libc_memalign(alignment, size_bytes);
    if (!allocated)
        return ENOMEM;
    *memory = allocated;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    return fault_fails(FAULT_MEMORY) ? NULL : __libc_memalign(alignment, size_bytes);
}
