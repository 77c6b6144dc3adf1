// SPDX-License-Identifier: MIT
/* msgpack objects and codec structs as JSON text, one line, UTF-8. For people and other programs to
 * read. */
#ifndef SCHEMAS_CODEC_JSON_H
#define SCHEMAS_CODEC_JSON_H

#include "schemas/codec/codec.h"

/* Appends JSON to the output. Integral doubles are written with ".0"; NaN and infinities as null.
 */
void json_from_object(const msgpack_object *object, struct wire_output *output);
void json_from_value(const struct schema *schema, const void *value, struct wire_output *output);

/* Appends a JSON string, quoted and escaped. */
void json_text(struct wire_output *output, struct text t);

#endif
