// SPDX-License-Identifier: MIT
/* libfault.so, to be preloaded into a program: the n-th call of a kind fails, once or from then on.
 *
 * Environment, read before main():
 *   EXPORTD_FAULT          KIND:N[:HOW[:once|sticky]]. HOW is a name below or a number of errno;
 * EIO (ENOMEM for memory, EMFILE for descriptor) and once when left out. "short" makes half of a
 * read or write. Without the variable calls are only counted. EXPORTD_FAULT_UNDER    calls on files
 * count only beneath this absolute directory; sockets, pipes and event descriptors are left alone
 * (but see FAULT_DESCRIPTOR). EXPORTD_FAULT_CONTROL  a file of at least sizeof(struct
 * fault_control) bytes, shared with whoever drives the test: calls count while it says that they
 * are to. Without it they count from the start.
 *
 * Safe in any thread and signal handler; allocates nothing. */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_SYNC,
    FAULT_RENAME, /* and links */
    FAULT_UNLINK,
    FAULT_TRUNCATE, /* and allocation of disk space */
    FAULT_MKDIR,
    FAULT_LOCK,   /* of a whole file */
    FAULT_RECORD, /* taking a lock on a part of a file; giving it back cannot fail */
    FAULT_MAP,
    FAULT_DESCRIPTOR, /* whatever makes one: files beneath the directory, sockets, events, pipes */
    FAULT_MEMORY,
    FAULT_KIND_COUNT
};

/* Native byte order; the driver maps it too. */
struct fault_control {
    _Atomic int64_t is_armed; /* set by the driver */
    _Atomic int64_t struck;   /* calls that failed */
    _Atomic int64_t counts[FAULT_KIND_COUNT];
};

#define FAULT_SHORT (-1)

/* Counts a call. 0: it is to be made; FAULT_SHORT: half of it; else the errno it fails with. */
int fault_strike(enum fault_kind kind);

/* The same; true, with errno set, when the call fails. */
bool fault_fails(enum fault_kind kind);

/* Whether calls on this path, relative to a descriptor or AT_FDCWD, count. */
bool fault_is_beneath(int folder, const char *path);

/* Which descriptors are of files beneath the directory. */
void fault_watch(int descriptor, bool is_watched);
bool fault_is_watched(int descriptor);

#endif
