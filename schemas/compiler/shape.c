// SPDX-License-Identifier: MIT
#include "schemas/compiler/shape.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/limits.h"
#include "schemas/codec/json.h"
#include "schemas/compiler/look.h"
#include "schemas/compiler/names.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* Where a node is read, for the functions below. */
struct reader {
    struct look look;
    enum place place;
    const char *c_name;
    uint32_t depth;
};

static int fail_at(const struct reader *reader, const msgpack_object *at, const char *reason)
{
    return model_fail(reader->look.model, reader->look.document, at, "%s", reason);
}

static int read_text(const struct reader *reader, struct shape *shape)
{
    const msgpack_object *pattern = wire_find(reader->look.node, "pattern");
    int rc = look_sizes(&reader->look, "minLength", "maxLength", LIMIT_STRING_BYTES,
                        &shape->minimum, &shape->maximum);

    if (rc != 0 || !pattern) {
        return rc;
    }
    if (pattern->type == MSGPACK_OBJECT_STR) {
        shape->pattern = pattern_find(text_at(pattern));
    }
    return shape->pattern
               ? 0
               : fail_at(reader, pattern, "pattern is one of those in schemas/codec/patterns.c");
}

static int read_integer(const struct reader *reader, struct shape *shape)
{
    int rc = look_integer(&reader->look, "minimum", &shape->minimum);

    if (rc == 0) {
        rc = look_integer(&reader->look, "maximum", &shape->maximum);
    }
    if (rc == 0 && shape->minimum > shape->maximum) {
        rc = fail_at(reader, reader->look.node, "minimum is above maximum");
    }
    return rc;
}

static int read_number(const struct reader *reader, struct shape *shape)
{
    int rc = look_number(&reader->look, "minimum", &shape->number_minimum);

    if (rc == 0) {
        rc = look_number(&reader->look, "maximum", &shape->number_maximum);
    }
    if (rc == 0 && shape->number_minimum > shape->number_maximum) {
        rc = fail_at(reader, reader->look.node, "minimum is above maximum");
    }
    return rc;
}

static int read_list(const struct reader *reader, struct shape *shape)
{
    const msgpack_object *items = wire_find(reader->look.node, "items");
    struct shape *item = zone_allocate(reader->look.model->zone, sizeof(*item));
    int rc = look_sizes(&reader->look, "minItems", "maxItems", LIMIT_ELEMENTS, &shape->minimum,
                        &shape->maximum);

    if (rc == 0) {
        rc = shape_read(reader->look.model, reader->look.document, items, PLACE_ITEM,
                        reader->c_name, reader->depth + 1, item);
    }
    if (rc == 0 && (item->kind == CODEC_LIST || item->is_nullable)) {
        rc = fail_at(reader, items, "an item is neither a list nor null");
    }
    shape->item = item;
    return rc;
}

static int read_enum(const struct reader *reader, struct shape *shape)
{
    msgpack_zone *zone = reader->look.model->zone;
    const msgpack_object *list = wire_find(reader->look.node, "enum");
    struct enumeration *made = zone_allocate(zone, sizeof(*made));
    bool has_null = false;

    if (list->type != MSGPACK_OBJECT_ARRAY || list->via.array.size == 0) {
        return fail_at(reader, list, "enum is a list of strings");
    }
    made->name = reader->c_name;
    made->prefix = name_upper(zone, made->name);
    made->description = shape->description;
    made->values = zone_allocate(zone, (list->via.array.size + 1) * sizeof(*made->values));
    made->members = zone_allocate(zone, (list->via.array.size + 1) * sizeof(*made->members));
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        const msgpack_object *value = &list->via.array.ptr[i];
        char *snake = NULL;

        if (value->type == MSGPACK_OBJECT_NIL && shape->is_nullable && !has_null) {
            has_null = true;
            continue;
        }
        if (value->type == MSGPACK_OBJECT_STR) {
            snake = name_snake(zone, text_at(value));
        }
        if (!snake || strcmp(snake, "count") == 0) {
            return fail_at(reader, value, "no C name can be made of this word of the enum");
        }
        made->values[made->count] = zone_copy(zone, text_at(value));
        made->members[made->count] =
            zone_print(zone, "%s_%s", made->prefix, name_upper(zone, snake));
        for (uint32_t k = 0; k < made->count; k++) {
            if (strcmp(made->members[k], made->members[made->count]) == 0) {
                return fail_at(reader, value, "two words of the enum have the same C name");
            }
        }
        made->count++;
    }
    if (shape->is_nullable != has_null) {
        return fail_at(reader, list, "an enum that may be null lists null, and no other does");
    }
    shape->enumeration = made;
    return model_add_enumeration(reader->look.model, reader->look.document, list, made);
}

