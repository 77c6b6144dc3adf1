// SPDX-License-Identifier: MIT
#include "clients/verify/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/text.h"

int container_open(struct container *container, const char *path)
{
    struct stat status;

    *container = (struct container){.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (container->descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR ? -ERROR_NOT_FOUND : -ERROR_IO;
    container->piece = malloc(CONTAINER_PIECE_BYTES);
    if (!container->piece)
        return -ERROR_MEMORY;
    if (fstat(container->descriptor, &status) != 0)
        return -ERROR_IO;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return -ERROR_IO;
    container->kind = S_ISDIR(status.st_mode) ? &folder_container : &zip_container;
    container->size_bytes = (uint64_t)status.st_size;
    return 0;
}

void container_close(struct container *container)
{
    if (container->descriptor >= 0)
        (void)close(container->descriptor); /* only read from */
    container->descriptor = -1;
    free(container->piece);
    container->piece = NULL;
}

int container_walk(struct container *container, struct problems *problems,
                   container_visitor visitor, void *context)
{
    return container->kind->walk(container, problems, visitor, context);
}

int container_read(struct container *container, struct problems *problems, const char *name,
                   const struct container_place *place, container_sink sink, void *sink_context,
                   bool *is_whole)
{
    uint64_t before = problems->count;
    int rc = container->kind->read(container, problems, name, place, sink, sink_context);

    *is_whole = rc == 0 && problems->count == before;
    return rc;
}

static const char *component_fault(const char *component, size_t size_bytes)
{
    if (size_bytes == 0)
        return "its name has an empty part";
    if (component[0] == '.' && (size_bytes == 1 || (size_bytes == 2 && component[1] == '.')))
        return "its name climbs out of its folder";
    return NULL;
}

const char *container_name_fault(const char *name)
{
    uint32_t code_points;
    const char *fault = NULL;

    if (name[0] == '/')
        return "its name is absolute";
    if (name[0] != '\0' && name[1] == ':')
        return "its name begins with a drive letter";
    if (strlen(name) >= CONTAINER_NAME_BYTES)
        return "its name is too long";
    if (text_code_points(text_of(name), &code_points) != 0)
        return "its name is not UTF-8";
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\')
            return "its name has a control character or a backslash";
    }
    for (const char *at = name; !fault; at++) {
        size_t bytes = strcspn(at, "/");

        fault = component_fault(at, bytes);
        at += bytes;
        if (*at == '\0')
            break;
    }
    return fault;
}
