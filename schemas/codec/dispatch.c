// SPDX-License-Identifier: MIT
#include "schemas/codec/codec.h"

#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/codec/path.h"

/* The const value of the field "type", or NULL. */
static const char *type_of(const struct schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct codec_field *field = &schema->fields[i];

        if (field->kind == CODEC_CONST && strcmp(field->name, "type") == 0) {
            return field->names[0];
        }
    }
    return NULL;
}

int codec_dispatch(const struct schema *const *schemas, const msgpack_object *root,
                   struct wire_error *error)
{
    struct path path = {.name = TEXT("type")};
    const msgpack_object *type = wire_find(root, "type");
    struct text name;

    if (root->type != MSGPACK_OBJECT_MAP) {
        return path_fail(NULL, -ERROR_MALFORMED, root, error, "a map");
    }
    if (!type) {
        return path_fail(&path, -ERROR_FIELD_MISSING, root, error, "the name of a message type");
    }
    if (type->type != MSGPACK_OBJECT_STR) {
        return path_fail(&path, -ERROR_FIELD_TYPE, type, error, "the name of a message type");
    }
    name = (struct text){type->via.str.ptr, type->via.str.size};
    for (int i = 0; schemas[i]; i++) {
        const char *known = type_of(schemas[i]);

        if (known && text_equal(text_of(known), name)) {
            return i;
        }
    }
    return path_fail(&path, -ERROR_UNKNOWN_TYPE, type, error, "the name of a message type");
}