static int read_const(const struct reader *reader, struct shape *shape)
{
    return look_text(&reader->look, "const", &shape->constant);
}

static int read_object(const struct reader *reader, struct shape *shape)
{
    struct record *record = NULL;
    int rc = record_read(reader->look.model, reader->look.document, reader->look.node,
                         reader->c_name, reader->depth, &record);

    shape->record = record;
    return rc;
}

static int read_nothing(const struct reader *reader, struct shape *shape)
{
    (void)reader;
    (void)shape;
    return 0;
}

static int (*const readers[])(const struct reader *, struct shape *) = {
    [CODEC_TEXT] = read_text,       [CODEC_UUID] = read_nothing,  [CODEC_DATE_TIME] = read_nothing,
    [CODEC_INTEGER] = read_integer, [CODEC_NUMBER] = read_number, [CODEC_BOOLEAN] = read_nothing,
    [CODEC_ENUM] = read_enum,       [CODEC_CONST] = read_const,   [CODEC_OBJECT] = read_object,
    [CODEC_LIST] = read_list,
};

/* The name of the type, and whether null is allowed beside it. */
static int read_type(const struct reader *reader, struct text *type, bool *is_nullable)
{
    const msgpack_object *found = wire_find(reader->look.node, "type");
    bool is_pair = found && found->type == MSGPACK_OBJECT_ARRAY && found->via.array.size == 2 &&
                   is_text(&found->via.array.ptr[1], "null");

    *type = TEXT("");
    if (is_pair) {
        *is_nullable = true;
        found = &found->via.array.ptr[0];
    }
    if (found && (found->type != MSGPACK_OBJECT_STR || is_text(found, "null"))) {
        return fail_at(reader, found, "type is one type, or a list of one and then \"null\"");
    }
    if (found) {
        *type = text_at(found);
    }
    return 0;
}

static int kind_of_string(const struct reader *reader, enum codec_kind *kind)
{
    const msgpack_object *format = wire_find(reader->look.node, "format");

    *kind = wire_find(reader->look.node, "enum") ? CODEC_ENUM : CODEC_TEXT;
    if (format && *kind == CODEC_TEXT) {
        *kind = is_text(format, "uuid")        ? CODEC_UUID
                : is_text(format, "date-time") ? CODEC_DATE_TIME
                                               : CODEC_TEXT;
        if (*kind == CODEC_TEXT) {
            return fail_at(reader, format, "format is uuid or date-time");
        }
    }
    return 0;
}

static int read_kind(const struct reader *reader, struct shape *shape)
{
    static const struct {
        const char *type;
        enum codec_kind kind;
    } types[] = {{"integer", CODEC_INTEGER},
                 {"number", CODEC_NUMBER},
                 {"boolean", CODEC_BOOLEAN},
                 {"object", CODEC_OBJECT},
                 {"array", CODEC_LIST}};
    struct text type;
    int rc = read_type(reader, &type, &shape->is_nullable);

    if (rc != 0) {
        return rc;
    }
    if (wire_find(reader->look.node, "const")) {
        shape->kind = CODEC_CONST;
        return shape->is_nullable || (type.size_bytes != 0 && !text_equal(type, TEXT("string")))
                   ? fail_at(reader, reader->look.node, "a const is a string")
                   : 0;
    }
    if (text_equal(type, TEXT("string"))) {
        return kind_of_string(reader, &shape->kind);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (text_equal(type, text_of(types[i].type))) {
            shape->kind = types[i].kind;
            return 0;
        }
    }
    return fail_at(reader, reader->look.node,
                   "type is string, integer, number, boolean, object or array");
}

