// SPDX-License-Identifier: MIT
#include "tests/fuzz/memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void memory_file_open(struct memory_file *file, const uint8_t *data, size_t size_bytes)
{
    file->descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    /* Everybody may write to one as it is made, and such files are refused. */
    if (file->descriptor < 0 || fchmod(file->descriptor, 0600) != 0 ||
        write(file->descriptor, data, size_bytes) != (ssize_t)size_bytes)
        abort();
    (void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->descriptor);
}

void memory_file_close(struct memory_file *file)
{
    (void)close(file->descriptor);
    file->descriptor = -1;
}

bool memory_file_is_named(const struct memory_file *file, const char *message)
{
    size_t path_bytes = strlen(file->path);

    for (const char *at = message; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    }
    return strncmp(message, file->path, path_bytes) == 0 && message[path_bytes] == ':';
}
