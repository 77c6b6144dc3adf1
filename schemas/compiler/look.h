// SPDX-License-Identifier: MIT
/* Looking up keywords of one schema object. What is absent leaves the result as it is, a text
 * becomes NULL; what has the wrong type is an error with its line. */
#ifndef SCHEMAS_COMPILER_LOOK_H
#define SCHEMAS_COMPILER_LOOK_H

#include "schemas/compiler/shape.h"

/* A schema object, where it stands. */
struct look {
    struct model *model;
    const struct document *document;
    const msgpack_object *node;
};

/* The bytes of a string; nothing for any other object. */
struct text text_at(const msgpack_object *object);
bool is_text(const msgpack_object *object, const char *text);

int look_text(const struct look *look, const char *name, const char **text);
int look_integer(const struct look *look, const char *name, int64_t *number);
int look_number(const struct look *look, const char *name, double *number);

/* Bounds that are sizes: not negative, in order, not above limit. */
int look_sizes(const struct look *look, const char *minimum_name, const char *maximum_name,
               int64_t limit, int64_t *minimum, int64_t *maximum);

/* Whether all keywords are known, allowed here, and complete. In keywords.c. */
int keywords_check(const struct look *look, enum place place, enum codec_kind kind);

#endif
