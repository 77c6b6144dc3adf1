// SPDX-License-Identifier: MIT
/* SQLite's default file system with faults: the n-th call that opens, writes, truncates or
 * synchronizes a file fails, once or from then on. A write that fails has half of its bytes
 * written. One thread. */
#ifndef TESTS_SUPPORT_FAULTY_VFS_H
#define TESTS_SUPPORT_FAULTY_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Makes it the default of this process; every database opened later goes through it. 0 or an SQLite
 * result code. */
int faulty_vfs_install(void);

/* Fails the n-th call from now (from 1) and, when it is sticky, all after it; a full disk fails
 * writes and syncs with SQLITE_FULL, otherwise it is an I/O error. 0: nothing fails. */
void faulty_vfs_arm(int64_t n, bool is_sticky, bool is_full);

/* Calls counted since it was armed. */
int64_t faulty_vfs_calls(void);

#endif
