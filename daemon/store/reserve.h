// SPDX-License-Identifier: MIT
/* Disk space set aside in the store's directory. A daemon that has ended because the disk is full
 * lets go of it to start again, and then has room to record what its workers finish while it
 * refuses new work; it takes the space again when there is plenty. */
#ifndef DAEMON_STORE_RESERVE_H
#define DAEMON_STORE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#define RESERVE_BYTES (INT64_C(4) << 20)

/* Lets go of the space, if it was taken. Where that fails there is less room: no more. */
void reserve_release(const char *directory);

/* Takes the space; true when it is taken, or when the file system cannot set any aside. */
bool reserve_take(const char *directory);

#endif