/* A $ref is a whole file; beside it stand only a description, a default and examples. */
static int read_reference(const struct reader *reader, const msgpack_object *reference,
                          struct shape *shape)
{
    const msgpack_object_map *map = &reader->look.node->via.map;
    struct document *target = NULL;
    const char *description = shape->description;
    const msgpack_object *default_value = shape->default_value;
    int rc;

    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;

        if (!is_text(key, "$ref") && !is_text(key, "description") && !is_text(key, "default") &&
            !is_text(key, "examples")) {
            return model_fail(reader->look.model, reader->look.document, key,
                              "%.*s cannot stand beside $ref", TEXT_ARGUMENTS(text_at(key)));
        }
    }
    if (reference->type == MSGPACK_OBJECT_STR && reference->via.str.size > 5 &&
        memcmp(reference->via.str.ptr + reference->via.str.size - 5, ".yaml", 5) == 0) {
        target = model_find(reader->look.model, text_at(reference));
    }
    if (!target || reader->place == PLACE_FILE) {
        return fail_at(reader, reference, "$ref is the name of one of the other files");
    }
    rc = model_enter(reader->look.model, target);
    if (rc != 0) {
        return rc;
    }
    *shape = target->shape;
    shape->description = description ? description : target->shape.description;
    shape->default_value = default_value;
    return 0;
}

static int read_examples(const struct reader *reader, struct shape *shape)
{
    const msgpack_object *examples = wire_find(reader->look.node, "examples");
    struct wire_output json = WIRE_OUTPUT_INIT;

    if (!examples) {
        return 0;
    }
    if (examples->type != MSGPACK_OBJECT_ARRAY || examples->via.array.size == 0) {
        return fail_at(reader, examples, "examples is a list");
    }
    json_from_object(&examples->via.array.ptr[0], &json);
    if (json.error != 0) {
        abort();
    }
    shape->example =
        zone_copy(reader->look.model->zone, (struct text){json.data, (uint32_t)json.size_bytes});
    wire_output_release(&json);
    return 0;
}

static int check_file(const struct reader *reader, const struct shape *shape)
{
    const msgpack_object *dialect = wire_find(reader->look.node, "$schema");
    const char *text;
    int rc = look_text(&reader->look, "title", &text);

    if (rc == 0) {
        rc = look_text(&reader->look, "$id", &text);
    }
    if (rc != 0) {
        return rc;
    }
    if (!is_text(dialect, DIALECT)) {
        return fail_at(reader, dialect, "$schema is " DIALECT);
    }
    if ((shape->kind != CODEC_OBJECT && shape->kind != CODEC_ENUM) || shape->is_nullable) {
        return fail_at(reader, reader->look.node, "a file is an object or an enum");
    }
    return shape->description ? 0 : fail_at(reader, reader->look.node, "description is missing");
}

int shape_read(struct model *model, const struct document *document, const msgpack_object *node,
               enum place place, const char *c_name, uint32_t depth, struct shape *shape)
{
    struct reader reader = {{model, document, node}, place, c_name, depth};
    const msgpack_object *reference = wire_find(node, "$ref");
    int rc;

    *shape = (struct shape){.default_value = wire_find(node, "default")};
    if (node->type != MSGPACK_OBJECT_MAP) {
        return fail_at(&reader, node, "a schema is a map");
    }
    rc = look_text(&reader.look, "description", &shape->description);
    if (rc == 0) {
        rc = read_examples(&reader, shape);
    }
    if (rc == 0 && reference) {
        rc = read_reference(&reader, reference, shape);
        return rc != 0 ? rc : default_check(model, document, shape);
    }
    if (rc == 0) {
        rc = read_kind(&reader, shape);
    }
    if (rc == 0) {
        rc = keywords_check(&reader.look, place, shape->kind);
    }
    if (rc == 0 && place == PLACE_FILE) {
        rc = check_file(&reader, shape);
    }
    if (rc == 0) {
        rc = readers[shape->kind](&reader, shape);
    }
    return rc != 0 ? rc : default_check(model, document, shape);
}
