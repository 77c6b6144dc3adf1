// SPDX-License-Identifier: MIT
/* A disk in memory that knows what was synchronized. SQLite uses it through disk_vfs.c, as the
 * default file system of the process. A power cut keeps, loses or tears each 512-byte sector that
 * was written and not synchronized; the end of a process loses nothing that it wrote.
 *
 * Files of a path that contains "/registry." are on another disk that never fails. One thread. */
#ifndef TESTS_SIMULATION_DISK_H
#define TESTS_SIMULATION_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR_BYTES 512

struct disk_file;

enum disk_error { DISK_OK, DISK_IO_ERROR, DISK_FULL };

/* Empties the disk, but for the registry. */
void disk_reset(void);
void disk_release(void);

/* Remembers the present files as those a seed may start with, and puts them back. */
void disk_keep_template(void);
void disk_use_template(void);

/* Faults. A count of 0 means none; otherwise the n-th call from now that writes, truncates,
 * synchronizes, opens or deletes. Dying: from that call on nothing reaches the disk. */
void disk_die_at(int64_t calls);
void disk_fail_at(int64_t calls);
void disk_fill(bool is_full); /* files do not grow */
bool disk_is_full(void);
void disk_calm(void); /* no fault is waiting */

/* Space set aside by the daemon (daemon/store/reserve.h); a full disk has it back. */
bool disk_reserve(int64_t size_bytes);
void disk_reserve_end(void);

/* Whether the process that uses the disk is dead: set by disk_die_at or disk_kill. */
bool disk_is_dead(void);
void disk_kill(void);
void disk_revive(void);
bool disk_has_failed(void); /* since disk_revive, a call failed as asked */

/* While looking, calls are not counted and do not fail: for checks. */
void disk_look(bool is_looking);

/* Whether all bytes of the write-ahead log are durable. */
bool disk_is_synchronized(void);

void disk_cut_power(void);

/* Whether a text is in any file of the store. */
bool disk_contains(const char *needle);

/* For disk_vfs.c. */
struct disk_file *disk_open(const char *name, bool may_create, enum disk_error *error);
bool disk_exists(const char *name);
enum disk_error disk_delete(const char *name, bool is_synchronized);
size_t disk_size(const struct disk_file *file);
size_t disk_read(const struct disk_file *file, void *bytes, size_t size_bytes, size_t at);
enum disk_error disk_write(struct disk_file *file, const void *bytes, size_t size_bytes, size_t at);
enum disk_error disk_truncate(struct disk_file *file, size_t size_bytes);
enum disk_error disk_synchronize(struct disk_file *file);

/* Registers the file system; 0 or an SQLite code. */
int disk_vfs_install(void);

#endif
