// SPDX-License-Identifier: MIT
#include "workers/bundle/unrecorded.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "schemas/base/errors.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int remove_name(int folder, const char *name, int flags)
{
    return unlinkat(folder, name, flags) == 0 || errno == ENOENT ? 0 : -ERROR_IO;
}

static int remove_named(int folder, const struct bundle_identity *bundle, const char *suffix)
{
    char name[IDENTITY_NAME_BUFFER];

    return remove_name(folder, identity_name(bundle, suffix, name), 0);
}

/* A folder that other bundles are in stays: rmdir(2) refuses it. */
static int remove_folder(int root, const char *name)
{
    int rc = remove_name(root, name, AT_REMOVEDIR);

    return rc && (errno == ENOTEMPTY || errno == EEXIST) ? 0 : rc;
}

static void close_folder(int folder)
{
    int saved = errno;

    (void)close(folder); /* it was only read */
    errno = saved;
}

/* The mark last: as long as it is there, another sweep tries again. */
static int settle(int root, const struct bundle_identity *bundle, bool is_removed)
{
    char name[UUID_TEXT_BUFFER];
    int rc = 0;
    int folder = openat(root, uuid_format(&bundle->tenant, name), FOLDER_FLAGS | O_NOFOLLOW);

    if (folder < 0)
        return errno == ENOENT ? 0 : -ERROR_IO;
    if (is_removed)
        rc = remove_named(folder, bundle, "");
    if (!rc)
        rc = remove_named(folder, bundle, IDENTITY_UNRECORDED);
    close_folder(folder);
    return !rc && is_removed ? remove_folder(root, name) : rc;
}

static int settle_below(const char *directory, const struct bundle_identity *bundle,
                        bool is_removed)
{
    int root = open(directory, FOLDER_FLAGS);

    if (root < 0)
        return -ERROR_IO;
    int rc = settle(root, bundle, is_removed);
    close_folder(root);
    return rc;
}

int bundle_keep(const char *directory, const struct bundle_identity *bundle)
{
    return settle_below(directory, bundle, false);
}

int bundle_remove(const char *directory, const struct bundle_identity *bundle)
{
    return settle_below(directory, bundle, true);
}
