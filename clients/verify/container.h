// SPDX-License-Identifier: MIT
/* What a bag is read from: a ZIP file or a folder. Both name files by their path in the bag. One
 * thread. */
#ifndef CLIENTS_VERIFY_CONTAINER_H
#define CLIENTS_VERIFY_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/verify/problems.h"

#define CONTAINER_NAME_BYTES  4096
#define CONTAINER_PIECE_BYTES 65536

/* What is needed to read a file again. For a folder the name is enough. */
struct container_place {
    uint64_t begin;
    uint64_t end;
    uint64_t size_bytes; /* of the content */
};

struct container_file {
    const char *name; /* in the bag; borrowed during the visit */
    bool is_folder;
    struct container_place place;
};

/* Anything but 0 ends what calls them and is returned. */
typedef int (*container_visitor)(void *context, const struct container_file *file);
typedef int (*container_sink)(void *context, const void *data, size_t size_bytes);

struct container;

struct container_kind {
    int (*walk)(struct container *container, struct problems *problems, container_visitor visitor,
                void *context);
    int (*read)(struct container *container, struct problems *problems, const char *name,
                const struct container_place *place, container_sink sink, void *sink_context);
};

struct container {
    const struct container_kind *kind;
    int descriptor;
    uint64_t size_bytes; /* of a ZIP file */
    char *piece;         /* CONTAINER_PIECE_BYTES */
};

/* Opens a ZIP file or a folder, as what is there says. -ERROR_NOT_FOUND, -ERROR_IO, -ERROR_MEMORY.
 */
int container_open(struct container *container, const char *path);
void container_close(struct container *container); /* safe twice */

/* Visits every file and folder once, after having reported what is wrong with its wrapping or name;
 * files that cannot be part of any bag are reported and not visited. Returns what the visitor did,
 * or -ERROR_IO. */
int container_walk(struct container *container, struct problems *problems,
                   container_visitor visitor, void *context);

/* Reads one file. *is_whole says whether every byte came and its checks held; if not that has been
 * reported. */
int container_read(struct container *container, struct problems *problems, const char *name,
                   const struct container_place *place, container_sink sink, void *sink_context,
                   bool *is_whole);

/* Why a path in a bag is not acceptable, or NULL when it is. */
const char *container_name_fault(const char *name);

extern const struct container_kind zip_container;
extern const struct container_kind folder_container;

#endif
