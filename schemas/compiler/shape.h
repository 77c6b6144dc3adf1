// SPDX-License-Identifier: MIT
/* One schema object, read and checked: which keywords it may have, which it must have, and what
 * they say. */
#ifndef SCHEMAS_COMPILER_SHAPE_H
#define SCHEMAS_COMPILER_SHAPE_H

#include "schemas/compiler/model.h"

enum place { PLACE_FILE = 1, PLACE_PROPERTY = 2, PLACE_ITEM = 4 };

/* Reads node, which is called c_name should it need a type of its own. depth counts objects within
 * objects. */
int shape_read(struct model *model, const struct document *document, const msgpack_object *node,
               enum place place, const char *c_name, uint32_t depth, struct shape *shape);

/* The same for what only objects have: properties, required, additionalProperties. In record.c. */
int record_read(struct model *model, const struct document *document, const msgpack_object *node,
                const char *c_name, uint32_t depth, struct record **record);

/* Whether the default fits the shape. In default.c. */
int default_check(struct model *model, const struct document *document, const struct shape *shape);

#endif
