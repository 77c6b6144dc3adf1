// SPDX-License-Identifier: MIT
/* The records that a ZIP file is made of beside its data (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16;
 * the time by Info-ZIP's extra field 0x5455). All entries are deflated regular files of mode 0600.
 * Pure: bytes go into a wire_output, whose error latches. */
#ifndef WORKERS_BUNDLE_ZIP_RECORD_H
#define WORKERS_BUNDLE_ZIP_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "schemas/codec/wire.h"

/* The same for all entries of a file. */
struct zip_time {
    time_t seconds;
    uint16_t dos_time; /* local, as everything that reads it supposes */
    uint16_t dos_date;
};

struct zip_entry {
    const char *path; /* UTF-8, at most 65535 bytes; borrowed */
    bool is_streamed; /* sizes and CRC follow the data, as ZIP64 */
    uint32_t crc;
    uint64_t compressed_bytes;
    uint64_t size_bytes;
    uint64_t offset; /* of the local header */
};

struct zip_time zip_time_of(time_t seconds);

/* The local header; of a streamed entry, nothing of the data is needed yet. */
void zip_record_header(struct wire_output *output, const struct zip_entry *entry,
                       const struct zip_time *time);

/* What follows the data of a streamed entry. */
void zip_record_descriptor(struct wire_output *output, const struct zip_entry *entry);

/* The entry in the central directory. */
void zip_record_central(struct wire_output *output, const struct zip_entry *entry,
                        const struct zip_time *time);

/* The end, with the ZIP64 records where the numbers need them. */
void zip_record_end(struct wire_output *output, uint64_t entries, uint64_t directory_offset,
                    uint64_t directory_bytes);

#endif
