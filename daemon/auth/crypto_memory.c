// SPDX-License-Identifier: MIT
#include "daemon/auth/crypto_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static _Thread_local bool has_run_out;

static void *watched(void *memory)
{
    has_run_out = has_run_out || !memory;
    return memory;
}

/* Of no bytes, libcrypto's own functions make NULL, which is no failure. */
static void *allocate(size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return size_bytes == 0 ? NULL : watched(malloc(size_bytes));
}

static void release(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void *reallocate(void *memory, size_t size_bytes, const char *file, int line)
{
    if (size_bytes > 0)
        return watched(realloc(memory, size_bytes));
    release(memory, file, line);
    return NULL;
}

bool crypto_memory_install(void)
{
    return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

void crypto_memory_watch(void)
{
    has_run_out = false;
}

bool crypto_memory_has_run_out(void)
{
    return has_run_out;
}
