// SPDX-License-Identifier: MIT
#include "workers/sources/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/sources/listing.h"

#define RACE_ATTEMPTS      16
#define LEAST_BUDGET_BYTES 16384

static const int retryable_errors[] = {EMFILE, ENFILE, ENOMEM, EIO,
                                       ESTALE, EAGAIN, EINTR,  ETIMEDOUT};

bool walk_errno_is_retryable(int error)
{
    for (size_t i = 0; i < sizeof(retryable_errors) / sizeof(retryable_errors[0]); i++) {
        if (retryable_errors[i] == error)
            return true;
    }
    return false;
}

int walk_open(int folder, const char *path, int flags)
{
    /* openat2 refuses flags that mean nothing, as these do with O_PATH. */
    const int reading = flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK;
    struct open_how how = {
        .flags = (unsigned)(flags | reading | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };

    for (int attempt = 0;; attempt++) {
        long descriptor = syscall(SYS_openat2, folder, path, &how, sizeof(how));

        if (descriptor >= 0)
            return (int)descriptor;
        /* EAGAIN: something was renamed while the kernel looked, so it could not be sure. */
        if ((errno != EAGAIN && errno != EINTR) || attempt == RACE_ATTEMPTS)
            return -errno;
    }
}

/* An entry that could not be opened or looked at. */
static void leave_out(struct walk *walk, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: /* it went away, or became something else, since it was listed */
        outcome_truncate(walk->outcome, SOURCE_REASON_FILE_CHANGED);
        return;
    case ELOOP:
    case EXDEV:
        outcome_truncate(walk->outcome, SOURCE_REASON_LINK_REFUSED);
        return;
    default:
        outcome_fail(walk->outcome, SOURCE_REASON_FILE_UNREADABLE, walk_errno_is_retryable(error));
    }
}

int walk_open_file(struct walk *walk, int folder, const char *name, struct stat *status)
{
    int file = walk_open(folder, name, O_RDONLY);

    if (file < 0) {
        leave_out(walk, -file);
        return -1;
    }
    if (fstat(file, status) != 0) {
        leave_out(walk, errno);
    } else if (!S_ISREG(status->st_mode)) {
        outcome_truncate(walk->outcome, SOURCE_REASON_SPECIAL_FILE_REFUSED);
    } else if (status->st_nlink > 1) {
        outcome_truncate(walk->outcome, SOURCE_REASON_LINK_REFUSED);
    } else {
        return file;
    }
    close(file);
    return -1;
}

static int walk_level(struct walk *walk, int folder, int depth, size_t budget_bytes);

static int enter(struct walk *walk, int parent, const char *name, int depth, size_t budget_bytes)
{
    if (depth == WALK_DEPTH) {
        outcome_truncate(walk->outcome, SOURCE_REASON_DEPTH_LIMIT);
        return 0;
    }
    int folder = walk_open(parent, name, O_RDONLY | O_DIRECTORY);
    if (folder < 0) {
        leave_out(walk, -folder);
        return 0;
    }
    return walk_level(walk, folder, depth + 1, budget_bytes);
}

static int visit_entry(struct walk *walk, int folder, const char *name, int depth,
                       size_t budget_bytes)
{
    struct stat status;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        leave_out(walk, errno);
        return 0;
    }
    if (S_ISDIR(status.st_mode))
        return enter(walk, folder, name, depth, budget_bytes);
    if (S_ISREG(status.st_mode))
        return walk->visit(walk, folder, name, &status);
    outcome_truncate(walk->outcome, S_ISLNK(status.st_mode) ? SOURCE_REASON_LINK_REFUSED
                                                            : SOURCE_REASON_SPECIAL_FILE_REFUSED);
    return 0;
}

/* The depth bounds the path; a name has at most 255 bytes. */
static void append_name(struct walk *walk, const char *name)
{
    size_t bytes = strlen(name);

    if (walk->path_bytes > 0)
        walk->path[walk->path_bytes++] = '/';
    memcpy(walk->path + walk->path_bytes, name, bytes + 1);
    walk->path_bytes += bytes;
}

static int walk_names(struct walk *walk, struct listing *listing, int depth, size_t budget_bytes)
{
    size_t path_bytes = walk->path_bytes;
    const char *name;
    int rc = 0;

    while (!rc) {
        int error = listing_next(listing, &name);

        if (gathering_is_stopped(walk->gathering))
            return -ERROR_CANCELLED;
        if (error)
            leave_out(walk, -error);
        if (error || !name)
            break;
        append_name(walk, name);
        rc = visit_entry(walk, listing_descriptor(listing), name, depth, budget_bytes);
        walk->path_bytes = path_bytes;
        walk->path[path_bytes] = '\0';
    }
    return rc;
}

static int walk_level(struct walk *walk, int folder, int depth, size_t budget_bytes)
{
    struct listing listing;
    size_t half = budget_bytes / 2 > LEAST_BUDGET_BYTES ? budget_bytes / 2 : LEAST_BUDGET_BYTES;

    int rc = listing_open(&listing, folder, half, walk->gathering->stop);
    if (rc) {
        leave_out(walk, -rc);
        return 0;
    }
    rc = walk_names(walk, &listing, depth, half);
    listing_close(&listing);
    return rc;
}

int walk_folder(struct walk *walk, int folder)
{
    walk->path_bytes = 0;
    walk->path[0] = '\0';
    int rc = walk_level(walk, folder, 1, WALK_NAME_BYTES);
    return rc == WALK_ENOUGH ? 0 : rc;
}
