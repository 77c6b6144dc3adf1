// SPDX-License-Identifier: MIT
/* Makes the n-th call of the C library's file functions fail, once: for "fail the n-th call, for
 * all n". Link the shared library fail_io and call these, or preload it into a program and set
 * FAIL_IO_AT to n and FAIL_IO_HOW to an errno, "short" or "kill". Counted, together: open, openat,
 * mkdirat, write, pread, ftruncate, lseek, flock, fsync, close, renameat2, linkat, unlinkat. Not
 * for several threads at once. */
#ifndef TESTS_SUPPORT_FAIL_IO_H
#define TESTS_SUPPORT_FAIL_IO_H

#define FAIL_IO_SHORT                                                                              \
    (-1) /* the call does half of it, as write(2) may; calls that know no half are not changed */
#define FAIL_IO_KILL (-2) /* the process kills itself before the call */

/* Counts from here; the at-th call from now (1 is the next) fails with the errno, or as told. 0
 * only counts. */
void fail_io_arm(long at, int how);

/* Stops; returns the calls counted since fail_io_arm. */
long fail_io_disarm(void);

#endif
