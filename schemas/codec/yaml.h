// SPDX-License-Identifier: MIT
/* A YAML text as msgpack objects that remember their lines. Only the part of YAML that
 * configuration needs: one document of maps, lists and scalars; anchors, aliases, tags, merge keys,
 * further documents and duplicate keys are errors, and depth and number of elements are bounded
 * while libyaml still reads (limits.h: CONFIGURATION). */
#ifndef SCHEMAS_CODEC_YAML_H
#define SCHEMAS_CODEC_YAML_H

#include <msgpack.h>

#include "schemas/base/text.h"

struct yaml_tree;

/* Reads the bytes, which may be forgotten afterwards. An empty text is an empty map. name stands in
 * messages, which are ready lines "NAME:LINE: …". Returns -ERROR_CONFIGURATION or -ERROR_MEMORY.
 * Destroy the tree at the end. */
int yaml_tree_read(struct yaml_tree **tree, const char *name, struct text bytes, char *message,
                   size_t message_bytes);
void yaml_tree_destroy(struct yaml_tree **tree);

/* Borrowed from the tree, as everything below it. Plain scalars have the types of YAML's core
 * schema. */
const msgpack_object *yaml_tree_root(const struct yaml_tree *tree);

/* The line of an object of the tree, from 1; 1 for any other. */
uint32_t yaml_tree_line(const struct yaml_tree *tree, const msgpack_object *object);

#endif
