// SPDX-License-Identifier: MIT
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/verify/container.h"
#include "clients/verify/zip_directory.h"
#include "schemas/base/errors.h"

/* One walk through the members. */
struct walk {
    struct zip_directory directory;
    struct zip_member member;
    struct problems *problems;
    container_visitor visitor;
    void *context;
    char top[256]; /* the one folder that everything lies below, once it is known */
};

/* The path in the bag: what follows the top folder. NULL for the folder itself and for what lies
 * elsewhere. */
static const char *path_in_bag(struct walk *walk)
{
    const char *name = walk->member.name;
    const char *slash = strchr(name, '/');
    size_t top_bytes = slash ? (size_t)(slash - name) : 0;

    if (top_bytes == 0 || top_bytes >= sizeof(walk->top)) {
        problem(walk->problems, name, "it is not in a folder at the top of the ZIP");
        return NULL;
    }
    if (walk->top[0] == '\0')
        memcpy(walk->top, name, top_bytes);
    if (strlen(walk->top) != top_bytes || memcmp(walk->top, name, top_bytes) != 0) {
        problem(walk->problems, name, "it is in another folder than the rest");
        return NULL;
    }
    return slash[1] ? slash + 1 : NULL;
}

static int visit(struct walk *walk)
{
    struct zip_member *member = &walk->member;
    struct container_file file = {
        .place = {member->begin, member->end, member->size_bytes},
    };
    size_t bytes = strlen(member->name);

    file.is_folder = bytes > 0 && member->name[bytes - 1] == '/';
    if (file.is_folder && member->size_bytes > 0)
        problem(walk->problems, member->name, "it is a folder and has content");
    const char *fault = NULL;

    if (file.is_folder)
        member->name[bytes - 1] = '\0';
    fault = container_name_fault(member->name);
    if (fault) {
        problem(walk->problems, member->name, "%s", fault);
        return 0;
    }
    if (file.is_folder && !strchr(member->name, '/'))
        member->name[bytes - 1] = '/'; /* the top folder itself */
    file.name = path_in_bag(walk);
    return file.name ? walk->visitor(walk->context, &file) : 0;
}

static int walk_zip(struct container *container, struct problems *problems,
                    container_visitor visitor, void *context)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    bool goes_on;
    bool is_usable;

    if (!walk)
        return -ERROR_MEMORY;
    walk->problems = problems;
    walk->visitor = visitor;
    walk->context = context;
    int rc = zip_directory_open(&walk->directory, container->descriptor, container->size_bytes,
                                problems, &goes_on);
    while (!rc && goes_on) {
        rc = zip_directory_next(&walk->directory, &walk->member, &goes_on, &is_usable);
        if (!rc && goes_on && is_usable)
            rc = visit(walk);
    }
    zip_directory_close(&walk->directory);
    free(walk);
    return rc;
}

/* libarchive looks for the longest kind of descriptor, and takes its absence for a cut file. */
#define DESCRIPTOR_BYTES 24

/* The bytes of one entry, header to descriptor, on their way into libarchive: it sees no more of
 * the rest than those few. */
struct window {
    struct container *container;
    uint64_t position;
    uint64_t end;
};

static la_ssize_t on_read(struct archive *archive, void *context, const void **buffer)
{
    struct window *window = context;
    uint64_t left = window->end - window->position;
    size_t most = left < CONTAINER_PIECE_BYTES ? (size_t)left : CONTAINER_PIECE_BYTES;
    ssize_t bytes;

    do {
        bytes = pread(window->container->descriptor, window->container->piece, most,
                      (off_t)window->position);
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        archive_set_error(archive, errno, "the file cannot be read");
    else
        window->position += (uint64_t)bytes;
    *buffer = window->container->piece;
    return bytes;
}

/* Hands all content on, and never more of it than was declared. */
static int pour(struct archive *archive, struct problems *problems, const char *name,
                uint64_t size_bytes, container_sink sink, void *sink_context)
{
    char content[16384];
    uint64_t total = 0;

    for (;;) {
        la_ssize_t bytes = archive_read_data(archive, content, sizeof(content));

        if (bytes == 0)
            break;
        if (bytes < 0) {
            const char *why = archive_error_string(archive);

            problem(problems, name, "its content is damaged: %s", why ? why : "unknown reason");
            return 0;
        }
        total += (uint64_t)bytes;
        if (total > size_bytes)
            break;
        int rc = sink(sink_context, content, (size_t)bytes);
        if (rc)
            return rc;
    }
    if (total != size_bytes)
        problem(problems, name, "its content is not as long as the ZIP directory says");
    return 0;
}

static int read_zip(struct container *container, struct problems *problems, const char *name,
                    const struct container_place *place, container_sink sink, void *sink_context)
{
    uint64_t room = container->size_bytes - place->end;
    struct window window = {container, place->begin,
                            place->end + (room < DESCRIPTOR_BYTES ? room : DESCRIPTOR_BYTES)};
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    int rc = 0;

    if (!archive)
        return -ERROR_MEMORY;
    int result = archive_read_support_format_zip_streamable(archive);
    if (result == ARCHIVE_OK)
        result = archive_read_open(archive, &window, NULL, on_read, NULL);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(archive, &entry);
    /* A warning is about characters of the name, which was read from the directory. */
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
        problem(problems, name, "its header cannot be read");
    else
        rc = pour(archive, problems, name, place->size_bytes, sink, sink_context);
    (void)archive_read_free(archive);
    return rc;
}

const struct container_kind zip_container = {walk_zip, read_zip};
