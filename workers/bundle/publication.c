// SPDX-License-Identifier: MIT
#include "workers/bundle/publication.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/bundle/spool.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int open_folders(struct publication *publication, const char *directory, const char *folder)
{
    publication->root = open(directory, FOLDER_FLAGS);
    if (publication->root < 0)
        return file_error(errno);
    if (mkdirat(publication->root, folder, 0700) != 0 && errno != EEXIST)
        return file_error(errno);
    publication->folder = openat(publication->root, folder, FOLDER_FLAGS | O_NOFOLLOW);
    return publication->folder < 0 ? file_error(errno) : 0;
}

static int open_partial(struct publication *publication)
{
    struct stat status;

    /* Told early, so that no gathering is wasted; the rename is what makes sure. */
    if (fstatat(publication->folder, publication->final, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return -ERROR_BUNDLE_EXISTS;
    if (errno != ENOENT)
        return file_error(errno);
    publication->file = openat(publication->folder, publication->partial,
                               O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (publication->file < 0)
        return file_error(errno);
    publication->has_partial = true;
    return 0;
}

int publication_open(struct publication *publication, const char *directory, const char *folder,
                     const char *name)
{
    int bytes = snprintf(publication->final, PUBLICATION_NAME_BYTES, "%s", name);
    int partial_bytes = snprintf(publication->partial, PUBLICATION_NAME_BYTES, "%s.partial", name);

    if (bytes < 0 || partial_bytes < 0 || partial_bytes >= PUBLICATION_NAME_BYTES)
        return -ERROR_TOO_LONG;
    int rc = open_folders(publication, directory, folder);
    if (!rc)
        rc = open_partial(publication);
    if (rc)
        publication_discard(publication);
    return rc;
}

/* Names the file, failing when the name is taken. */
static int rename_exclusively(struct publication *publication)
{
    int folder = publication->folder;

    if (renameat2(folder, publication->partial, folder, publication->final, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return file_error(errno);
    /* A file system that cannot do that can still refuse to link over an existing name. */
    if (linkat(folder, publication->partial, folder, publication->final, 0) != 0)
        return file_error(errno);
    if (unlinkat(folder, publication->partial, 0) != 0) {
        int rc = file_error(errno);

        (void)unlinkat(folder, publication->final, 0);
        return rc;
    }
    return 0;
}

int publication_commit(struct publication *publication)
{
    if (fsync(publication->file) != 0)
        return file_error(errno);
    int closed = close(publication->file);

    publication->file = -1;
    if (closed != 0)
        return file_error(errno);
    int rc = rename_exclusively(publication);
    if (rc)
        return rc;
    publication->has_partial = false;
    /* The directory too, each time: whoever made the folder may have died before its own fsync. */
    if (fsync(publication->folder) == 0 && fsync(publication->root) == 0)
        return 0;
    rc = file_error(errno);
    /* Whole, but perhaps gone after a power cut: nobody is told of it, so nobody may see it. */
    (void)unlinkat(publication->folder, publication->final, 0);
    return rc;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor); /* of something discarded, or of a folder that is only read */
    *descriptor = -1;
}

void publication_discard(struct publication *publication)
{
    if (publication->has_partial)
        (void)unlinkat(publication->folder, publication->partial, 0);
    publication->has_partial = false;
    close_descriptor(&publication->file);
    close_descriptor(&publication->folder);
    close_descriptor(&publication->root);
}
