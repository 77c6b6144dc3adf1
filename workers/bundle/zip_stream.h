// SPDX-License-Identifier: MIT
/* A ZIP file (APPNOTE 6.3, ZIP64 where needed) written front to back to a descriptor. The sizes of
 * entries need not be known before. The bytes are counted, limited and hashed on their way; what is
 * large is compressed by several threads (deflater.h).
 *
 * Memory: the central directory is kept until the end, about 150 bytes an entry; everything else is
 * constant. The same entries with the same time make the same bytes (in one time zone: ZIP's own
 * dates are local). One thread calls. */
#ifndef WORKERS_BUNDLE_ZIP_STREAM_H
#define WORKERS_BUNDLE_ZIP_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "schemas/base/clock.h"
#include "workers/bundle/digest.h"

#define ZIP_STREAM_PATH_BUFFER 1024

struct zip_stream;

/* file is borrowed and must outlive the stream. level is 0 (store) to 9. time is the time of every
 * entry. */
int zip_stream_begin(struct zip_stream **zip, int file, int level, uint64_t maximum_bytes,
                     struct wall time);

/* Errors of these latch, and may come a few blocks late: -ERROR_BUNDLE_TOO_LARGE, -ERROR_DISK_FULL,
 * -ERROR_IO, -ERROR_MEMORY. */
int zip_stream_entry_begin(struct zip_stream *zip, const char *path);
int zip_stream_entry_write(struct zip_stream *zip, const void *data, size_t size_bytes);
int zip_stream_entry_end(struct zip_stream *zip);

/* Writes the central directory; the file is complete then, though not synced. */
int zip_stream_finish(struct zip_stream *zip, uint64_t *size_bytes, char sha256[DIGEST_BUFFER]);

/* Gives the memory back; writes nothing. Safe twice. */
void zip_stream_destroy(struct zip_stream **zip);

#endif
