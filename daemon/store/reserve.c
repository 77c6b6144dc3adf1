// SPDX-License-Identifier: MIT
#include "daemon/store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES 4096

static bool path_of(const char *directory, char path[PATH_BYTES])
{
    return snprintf(path, PATH_BYTES, "%s/reserve", directory) < PATH_BYTES;
}

void reserve_release(const char *directory)
{
    char path[PATH_BYTES];

    if (path_of(directory, path)) {
        (void)unlink(path);
    }
}

bool reserve_take(const char *directory)
{
    char path[PATH_BYTES];
    bool is_taken;
    int fd;

    if (!path_of(directory, path)) {
        return false;
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    /* Not posix_fallocate: where nothing can be set aside it would write zeros. */
    is_taken = fallocate(fd, 0, 0, RESERVE_BYTES) == 0 || errno == EOPNOTSUPP;
    if (close(fd) || !is_taken) {
        reserve_release(directory);
        return false;
    }
    return true;
}
