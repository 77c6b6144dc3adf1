// SPDX-License-Identifier: MIT
/* Bytes that must wait until the end of a bundle and may be too many for memory: an unlinked
 * temporary file. It has no name, so nothing of it survives the process. One thread. */
#ifndef WORKERS_BUNDLE_SPOOL_H
#define WORKERS_BUNDLE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#define SPOOL_BUFFER_BYTES 16384

struct spool {
    int file; /* -1 when not open */
    size_t used_bytes;
    uint64_t written_bytes;
    char buffer[SPOOL_BUFFER_BYTES];
};

/* Takes what is read back, piece by piece; anything but 0 ends the reading and is returned. */
typedef int (*spool_reader)(void *context, const char *data, size_t size_bytes);

/* Makes the file in the folder that the descriptor stands for; name is used where the file system
 * cannot make files without one. Mode 0600. -ERROR_IO, -ERROR_DISK_FULL. */
int spool_open(struct spool *spool, int directory, const char *name);
void spool_close(struct spool *spool); /* safe twice, and on one that failed to open */

int spool_append(struct spool *spool, const void *data, size_t size_bytes);
uint64_t spool_size(const struct spool *spool);

/* Reads from an offset to the end. */
int spool_read(struct spool *spool, uint64_t from, spool_reader reader, void *context);

/* Empties it. */
int spool_reset(struct spool *spool);

/* Writes all of it or fails, whatever write(2) takes at a time. Maps a full disk or quota to
 * -ERROR_DISK_FULL, the rest to -ERROR_IO. */
int write_fully(int file, const void *data, size_t size_bytes);

/* The error for an errno. */
int file_error(int number);

#endif
