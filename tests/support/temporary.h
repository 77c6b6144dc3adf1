// SPDX-License-Identifier: MIT
/* A directory of a test's own, under TMPDIR or /tmp. Functions return 0 or a negative ERROR_x. */
#ifndef TESTS_SUPPORT_TEMPORARY_H
#define TESTS_SUPPORT_TEMPORARY_H

#include <stddef.h>

/* Short, because an ipc:// path in it may have 107 bytes at the most. */
#define TEMPORARY_BUFFER 64

/* Makes a new directory with mode 0700 and writes its absolute path. */
int temporary_make(char path[TEMPORARY_BUFFER]);

/* Removes it and everything in it; links are removed, not followed. An empty path is nothing. */
int temporary_remove(const char *path);

/* Makes a directory and those above it that are missing. */
int temporary_directories(const char *path);

/* Writes DIRECTORY/NAME, made anew with mode 0600. */
int temporary_write(const char *directory, const char *name, const void *bytes, size_t size);

#endif
