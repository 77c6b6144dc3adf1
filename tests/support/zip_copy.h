// SPDX-License-Identifier: MIT
/* ZIP files taken apart and put together again, independently of writer and verifier, to make wrong
 * ones. Failures end the test. */
#ifndef TESTS_SUPPORT_ZIP_COPY_H
#define TESTS_SUPPORT_ZIP_COPY_H

#include <stdbool.h>
#include <stddef.h>

#define ZIP_COPY_ENTRIES 64

struct zip_copy_entry {
    char name[512];
    char *data;
    size_t size_bytes;
    const char *link; /* a symbolic link there, or NULL; borrowed */
};

struct zip_copy {
    struct zip_copy_entry entries[ZIP_COPY_ENTRIES];
    size_t count;
};

/* Reads all of a ZIP file with libarchive's seeking reader; false when that finds it damaged (an
 * error, not a warning about times). */
bool zip_copy_read(struct zip_copy *copy, const char *path);
void zip_copy_write(const struct zip_copy *copy, const char *path);
void zip_copy_release(struct zip_copy *copy);

/* The entry whose name ends so; NULL when there is none. */
struct zip_copy_entry *zip_copy_find(struct zip_copy *copy, const char *ending);

/* Adds one, or changes one. */
struct zip_copy_entry *zip_copy_add(struct zip_copy *copy, const char *name, const char *text);
void zip_copy_set(struct zip_copy_entry *entry, const char *text);
void zip_copy_remove(struct zip_copy *copy, const char *ending);

/* Replaces the first occurrence, which must be there. */
void zip_copy_replace(struct zip_copy_entry *entry, const char *from, const char *to);

/* Same names, content and order. */
bool zip_copy_equal(const struct zip_copy *a, const struct zip_copy *b);

#endif
