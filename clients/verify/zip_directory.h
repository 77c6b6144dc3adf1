// SPDX-License-Identifier: MIT
/* The central directory of a ZIP file (APPNOTE 6.3.9, ZIP64 included), read front to back in
 * constant memory and compared with the headers in front of the entries. Nothing of it is believed:
 * every offset and size is checked against the file before it is used. One thread. */
#ifndef CLIENTS_VERIFY_ZIP_DIRECTORY_H
#define CLIENTS_VERIFY_ZIP_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/verify/problems.h"

#define ZIP_NAME_BYTES 65535

struct zip_member {
    char name[ZIP_NAME_BYTES + 1]; /* as it stands, up to its first NUL */
    uint16_t name_bytes;
    uint16_t flags;
    uint16_t method;
    uint32_t time;
    uint32_t crc;
    uint64_t compressed_bytes;
    uint64_t size_bytes;
    uint64_t begin; /* of its local header */
    uint64_t end;   /* of its data and descriptor */
    uint16_t mode;  /* of Unix, or 0 */
};

struct zip_directory {
    int file;
    uint64_t file_bytes;
    uint64_t begin; /* of the central directory */
    uint64_t end;
    uint64_t count;
    uint64_t position; /* of the next record */
    uint64_t visited;  /* records read */
    uint64_t
        expected_begin; /* where the next entry must begin; UINT64_MAX after one that is unusable */
    struct problems *problems;
    unsigned char *buffer;
    uint64_t window_begin; /* what part of the file is in the buffer */
    uint64_t window_end;
};

/* Finds the directory. file is borrowed. *is_found false when there is none that could be read,
 * which has been reported. -ERROR_MEMORY, -ERROR_IO. */
int zip_directory_open(struct zip_directory *directory, int file, uint64_t file_bytes,
                       struct problems *problems, bool *is_found);
void zip_directory_close(struct zip_directory *directory); /* safe twice */

/* The next member. *has_member false at the end, or where damage makes the rest unreadable
 * (reported). *is_usable false when this one's header is not where it should be (reported). */
int zip_directory_next(struct zip_directory *directory, struct zip_member *member, bool *has_member,
                       bool *is_usable);

#endif
