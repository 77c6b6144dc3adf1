// SPDX-License-Identifier: MIT
#include <openssl/crypto.h>
#include <stdlib.h>

#include "tests/support/memory_fault.h"

static void *allocate(size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size_bytes);
}

static void *reallocate(void *memory, size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(memory, size_bytes);
}

static void release(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

void memory_fault_of_libcrypto(void)
{
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1) {
        abort();
    }
}
