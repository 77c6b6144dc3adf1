// SPDX-License-Identifier: MIT
/* One file on its way to becoming visible in a directory: written as "<name>.partial", and named
 * "<name>" only when every byte of it is on the disk. A reader therefore sees nothing or all, at
 * whatever point the process or the machine dies; a crash can leave a .partial, never half a file
 * under the final name (workers/bundle/leftovers.h removes that). The writer holds flock(2) on
 * the partial file as long as it has that name. One thread. */
#ifndef WORKERS_BUNDLE_PUBLICATION_H
#define WORKERS_BUNDLE_PUBLICATION_H

#include <stdbool.h>

#define PUBLICATION_NAME_BYTES 128
#define PUBLICATION_SUFFIX     ".partial"

struct publication {
    int root;   /* the directory, or -1 */
    int folder; /* the folder in it, or -1 */
    int file;   /* the partial file, open for writing and locked, or -1 */
    bool has_partial;
    char partial[PUBLICATION_NAME_BYTES];
    char final[PUBLICATION_NAME_BYTES];
};

#define PUBLICATION_INIT ((struct publication){.root = -1, .folder = -1, .file = -1})

/* Makes directory/folder (mode 0700) if it is missing and the partial file (0600) in it. The
 * directory must exist. -ERROR_BUNDLE_EXISTS when the final name or the partial one is taken;
 * -ERROR_IO, -ERROR_DISK_FULL. On failure nothing is left but perhaps the empty folder. */
int publication_open(struct publication *publication, const char *directory, const char *folder,
                     const char *name);

/* fsync, rename without overwriting, fsync of the folder and of the directory. Success means that a
 * power cut takes nothing back. On failure the file is removed under either name; call
 * publication_discard all the same. */
int publication_commit(struct publication *publication);

/* Removes what was not committed and closes everything. Safe twice. */
void publication_discard(struct publication *publication);

#endif
