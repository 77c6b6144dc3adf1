// SPDX-License-Identifier: MIT
/* The small files of a bag that are checked by what they say. They are kept in memory, up to a
 * bound. One thread. */
#ifndef CLIENTS_VERIFY_TAG_FILES_H
#define CLIENTS_VERIFY_TAG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/verify/problems.h"

#define TAG_FILE_BYTES 262144

enum tag_file_name {
    TAG_FILE_DECLARATION,  /* bagit.txt */
    TAG_FILE_INFORMATION,  /* bag-info.txt */
    TAG_FILE_COMPLETENESS, /* data/completeness.json */
    TAG_FILE_REQUEST,      /* data/RequestInfo.json */
    TAG_FILE_COUNT
};

struct tag_file {
    char *data; /* terminated */
    size_t size_bytes;
    bool is_too_large;
};

struct tag_files {
    struct tag_file files[TAG_FILE_COUNT];
};

void tag_files_release(struct tag_files *files); /* safe twice */

/* The one of this path, or NULL. */
struct tag_file *tag_files_of(struct tag_files *files, const char *path);

/* Appends to what is known of it. -ERROR_MEMORY. */
int tag_file_take(struct tag_file *file, const void *data, size_t size_bytes);

/* Checks all of them against what was counted. A file that is missing altogether is reported.
 * -ERROR_MEMORY. */
int tag_files_check(const struct tag_files *files, struct problems *problems,
                    uint64_t payload_bytes, uint64_t payload_files);

#endif
