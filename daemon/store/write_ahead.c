// SPDX-License-Identifier: MIT
#include "daemon/store/write_ahead.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Free space, in multiples of what is written, below which others need it more. */
#define ROOM_FACTOR 16

static void grow(int fd)
{
    static const char zeros[1 << 16];
    struct statvfs space;
    struct stat status;

    if (fstat(fd, &status) || fstatvfs(fd, &space) ||
        (uint64_t)space.f_bavail * space.f_frsize < ROOM_FACTOR * WRITE_AHEAD_BYTES) {
        return;
    }
    for (off_t at = status.st_size; at < WRITE_AHEAD_BYTES; at += (off_t)sizeof zeros) {
        if (pwrite(fd, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros) {
            return;
        }
    }
    (void)fdatasync(fd);
}

void write_ahead_grow(const char *directory)
{
    char path[4096];
    int fd = -1;

    if (snprintf(path, sizeof path, "%s/store.db-wal", directory) < (int)sizeof path) {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd >= 0) {
        grow(fd);
        close(fd);
    }
}
