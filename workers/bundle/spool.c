// SPDX-License-Identifier: MIT
#include "workers/bundle/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"

int file_error(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return -ERROR_DISK_FULL;
    case ENOMEM:
        return -ERROR_MEMORY;
    case EEXIST:
        return -ERROR_BUNDLE_EXISTS;
    default:
        return -ERROR_IO;
    }
}

int write_fully(int file, const void *data, size_t size_bytes)
{
    const char *at = data;

    while (size_bytes > 0) {
        ssize_t written = write(file, at, size_bytes);

        if (written < 0 && errno != EINTR)
            return file_error(errno);
        if (written > 0) {
            at += written;
            size_bytes -= (size_t)written;
        }
    }
    return 0;
}

int spool_open(struct spool *spool, int directory, const char *name)
{
    spool->used_bytes = 0;
    spool->written_bytes = 0;
    spool->file = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (spool->file >= 0)
        return 0;
    /* Some network and layered file systems have no O_TMPFILE; the errors they say it with differ.
     */
    spool->file = openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (spool->file < 0)
        return file_error(errno);
    if (unlinkat(directory, name, 0) != 0) {
        int rc = file_error(errno);

        spool_close(spool);
        return rc;
    }
    return 0;
}

void spool_close(struct spool *spool)
{
    if (spool->file >= 0)
        (void)close(spool->file); /* nothing of it is kept, so nothing can be lost */
    spool->file = -1;
}

static int spool_flush(struct spool *spool)
{
    int rc = write_fully(spool->file, spool->buffer, spool->used_bytes);

    if (!rc) {
        spool->written_bytes += spool->used_bytes;
        spool->used_bytes = 0;
    }
    return rc;
}

int spool_append(struct spool *spool, const void *data, size_t size_bytes)
{
    const char *at = data;

    while (size_bytes > 0) {
        size_t room = SPOOL_BUFFER_BYTES - spool->used_bytes;
        size_t piece = size_bytes < room ? size_bytes : room;

        memcpy(spool->buffer + spool->used_bytes, at, piece);
        spool->used_bytes += piece;
        at += piece;
        size_bytes -= piece;
        if (spool->used_bytes == SPOOL_BUFFER_BYTES) {
            int rc = spool_flush(spool);

            if (rc)
                return rc;
        }
    }
    return 0;
}

uint64_t spool_size(const struct spool *spool)
{
    return spool->written_bytes + spool->used_bytes;
}

int spool_read(struct spool *spool, uint64_t from, spool_reader reader, void *context)
{
    char piece[SPOOL_BUFFER_BYTES];
    int rc = spool_flush(spool);

    while (!rc && from < spool->written_bytes) {
        ssize_t bytes = pread(spool->file, piece, sizeof(piece), (off_t)from);

        if (bytes == 0)
            return -ERROR_IO; /* shorter than what was written */
        if (bytes < 0 && errno != EINTR)
            return file_error(errno);
        if (bytes > 0) {
            rc = reader(context, piece, (size_t)bytes);
            from += (uint64_t)bytes;
        }
    }
    return rc;
}

int spool_reset(struct spool *spool)
{
    spool->used_bytes = 0;
    spool->written_bytes = 0;
    if (ftruncate(spool->file, 0) != 0 || lseek(spool->file, 0, SEEK_SET) != 0)
        return file_error(errno);
    return 0;
}
