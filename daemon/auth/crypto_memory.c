// SPDX-License-Identifier: MIT
#include "daemon/auth/crypto_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "schemas/base/memory_watch.h"

/* Of no bytes, libcrypto's own functions make NULL, which is no failure. */
static void *allocate(size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return size_bytes == 0 ? NULL : memory_watch_allocate(size_bytes);
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
        return memory_watch_reallocate(memory, size_bytes);
    release(memory, file, line);
    return NULL;
}

bool crypto_memory_install(void)
{
    return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}
