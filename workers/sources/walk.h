// SPDX-License-Identifier: MIT
/* Every regular file below a folder, in the order of the bytes of the names, never leaving the
 * folder.
 *
 * Each step is one openat2 relative to the folder above, with RESOLVE_BENEATH, NO_SYMLINKS,
 * NO_MAGICLINKS and NO_XDEV: a file system that is mounted inside is an operator's doing, who can
 * name it as a source of its own, or an attempt to show something else; it is refused as a link is.
 * What is no regular file is never opened; what turns into something else between the look and the
 * opening is opened without waiting, seen to be wrong, and closed unread. A file with a second name
 * (a hard link) may belong to somebody else and is refused like a link.
 *
 * Memory: names are kept within WALK_NAME_BYTES, half of what is left to each level; at most
 * WALK_DEPTH folders are open. One thread. */
#ifndef WORKERS_SOURCES_WALK_H
#define WORKERS_SOURCES_WALK_H

#include <sys/stat.h>

#include "workers/sources/driver.h"

#define WALK_DEPTH      64
#define WALK_NAME_BYTES 4194304
#define WALK_PATH_BYTES (WALK_DEPTH * 256 + 256)

struct walk {
    const struct gathering *gathering;
    struct source_outcome *outcome; /* what is left out goes here */

    /* Called for every regular file: its folder's descriptor, its name there, what it looked like.
     * Returns 0, WALK_ENOUGH to end the walk, or a negative error to end it with that. */
    int (*visit)(struct walk *walk, int folder, const char *name, const struct stat *status);
    void *context;              /* the visitor's */
    char path[WALK_PATH_BYTES]; /* of the file that is visited, relative to the folder */
    size_t path_bytes;
};

#define WALK_ENOUGH 1

/* Takes the descriptor of the folder. Returns 0, the visitor's error or -ERROR_CANCELLED. */
int walk_folder(struct walk *walk, int folder);

/* openat2 as described above; a descriptor or -errno. */
int walk_open(int folder, const char *path, int flags);

/* Opens a regular file to be read, if it is one and has no second name. Returns a descriptor with
 * *status, or -1 when it was left out, which the outcome then says. */
int walk_open_file(struct walk *walk, int folder, const char *name, struct stat *status);

/* Whether another attempt could end differently. */
bool walk_errno_is_retryable(int error);

#endif
