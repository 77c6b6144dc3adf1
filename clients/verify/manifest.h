// SPDX-License-Identifier: MIT
/* The lines of a BagIt manifest (RFC 8493, section 2.1.3): a digest, white space, a path with CR,
 * LF and % percent-encoded. Bytes come in pieces of any size; memory is one line. One thread. */
#ifndef CLIENTS_VERIFY_MANIFEST_H
#define CLIENTS_VERIFY_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/verify/container.h"
#include "clients/verify/entry_table.h"

#define MANIFEST_LINE_BYTES (CONTAINER_NAME_BYTES + 128)

struct manifest_line {
    const char *path; /* decoded, valid during the call */
    uint8_t digest[ENTRY_DIGEST_BYTES];
};

typedef int (*manifest_visitor)(void *context, const struct manifest_line *line);

struct manifest {
    const char *name; /* of the manifest, for problems */
    struct problems *problems;
    manifest_visitor visitor;
    void *context;
    uint64_t line_number;
    size_t used;
    bool is_too_long;
    char line[MANIFEST_LINE_BYTES];
};

/* A container_sink whose context is a struct manifest. Lines that are none are reported and left
 * out. */
int manifest_take(void *manifest, const void *data, size_t size_bytes);

/* Takes the last line if it has no end. */
int manifest_end(struct manifest *manifest);

#endif
