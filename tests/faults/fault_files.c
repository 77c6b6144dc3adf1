// SPDX-License-Identifier: MIT
/* The calls on open files. SQLite takes those with 64 in their name. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/fault.h"
#include "tests/faults/fault_real.h"

/* Whether a call on this descriptor fails. */
static bool fails(enum fault_kind kind, int file)
{
    return fault_is_watched(file) && fault_fails(kind);
}

/* The bytes to really move, or -1 with errno set. */
static ssize_t amount(enum fault_kind kind, int file, size_t size_bytes)
{
    int how = fault_is_watched(file) ? fault_strike(kind) : 0;

    if (how > 0) {
        errno = how;
        return -1;
    }
    return (ssize_t)(how == FAULT_SHORT ? (size_bytes + 1) / 2 : size_bytes);
}

ssize_t read(int file, void *data, size_t size_bytes)
{
    ssize_t bytes = amount(FAULT_READ, file, size_bytes);

    return bytes < 0 ? -1 : REAL(read)(file, data, (size_t)bytes);
}

ssize_t pread(int file, void *data, size_t size_bytes, off_t at)
{
    ssize_t bytes = amount(FAULT_READ, file, size_bytes);

    return bytes < 0 ? -1 : REAL(pread)(file, data, (size_t)bytes, at);
}

ssize_t pread64(int file, void *data, size_t size_bytes, off64_t at)
{
    ssize_t bytes = amount(FAULT_READ, file, size_bytes);

    return bytes < 0 ? -1 : REAL(pread64)(file, data, (size_t)bytes, at);
}

ssize_t write(int file, const void *data, size_t size_bytes)
{
    ssize_t bytes = amount(FAULT_WRITE, file, size_bytes);

    return bytes < 0 ? -1 : REAL(write)(file, data, (size_t)bytes);
}

ssize_t pwrite(int file, const void *data, size_t size_bytes, off_t at)
{
    ssize_t bytes = amount(FAULT_WRITE, file, size_bytes);

    return bytes < 0 ? -1 : REAL(pwrite)(file, data, (size_t)bytes, at);
}

ssize_t pwrite64(int file, const void *data, size_t size_bytes, off64_t at)
{
    ssize_t bytes = amount(FAULT_WRITE, file, size_bytes);

    return bytes < 0 ? -1 : REAL(pwrite64)(file, data, (size_t)bytes, at);
}

/* A short one moves the first piece only. */
ssize_t readv(int file, const struct iovec *pieces, int count)
{
    ssize_t kept = amount(FAULT_READ, file, (size_t)count);

    return kept < 0 ? -1 : REAL(readv)(file, pieces, (int)kept);
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
    ssize_t kept = amount(FAULT_WRITE, file, (size_t)count);

    return kept < 0 ? -1 : REAL(writev)(file, pieces, (int)kept);
}

ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t at)
{
    ssize_t kept = amount(FAULT_WRITE, file, (size_t)count);

    return kept < 0 ? -1 : REAL(pwritev)(file, pieces, (int)kept, at);
}

int fsync(int file)
{
    return fails(FAULT_SYNC, file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file)
{
    return fails(FAULT_SYNC, file) ? -1 : REAL(fdatasync)(file);
}

int ftruncate(int file, off_t size_bytes)
{
    return fails(FAULT_TRUNCATE, file) ? -1 : REAL(ftruncate)(file, size_bytes);
}

int ftruncate64(int file, off64_t size_bytes)
{
    return fails(FAULT_TRUNCATE, file) ? -1 : REAL(ftruncate64)(file, size_bytes);
}

int fallocate(int file, int mode, off_t at, off_t size_bytes)
{
    return fails(FAULT_TRUNCATE, file) ? -1 : REAL(fallocate)(file, mode, at, size_bytes);
}

int posix_fallocate(int file, off_t at, off_t size_bytes)
{
    int saved = errno;

    if (!fails(FAULT_TRUNCATE, file))
        return REAL(posix_fallocate)(file, at, size_bytes);
    int how = errno;

    errno = saved;
    return how;
}

int flock(int file, int operation)
{
    return fails(FAULT_LOCK, file) ? -1 : REAL(flock)(file, operation);
}

void *mmap(void *address, size_t size_bytes, int protection, int flags, int file, off_t at)
{
    if (fails(FAULT_MAP, file))
        return MAP_FAILED;
    return REAL(mmap)(address, size_bytes, protection, flags, file, at);
}

void *mmap64(void *address, size_t size_bytes, int protection, int flags, int file, off64_t at)
{
    if (fails(FAULT_MAP, file))
        return MAP_FAILED;
    return REAL(mmap64)(address, size_bytes, protection, flags, file, at);
}

static bool takes_lock(int command, const void *argument)
{
    bool is_lock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                   command == F_OFD_SETLKW;

    return is_lock && ((const struct flock *)argument)->l_type != F_UNLCK;
}

/* What fcntl takes as its third argument fits into a pointer, whatever it is. */
static int control_file(__typeof__(&fcntl) real, int file, int command, void *argument)
{
    bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    int result;

    if (takes_lock(command, argument) && fails(FAULT_RECORD, file))
        return -1;
    if (copies && fault_fails(FAULT_DESCRIPTOR))
        return -1;
    result = real(file, command, argument);
    if (copies)
        fault_watch(result, fault_is_watched(file));
    return result;
}

int fcntl(int file, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control_file(REAL(fcntl), file, command, argument);
}

int fcntl64(int file, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control_file(REAL(fcntl64), file, command, argument);
}

int close(int file)
{
    fault_watch(file, false);
    return REAL(close)(file);
}
