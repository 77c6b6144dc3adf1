// SPDX-License-Identifier: MIT
#include "workers/bundle/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/uuid.h"
#include "workers/bundle/publication.h"
#include "workers/bundle/spool.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define FENCE_DIGITS 16

struct sweep {
    size_t names_left; /* to look at */
    size_t removed;
    int error; /* the first */
};

/* What is done with each name of a folder. */
typedef void (*on_name)(struct sweep *sweep, int folder, const char *name);

static void note(struct sweep *sweep, int error)
{
    if (!sweep->error)
        sweep->error = error;
}

static bool is_uuid(struct text t)
{
    char canonical[UUID_TEXT_BUFFER];
    struct uuid uuid;

    return uuid_parse(t, &uuid) == 0 && text_equal(text_of(uuid_format(&uuid, canonical)), t);
}

static bool is_partial(const char *name)
{
    const char *fence = name + UUID_TEXT_BYTES + 1;

    return strlen(name) > UUID_TEXT_BYTES + 1 + FENCE_DIGITS &&
           is_uuid((struct text){name, UUID_TEXT_BYTES}) && fence[-1] == '-' &&
           strspn(fence, "0123456789abcdef") == FENCE_DIGITS &&
           strcmp(fence + FENCE_DIGITS, ".zip" PUBLICATION_SUFFIX) == 0;
}

/* Whether the name still stands for the open file: between opening and locking it, its writer may
 * have published it, and somebody may have made another. */
static bool is_same(int folder, const char *name, int file)
{
    struct stat opened;
    struct stat named;

    return fstat(file, &opened) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static void remove_unlocked(struct sweep *sweep, int folder, const char *name, int file)
{
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            note(sweep, file_error(errno));
        return;
    }
    if (!is_same(folder, name, file))
        return;
    if (unlinkat(folder, name, 0) == 0)
        sweep->removed++;
    else
        note(sweep, file_error(errno));
}

static void sweep_file(struct sweep *sweep, int folder, const char *name)
{
    struct stat status;

    /* Looked at first: opening a device or a pipe may already do something. */
    if (!is_partial(name) || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
        return;
    /* For writing, since over NFS an exclusive lock needs that. */
    int file = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (file < 0) {
        if (errno != ENOENT && errno != ELOOP)
            note(sweep, file_error(errno));
        return;
    }
    remove_unlocked(sweep, folder, name, file);
    (void)close(file); /* nothing was written to it */
}

/* Takes the descriptor. */
static void each_name(struct sweep *sweep, int folder, on_name visit)
{
    DIR *names = fdopendir(folder);
    const struct dirent *entry;

    if (!names) {
        note(sweep, -ERROR_MEMORY);
        (void)close(folder);
        return;
    }
    for (;;) {
        errno = 0;
        entry = readdir(names);
        if (!entry || sweep->names_left == 0)
            break;
        sweep->names_left--;
        visit(sweep, folder, entry->d_name);
    }
    if (entry)
        note(sweep, -ERROR_TOO_MANY);
    else if (errno != 0)
        note(sweep, file_error(errno));
    (void)closedir(names);
}

static void sweep_folder(struct sweep *sweep, int root, const char *name)
{
    if (!is_uuid(text_of(name)))
        return;
    int folder = openat(root, name, FOLDER_FLAGS | O_NOFOLLOW);

    if (folder >= 0)
        each_name(sweep, folder, sweep_file);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        note(sweep, file_error(errno));
}

int bundle_sweep_leftovers(const char *directory, size_t *removed)
{
    struct sweep sweep = {.names_left = LEFTOVERS_MAXIMUM_NAMES};
    int root = open(directory, FOLDER_FLAGS);

    if (root >= 0)
        each_name(&sweep, root, sweep_folder);
    else
        note(&sweep, file_error(errno));
    *removed = sweep.removed;
    return sweep.error;
}
