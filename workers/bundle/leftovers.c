// SPDX-License-Identifier: MIT
#include "workers/bundle/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/bundle/spool.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct sweep {
    const struct leftovers_visitor *visitor;
    size_t names_left; /* to look at */
    size_t removed;
    int error; /* the first */
    bool is_ended;
};

/* A folder whose names are looked at, and a name in it. */
struct place {
    int folder;
    const char *folder_name;
    const char *name;
};

/* What is done with each name of a folder. */
typedef void (*on_name)(struct sweep *sweep, const struct place *place);

enum writer { WRITER_NONE, WRITER_LIVES, WRITER_UNKNOWN };

static void note(struct sweep *sweep, int error)
{
    if (!sweep->error)
        sweep->error = error;
}

/* Looked at before it is opened: opening a device or a pipe may already do something. */
static bool is_regular(int folder, const char *name)
{
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
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

static void remove_name(struct sweep *sweep, const struct place *place)
{
    if (unlinkat(place->folder, place->name, 0) == 0)
        sweep->removed++;
    else if (errno != ENOENT) /* another worker's sweep was faster */
        note(sweep, file_error(errno));
}

/* The open partial file, locked, or -1; *writer says what that means. */
static int lock_partial(struct sweep *sweep, int folder, const char *name, enum writer *writer)
{
    *writer = WRITER_NONE;
    /* For writing, since over NFS an exclusive lock needs that. */
    int file = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (file < 0) {
        if (errno == ENOENT || errno == ELOOP)
            return -1;
        *writer = WRITER_UNKNOWN;
        note(sweep, file_error(errno));
        return -1;
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return file;
    *writer = errno == EWOULDBLOCK ? WRITER_LIVES : WRITER_UNKNOWN;
    if (*writer == WRITER_UNKNOWN)
        note(sweep, file_error(errno));
    (void)close(file); /* nothing was written to it */
    return -1;
}

static void sweep_partial(struct sweep *sweep, const struct place *place)
{
    enum writer writer;

    if (!is_regular(place->folder, place->name))
        return;
    int file = lock_partial(sweep, place->folder, place->name, &writer);
    if (file < 0)
        return;
    if (is_same(place->folder, place->name, file))
        remove_name(sweep, place);
    (void)close(file);
}

static enum writer find_writer(struct sweep *sweep, int folder,
                               const struct bundle_identity *bundle)
{
    char partial[IDENTITY_NAME_BUFFER];
    enum writer writer;

    int file =
        lock_partial(sweep, folder, identity_name(bundle, IDENTITY_PARTIAL, partial), &writer);
    if (file >= 0)
        (void)close(file);
    return writer;
}

/* The partial file is looked at before the bundle: it was there before the mark was, so once it is
 * gone, the bundle is there or never will be. */
static void sweep_mark(struct sweep *sweep, const struct place *place,
                       const struct bundle_identity *bundle)
{
    char name[IDENTITY_NAME_BUFFER];
    struct stat status;

    if (!is_regular(place->folder, place->name) ||
        find_writer(sweep, place->folder, bundle) != WRITER_NONE)
        return;
    if (fstatat(place->folder, identity_name(bundle, "", name), &status, AT_SYMLINK_NOFOLLOW) !=
        0) {
        if (errno == ENOENT)
            remove_name(sweep, place);
        else
            note(sweep, file_error(errno));
        return;
    }
    if (S_ISREG(status.st_mode) && sweep->visitor)
        sweep->visitor->on_found(sweep->visitor->context, bundle);
}

static void sweep_file(struct sweep *sweep, const struct place *place)
{
    struct bundle_identity bundle;

    if (identity_parse(place->folder_name, place->name, IDENTITY_PARTIAL, &bundle))
        sweep_partial(sweep, place);
    else if (identity_parse(place->folder_name, place->name, IDENTITY_UNRECORDED, &bundle))
        sweep_mark(sweep, place, &bundle);
}

/* Whether another name may be looked at. */
static bool goes_on(struct sweep *sweep)
{
    if (!sweep->is_ended && sweep->visitor && !sweep->visitor->goes_on(sweep->visitor->context)) {
        sweep->is_ended = true;
        note(sweep, -ERROR_CANCELLED);
    }
    if (!sweep->is_ended && sweep->names_left == 0) {
        sweep->is_ended = true;
        note(sweep, -ERROR_TOO_MANY);
    }
    if (sweep->is_ended)
        return false;
    sweep->names_left--;
    return true;
}

/* Takes the descriptor. */
static void each_name(struct sweep *sweep, int folder, const char *folder_name, on_name visit)
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
        if (!entry || !goes_on(sweep))
            break;
        visit(sweep, &(struct place){folder, folder_name, entry->d_name});
    }
    if (!entry && errno != 0)
        note(sweep, file_error(errno));
    (void)closedir(names);
}

static bool is_tenant(const char *name)
{
    char canonical[UUID_TEXT_BUFFER];
    struct uuid uuid;

    return uuid_parse(text_of(name), &uuid) == 0 &&
           text_equal(text_of(uuid_format(&uuid, canonical)), text_of(name));
}

static void sweep_folder(struct sweep *sweep, const struct place *place)
{
    if (!is_tenant(place->name))
        return;
    int folder = openat(place->folder, place->name, FOLDER_FLAGS | O_NOFOLLOW);

    if (folder >= 0)
        each_name(sweep, folder, place->name, sweep_file);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        note(sweep, file_error(errno));
}

int bundle_sweep_leftovers(const char *directory, const struct leftovers_visitor *visitor,
                           size_t *removed)
{
    struct sweep sweep = {.visitor = visitor, .names_left = LEFTOVERS_MAXIMUM_NAMES};
    int root = open(directory, FOLDER_FLAGS);

    if (root >= 0)
        each_name(&sweep, root, "", sweep_folder);
    else
        note(&sweep, file_error(errno));
    *removed = sweep.removed;
    return sweep.error;
}
