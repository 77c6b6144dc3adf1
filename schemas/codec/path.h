// SPDX-License-Identifier: MIT
/* Where in a message something is wrong. Steps live on the stack of whoever walks the message and
 * are joined to text only when there is an error to tell. Not for sharing between threads. */
#ifndef SCHEMAS_CODEC_PATH_H
#define SCHEMAS_CODEC_PATH_H

#include "schemas/codec/wire.h"

/* One step below its parent; the message itself is NULL. */
struct path {
    const struct path *parent; /* borrowed */
    struct text name;          /* borrowed; of a key, or without data for an item of a list */
    uint32_t index;            /* of the item */
};

/* Fills *error (which may be NULL) and returns its number. Names that are not plain identifiers are
 * written as "?", since they come from a peer. number is negative. */
int path_fail(const struct path *path, int number, const msgpack_object *at,
              struct wire_error *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
