// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clients/verify/container.h"
#include "schemas/base/errors.h"

#define FOLDER_DEPTH 64

/* One walk through an extracted bag. path is extended and cut as folders are entered and left. */
struct walk {
    struct problems *problems;
    container_visitor visitor;
    void *context;
    char path[CONTAINER_NAME_BYTES];
};

static int walk_folder(struct walk *walk, int descriptor, size_t path_bytes, unsigned depth);

/* Opens below a folder without leaving it and without following any link. */
static int open_beneath(int folder, const char *path, uint64_t flags)
{
    struct open_how how = {
        .flags = flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

/* Visits what is at the path now, and what is below it. */
static int visit(struct walk *walk, int parent, const char *name, size_t path_bytes, unsigned depth)
{
    struct stat status;
    struct container_file file = {.name = walk->path};

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -ERROR_IO;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        problem(walk->problems, walk->path, "it is a link or a special file");
        return 0;
    }
    file.is_folder = S_ISDIR(status.st_mode);
    file.place.size_bytes = (uint64_t)status.st_size;
    const char *fault = container_name_fault(walk->path);
    if (fault)
        problem(walk->problems, walk->path, "%s", fault);
    int rc = fault ? 0 : walk->visitor(walk->context, &file);
    if (rc || fault || !file.is_folder)
        return rc;
    if (depth == FOLDER_DEPTH) {
        problem(walk->problems, walk->path, "its folders are nested too deeply");
        return 0;
    }
    return walk_folder(walk, open_beneath(parent, name, O_DIRECTORY), path_bytes, depth + 1);
}

/* Takes the descriptor. */
static int walk_folder(struct walk *walk, int descriptor, size_t path_bytes, unsigned depth)
{
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    int rc = 0;

    if (!folder) {
        if (descriptor >= 0)
            (void)close(descriptor);
        return -ERROR_IO;
    }
    while (!rc) {
        errno = 0;
        struct dirent *entry = readdir(folder);

        if (!entry) {
            rc = errno ? -ERROR_IO : 0;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        size_t separator = path_bytes > 0 ? 1 : 0;
        size_t name_bytes = strlen(entry->d_name);

        if (path_bytes + separator + name_bytes >= sizeof(walk->path)) {
            problem(walk->problems, walk->path, "a name in it is too long");
            continue;
        }
        if (separator)
            walk->path[path_bytes] = '/';
        memcpy(walk->path + path_bytes + separator, entry->d_name, name_bytes + 1);
        rc = visit(walk, dirfd(folder), entry->d_name, path_bytes + separator + name_bytes, depth);
        walk->path[path_bytes] = '\0';
    }
    (void)closedir(folder);
    return rc;
}

static int walk_bag(struct container *container, struct problems *problems,
                    container_visitor visitor, void *context)
{
    struct walk *walk = calloc(1, sizeof(*walk));

    if (!walk)
        return -ERROR_MEMORY;
    walk->problems = problems;
    walk->visitor = visitor;
    walk->context = context;
    int rc = walk_folder(walk, open_beneath(container->descriptor, ".", O_DIRECTORY), 0, 0);
    free(walk);
    return rc;
}

static int read_file(struct container *container, struct problems *problems, const char *name,
                     const struct container_place *place, container_sink sink, void *sink_context)
{
    int file = open_beneath(container->descriptor, name, 0);
    int rc = 0;

    (void)place;
    if (file < 0) {
        problem(problems, name, "it cannot be opened");
        return 0;
    }
    for (;;) {
        ssize_t bytes = read(file, container->piece, CONTAINER_PIECE_BYTES);

        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            problem(problems, name, "it cannot be read");
        if (bytes <= 0)
            break;
        rc = sink(sink_context, container->piece, (size_t)bytes);
        if (rc)
            break;
    }
    (void)close(file); /* only read from */
    return rc;
}

const struct container_kind folder_container = {walk_bag, read_file};
