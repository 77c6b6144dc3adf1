// SPDX-License-Identifier: MIT
#include "tests/support/fail_io.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static bool is_armed;
static long call_count;
static long fail_at;
static int fail_how;

__attribute__((constructor)) static void arm_from_environment(void)
{
    const char *at = getenv("FAIL_IO_AT");
    const char *how = getenv("FAIL_IO_HOW");

    if (at && how)
        fail_io_arm(strtol(at, NULL, 10), strcmp(how, "short") == 0  ? FAIL_IO_SHORT
                                          : strcmp(how, "kill") == 0 ? FAIL_IO_KILL
                                                                     : (int)strtol(how, NULL, 10));
}

void fail_io_arm(long at, int how)
{
    call_count = 0;
    fail_at = at;
    fail_how = how;
    is_armed = true;
}

long fail_io_disarm(void)
{
    is_armed = false;
    return call_count;
}

/* Counts a call; true when it is the one, with errno set. */
static bool strikes(void)
{
    if (!is_armed || ++call_count != fail_at)
        return false;
    if (fail_how == FAIL_IO_KILL)
        (void)raise(SIGKILL);
    if (fail_how > 0)
        errno = fail_how;
    return true;
}

/* The next definition behind this one. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that knows no half: fails, or is made. */
#define CALL(name, ...) (strikes() && fail_how > 0 ? -1 : REAL(name)(__VA_ARGS__))

static mode_t mode_of(int flags, va_list arguments)
{
    bool has_mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;

    return has_mode ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return CALL(open, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return CALL(openat, folder, path, flags, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return CALL(mkdirat, folder, path, mode);
}

ssize_t write(int file, const void *data, size_t size_bytes)
{
    if (strikes()) {
        if (fail_how > 0)
            return -1;
        size_bytes = (size_bytes + 1) / 2;
    }
    return REAL(write)(file, data, size_bytes);
}

ssize_t pread(int file, void *data, size_t size_bytes, off_t at)
{
    if (strikes()) {
        if (fail_how > 0)
            return -1;
        size_bytes = (size_bytes + 1) / 2;
    }
    return REAL(pread)(file, data, size_bytes, at);
}

int ftruncate(int file, off_t size_bytes)
{
    return CALL(ftruncate, file, size_bytes);
}

off_t lseek(int file, off_t at, int whence)
{
    return CALL(lseek, file, at, whence);
}

int flock(int file, int operation)
{
    return CALL(flock, file, operation);
}

int fsync(int file)
{
    return CALL(fsync, file);
}

/* A close that fails has closed all the same. */
int close(int file)
{
    bool fails = strikes() && fail_how > 0;
    int number = errno;
    int rc = REAL(close)(file);

    if (!fails)
        return rc;
    errno = number;
    return -1;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    return CALL(renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return CALL(linkat, from_folder, from, to_folder, to, flags);
}

int unlinkat(int folder, const char *path, int flags)
{
    return CALL(unlinkat, folder, path, flags);
}
