// SPDX-License-Identifier: MIT
/* The calls on names, and those that make a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/fault.h"
#include "tests/faults/fault_real.h"

static bool fails(enum fault_kind kind, int folder, const char *path)
{
    return fault_is_beneath(folder, path) && fault_fails(kind);
}

static bool open_fails(int folder, const char *path)
{
    return fails(FAULT_OPEN, folder, path) || fails(FAULT_DESCRIPTOR, folder, path);
}

static int opened(int folder, const char *path, int file)
{
    fault_watch(file, fault_is_beneath(folder, path));
    return file;
}

static mode_t mode_of(int flags, va_list arguments)
{
    bool has_mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;

    return has_mode ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(call, folder, path, flags, ...)                                                       \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        if (open_fails(folder, path))                                                              \
            return -1;                                                                             \
        return opened(folder, path, REAL(call)(__VA_ARGS__, mode));                                \
    } while (0)

int open(const char *path, int flags, ...)
{
    OPEN(open, AT_FDCWD, path, flags, path, flags);
}

int open64(const char *path, int flags, ...)
{
    OPEN(open64, AT_FDCWD, path, flags, path, flags);
}

int openat(int folder, const char *path, int flags, ...)
{
    OPEN(openat, folder, path, flags, folder, path, flags);
}

int openat64(int folder, const char *path, int flags, ...)
{
    OPEN(openat64, folder, path, flags, folder, path, flags);
}

int creat(const char *path, mode_t mode)
{
    if (open_fails(AT_FDCWD, path))
        return -1;
    return opened(AT_FDCWD, path, REAL(creat)(path, mode));
}

int mkdir(const char *path, mode_t mode)
{
    return fails(FAULT_MKDIR, AT_FDCWD, path) ? -1 : REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return fails(FAULT_MKDIR, folder, path) ? -1 : REAL(mkdirat)(folder, path, mode);
}

int unlink(const char *path)
{
    return fails(FAULT_UNLINK, AT_FDCWD, path) ? -1 : REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    return fails(FAULT_UNLINK, folder, path) ? -1 : REAL(unlinkat)(folder, path, flags);
}

int rename(const char *from, const char *to)
{
    return fails(FAULT_RENAME, AT_FDCWD, from) ? -1 : REAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return fails(FAULT_RENAME, from_folder, from)
               ? -1
               : REAL(renameat)(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    return fails(FAULT_RENAME, from_folder, from)
               ? -1
               : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    return fails(FAULT_RENAME, AT_FDCWD, from) ? -1 : REAL(link)(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return fails(FAULT_RENAME, from_folder, from)
               ? -1
               : REAL(linkat)(from_folder, from, to_folder, to, flags);
}

/* Descriptors of what is not a file: only that there is none left can befall them. The
 * number may have been that of a file which closedir() closed. */

static int made(int descriptor)
{
    fault_watch(descriptor, false);
    return descriptor;
}

int socket(int domain, int type, int protocol)
{
    return fault_fails(FAULT_DESCRIPTOR) ? -1 : made(REAL(socket)(domain, type, protocol));
}

int accept(int listener, __SOCKADDR_ARG address, socklen_t *size_bytes)
{
    return fault_fails(FAULT_DESCRIPTOR) ? -1 : made(REAL(accept)(listener, address, size_bytes));
}

int accept4(int listener, __SOCKADDR_ARG address, socklen_t *size_bytes, int flags)
{
    return fault_fails(FAULT_DESCRIPTOR)
               ? -1
               : made(REAL(accept4)(listener, address, size_bytes, flags));
}

int eventfd(unsigned int value, int flags)
{
    return fault_fails(FAULT_DESCRIPTOR) ? -1 : made(REAL(eventfd)(value, flags));
}

int epoll_create1(int flags)
{
    return fault_fails(FAULT_DESCRIPTOR) ? -1 : made(REAL(epoll_create1)(flags));
}

int signalfd(int file, const sigset_t *signals, int flags)
{
    return fault_fails(FAULT_DESCRIPTOR) ? -1 : made(REAL(signalfd)(file, signals, flags));
}

int pipe2(int ends[2], int flags)
{
    if (fault_fails(FAULT_DESCRIPTOR) || REAL(pipe2)(ends, flags))
        return -1;
    made(ends[0]);
    made(ends[1]);
    return 0;
}
