// SPDX-License-Identifier: MIT
/* A small file that an operator gave, read whole: bounded, regular, and with a note of which
 * version of it was read. */
#ifndef DAEMON_AUTH_BOUNDED_FILE_H
#define DAEMON_AUTH_BOUNDED_FILE_H

#include <sys/stat.h>

#include "schemas/base/text.h"

/* Room for one line: the path and what is wrong. */
#define BOUNDED_FILE_MESSAGE_BYTES 1280

/* Tells versions of a file apart without reading it. A file put in place by a rename has another
 * inode; one written in place, another time or size. */
struct file_version {
    dev_t device;
    ino_t inode;
    off_t size_bytes;
    struct timespec modified;
    struct timespec changed;
};

/* Reads at most limit_bytes. The caller owns *data (free), which *content borrows from, on success
 * only. -ERROR_IO when it cannot be read, -ERROR_CONFIGURATION when it is no regular file, one that
 * everybody may write to, or too long, -ERROR_MEMORY; message is then a ready line. */
int bounded_file_read(const char *path, size_t limit_bytes, char **data, struct text *content,
                      struct file_version *version, char message[BOUNDED_FILE_MESSAGE_BYTES]);

/* Writes "PATH: text" and returns the negative error. */
int bounded_file_fail(char message[BOUNDED_FILE_MESSAGE_BYTES], const char *path, int error,
                      const char *text);

/* False when there is another version at the path now, or none. */
bool file_version_is_current(const struct file_version *version, const char *path);

#endif
