// SPDX-License-Identifier: MIT
#include "workers/bundle/publication.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/bundle/spool.h"

#define FOLDER_FLAGS  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define PARTIAL_TRIES 3
#define FOLDER_TRIES  3

/* -ERROR_NOT_FOUND when the folder was removed, as empty, since it was made or opened. */
static int folder_error(int number)
{
    return number == ENOENT ? -ERROR_NOT_FOUND : file_error(number);
}

static int open_folders(struct publication *publication, const char *directory, const char *folder)
{
    publication->root = open(directory, FOLDER_FLAGS);
    if (publication->root < 0)
        return file_error(errno);
    if (mkdirat(publication->root, folder, 0700) != 0 && errno != EEXIST)
        return file_error(errno);
    publication->folder = openat(publication->root, folder, FOLDER_FLAGS | O_NOFOLLOW);
    return publication->folder < 0 ? folder_error(errno) : 0;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor); /* of something discarded, or of a folder that is only read */
    *descriptor = -1;
}

/* -ERROR_LOCKED when the file was taken for a leftover before it was locked. */
static int lock_partial(const struct publication *publication)
{
    struct stat status;
    int locked;

    do {
        locked = flock(publication->file, LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0 || fstat(publication->file, &status) != 0)
        return file_error(errno);
    return status.st_nlink > 0 ? 0 : -ERROR_LOCKED;
}

static int make_partial(struct publication *publication)
{
    publication->file = openat(publication->folder, publication->partial,
                               O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (publication->file < 0)
        return folder_error(errno);
    publication->has_partial = true;
    int rc = lock_partial(publication);
    if (rc == -ERROR_LOCKED) {
        publication->has_partial = false;
        close_descriptor(&publication->file);
    }
    return rc;
}

static int open_partial(struct publication *publication)
{
    struct stat status;
    int rc = -ERROR_LOCKED;

    /* Told early, so that no gathering is wasted; the rename is what makes sure. */
    if (fstatat(publication->folder, publication->final, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return -ERROR_BUNDLE_EXISTS;
    if (errno != ENOENT)
        return file_error(errno);
    for (int i = 0; rc == -ERROR_LOCKED && i < PARTIAL_TRIES; i++)
        rc = make_partial(publication);
    return rc == -ERROR_LOCKED ? -ERROR_IO : rc;
}

int publication_open(struct publication *publication, const char *directory,
                     const struct bundle_identity *bundle)
{
    char folder[UUID_TEXT_BUFFER];
    int rc = -ERROR_NOT_FOUND;

    uuid_format(&bundle->tenant, folder);
    identity_name(bundle, "", publication->final);
    identity_name(bundle, IDENTITY_PARTIAL, publication->partial);
    identity_name(bundle, IDENTITY_UNRECORDED, publication->mark);
    for (int i = 0; rc == -ERROR_NOT_FOUND && i < FOLDER_TRIES; i++) {
        rc = open_folders(publication, directory, folder);
        if (!rc)
            rc = open_partial(publication);
        if (rc)
            publication_discard(publication);
    }
    return rc == -ERROR_NOT_FOUND ? -ERROR_IO : rc;
}

static int make_mark(struct publication *publication)
{
    int mark = openat(publication->folder, publication->mark,
                      O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (mark < 0)
        return file_error(errno);
    publication->has_mark = true;
    return close(mark) == 0 ? 0 : file_error(errno);
}

/* The mark stays when the bundle could not be removed: then it is swept some other time. */
static void take_back(struct publication *publication)
{
    if (unlinkat(publication->folder, publication->final, 0) != 0)
        publication->has_mark = false;
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

        take_back(publication);
        return rc;
    }
    return 0;
}

int publication_sync(struct publication *publication, const atomic_int *stop)
{
    if (fsync(publication->file) != 0)
        return file_error(errno);
    return stop && atomic_load(stop) != 0 ? -ERROR_CANCELLED : 0;
}

int publication_commit(struct publication *publication)
{
    int rc = make_mark(publication);

    if (!rc)
        rc = rename_exclusively(publication);
    if (rc)
        return rc;
    publication->has_partial = false;
    /* Only now: closing lets go of the lock that keeps the partial name from being swept. */
    int closed = close(publication->file);

    publication->file = -1;
    /* The directory too, each time: whoever made the folder may have died before its own fsync. */
    if (closed == 0 && fsync(publication->folder) == 0 && fsync(publication->root) == 0) {
        publication->has_mark = false; /* whoever is told of the bundle removes it */
        return 0;
    }
    rc = file_error(errno);
    /* Whole, but perhaps gone after a power cut: nobody is told of it, so nobody may see it. */
    take_back(publication);
    return rc;
}

void publication_discard(struct publication *publication)
{
    if (publication->has_partial)
        (void)unlinkat(publication->folder, publication->partial, 0);
    publication->has_partial = false;
    if (publication->has_mark)
        (void)unlinkat(publication->folder, publication->mark, 0);
    publication->has_mark = false;
    close_descriptor(&publication->file);
    close_descriptor(&publication->folder);
    close_descriptor(&publication->root);
}
