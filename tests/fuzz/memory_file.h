// SPDX-License-Identifier: MIT
/* Bytes as a file with a path, for functions that read one; no disk is touched. */
#ifndef TESTS_FUZZ_MEMORY_FILE_H
#define TESTS_FUZZ_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_FILE_PATH_BYTES 64

struct memory_file {
    int descriptor;
    char path[MEMORY_FILE_PATH_BYTES];
};

/* Aborts when the file cannot be made; the caller closes it. */
void memory_file_open(struct memory_file *file, const uint8_t *data, size_t size_bytes);
void memory_file_close(struct memory_file *file);

/* Whether a message about the file begins with its path and a colon and has no control character.
 */
bool memory_file_is_named(const struct memory_file *file, const char *message);

#endif
