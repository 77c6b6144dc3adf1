// SPDX-License-Identifier: MIT
/* Space for SQLite's write-ahead log. A sync of space that was written before costs a third less
 * than one that makes the file grow (SQLite itself never gives space of a kept log back). */
#ifndef DAEMON_STORE_WRITE_AHEAD_H
#define DAEMON_STORE_WRITE_AHEAD_H

#include <stdint.h>

#define WRITE_AHEAD_BYTES (INT64_C(8) << 20)

/* Writes zeros behind what the log has, up to that size, where the disk has many times the room:
 * SQLite reads them as the end of the log. When the database is open; where it fails, it is slower:
 * no more. */
void write_ahead_grow(const char *directory);

#endif
