// SPDX-License-Identifier: MIT
/* Little-endian numbers of a ZIP file, and bytes at a place of it: shared by the files that read
 * its directory. */
#ifndef CLIENTS_VERIFY_ZIP_BYTES_H
#define CLIENTS_VERIFY_ZIP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/verify/zip_directory.h"

static inline uint16_t read16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t read32(const unsigned char *at)
{
    return (uint32_t)read16(at) | (uint32_t)read16(at + 2) << 16;
}

static inline uint64_t read64(const unsigned char *at)
{
    return (uint64_t)read32(at) | (uint64_t)read32(at + 4) << 32;
}

/* Reads exactly these bytes; *is_there false when the file has not so many. -ERROR_IO. */
int zip_read_at(const struct zip_directory *directory, uint64_t at, size_t size_bytes,
                unsigned char *buffer, bool *is_there);

/* Finds the end records and from them begin, end and count of the directory; its buffer must be
 * there. *is_found false when there are none that fit. Contradictions are reported. -ERROR_IO. */
int zip_read_end(struct zip_directory *directory, bool *is_found);

#endif
