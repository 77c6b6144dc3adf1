// SPDX-License-Identifier: MIT
/* One bundle file on its way to becoming visible in a directory: written as "NAME.partial", and
 * named NAME only when every byte of it is on the disk. A reader therefore sees nothing or all, at
 * whatever point the process or the machine dies; a crash can leave a .partial, never half a file
 * under the final name (workers/bundle/leftovers.h removes that). The writer holds flock(2) on
 * the partial file as long as it has that name.
 *
 * Before it gets its name, an empty mark, "NAME.unrecorded", is made beside it: from then on until
 * the daemon has recorded the bundle (workers/bundle/unrecorded.h), a bundle whose worker was
 * killed can be told from one that counts. One thread. */
#ifndef WORKERS_BUNDLE_PUBLICATION_H
#define WORKERS_BUNDLE_PUBLICATION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "workers/bundle/identity.h"

struct publication {
    int root;   /* the directory, or -1 */
    int folder; /* the folder in it, or -1 */
    int file;   /* the partial file, open for writing and locked, or -1 */
    bool has_partial;
    bool has_mark; /* which is ours to remove */
    char partial[IDENTITY_NAME_BUFFER];
    char mark[IDENTITY_NAME_BUFFER];
    char final[IDENTITY_NAME_BUFFER];
};

#define PUBLICATION_INIT ((struct publication){.root = -1, .folder = -1, .file = -1})

/* Makes the tenant's folder (mode 0700) if it is missing and the partial file (0600) in it; copes
 * with somebody who removes the empty folder meanwhile. The directory must exist.
 * -ERROR_BUNDLE_EXISTS when the final name or the partial one is taken; -ERROR_IO,
 * -ERROR_DISK_FULL. On failure nothing is left but perhaps the empty folder. */
int publication_open(struct publication *publication, const char *directory,
                     const struct bundle_identity *bundle);

/* Brings what was written to the disk, which may take long. -ERROR_CANCELLED when *stop is other
 * than zero afterwards; stop may be NULL. */
int publication_sync(struct publication *publication, const atomic_int *stop);

/* Of a file that was synced: the mark, rename without overwriting, fsync of the folder and of the
 * directory. Success means that a power cut takes nothing back. On failure the file is removed
 * under either name, and the mark after it; call publication_discard all the same. */
int publication_commit(struct publication *publication);

/* Removes what was not committed and closes everything. Safe twice. */
void publication_discard(struct publication *publication);

#endif
