// SPDX-License-Identifier: MIT
#include "daemon/auth/bounded_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/errors.h"

int bounded_file_fail(char message[BOUNDED_FILE_MESSAGE_BYTES], const char *path, int error,
                      const char *text)
{
    (void)snprintf(message, BOUNDED_FILE_MESSAGE_BYTES, "%s: %s", path, text);
    return -error;
}

static struct file_version version_of(const struct stat *status)
{
    return (struct file_version){.device = status->st_dev,
                                 .inode = status->st_ino,
                                 .size_bytes = status->st_size,
                                 .modified = status->st_mtim,
                                 .changed = status->st_ctim};
}

/* Reads until the end or until the buffer is full; -1 as read(2). */
static ssize_t read_whole(int descriptor, char *buffer, size_t buffer_bytes)
{
    size_t used = 0;

    while (used < buffer_bytes) {
        ssize_t got = read(descriptor, buffer + used, buffer_bytes - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* buffer has room for one byte more than the limit, which is how a longer file shows. The version
 * is that of before reading: what is written meanwhile makes another one. */
static int read_open_file(int descriptor, const char *path, char *buffer, size_t limit_bytes,
                          struct text *content, struct file_version *version, char *message)
{
    char text[64];
    struct stat status;
    ssize_t size = fstat(descriptor, &status);

    if (size == 0 && !S_ISREG(status.st_mode))
        return bounded_file_fail(message, path, ERROR_CONFIGURATION, "not a regular file");
    if (size == 0 && (status.st_mode & S_IWOTH))
        return bounded_file_fail(message, path, ERROR_CONFIGURATION,
                                 "everybody may write to it (chmod o-w)");
    if (size == 0)
        size = read_whole(descriptor, buffer, limit_bytes + 1);
    if (size < 0)
        return bounded_file_fail(message, path, ERROR_IO, strerror(errno));
    (void)snprintf(text, sizeof(text), "longer than %zu bytes", limit_bytes);
    if ((size_t)size > limit_bytes)
        return bounded_file_fail(message, path, ERROR_CONFIGURATION, text);
    *content = (struct text){buffer, (uint32_t)size};
    *version = version_of(&status);
    return 0;
}

/* O_NONBLOCK: opening a FIFO by mistake must not stop the daemon. */
int bounded_file_read(const char *path, size_t limit_bytes, char **data, struct text *content,
                      struct file_version *version, char message[BOUNDED_FILE_MESSAGE_BYTES])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *buffer;
    int rc;

    if (descriptor < 0)
        return bounded_file_fail(message, path, ERROR_IO, strerror(errno));
    buffer = malloc(limit_bytes + 1);
    rc = buffer ? read_open_file(descriptor, path, buffer, limit_bytes, content, version, message)
                : bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
    (void)close(descriptor); /* opened for reading: nothing to lose */
    if (rc)
        free(buffer);
    else
        *data = buffer;
    return rc;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_version_is_current(const struct file_version *version, const char *path)
{
    struct stat status;
    struct file_version now;

    if (stat(path, &status) != 0)
        return false;
    now = version_of(&status);
    return now.device == version->device && now.inode == version->inode &&
           now.size_bytes == version->size_bytes && is_same_time(now.modified, version->modified) &&
           is_same_time(now.changed, version->changed);
}
