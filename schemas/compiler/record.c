// SPDX-License-Identifier: MIT
#include <string.h>

#include "schemas/base/limits.h"
#include "schemas/compiler/look.h"
#include "schemas/compiler/names.h"

struct reader {
    struct model *model;
    const struct document *document;
    const msgpack_object *node;
    struct record *record;
    uint32_t depth;
};

static int fail_at(const struct reader *reader, const msgpack_object *at, const char *reason)
{
    return model_fail(reader->model, reader->document, at, "%s", reason);
}

static struct property *find_property(const struct record *record, struct text name)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (text_equal(text_of(record->properties[i].name), name)) {
            return &record->properties[i];
        }
    }
    return NULL;
}

static int read_required(const struct reader *reader)
{
    const msgpack_object *list = wire_find(reader->node, "required");

    if (!list) {
        return 0;
    }
    if (list->type != MSGPACK_OBJECT_ARRAY) {
        return fail_at(reader, list, "required is a list of properties");
    }
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        const msgpack_object *name = &list->via.array.ptr[i];
        struct property *property =
            name->type == MSGPACK_OBJECT_STR ? find_property(reader->record, text_at(name)) : NULL;

        if (!property || property->is_required) {
            return fail_at(reader, name, "required lists properties, each once");
        }
        property->is_required = true;
    }
    return 0;
}

/* Two members must not share a name, nor one with the flag of another. */
static int check_members(const struct reader *reader, const struct property *property)
{
    const struct record *record = reader->record;

    for (uint32_t i = 0; i < record->count; i++) {
        const struct property *other = &record->properties[i];

        if (other == property || !other->member || !property->member) {
            continue;
        }
        if (strcmp(other->member, property->member) == 0 ||
            (other->has_flag && strncmp(property->member, "has_", 4) == 0 &&
             strcmp(property->member + 4, other->member) == 0)) {
            return model_fail(reader->model, reader->document, property->source,
                              "%s and %s would share a name in C", other->name, property->name);
        }
    }
    return 0;
}

static int check_property(const struct reader *reader, const struct property *property)
{
    const struct shape *shape = &property->shape;

    if (shape->kind == CODEC_CONST && !property->is_required) {
        return fail_at(reader, property->source, "a const is required");
    }
    if (shape->default_value && property->is_required) {
        return fail_at(reader, property->source, "what is required has no default");
    }
    if (!shape->description) {
        return fail_at(reader, property->source, "description is missing");
    }
    return check_members(reader, property);
}

static int read_property(const struct reader *reader, const msgpack_object_kv *pair,
                         struct property *property)
{
    struct model *model = reader->model;
    char *member = name_member(model->zone, text_at(&pair->key));
    char *snake = name_snake(model->zone, text_at(&pair->key));

    if (!member) {
        return fail_at(reader, &pair->key, "no C name can be made of this");
    }
    property->name = zone_copy(model->zone, text_at(&pair->key));
    property->member = member;
    property->source = &pair->key;
    return shape_read(model, reader->document, &pair->val, PLACE_PROPERTY,
                      zone_print(model->zone, "%s_%s", reader->record->name, snake),
                      reader->depth + 1, &property->shape);
}

static int finish_properties(const struct reader *reader)
{
    struct record *record = reader->record;
    int rc = read_required(reader);

    for (uint32_t i = 0; i < record->count; i++) {
        struct property *property = &record->properties[i];

        property->has_flag = (!property->is_required || property->shape.is_nullable) &&
                             !property->shape.default_value;
        if (property->shape.kind == CODEC_CONST) {
            property->member = NULL;
            property->has_flag = false;
        }
    }
    for (uint32_t i = 0; i < record->count && rc == 0; i++) {
        rc = check_property(reader, &record->properties[i]);
    }
    return rc;
}

static int read_properties(const struct reader *reader)
{
    const msgpack_object *additional = wire_find(reader->node, "additionalProperties");
    const msgpack_object *properties = wire_find(reader->node, "properties");
    struct record *record = reader->record;
    int rc = 0;

    if (additional->type != MSGPACK_OBJECT_BOOLEAN || additional->via.boolean) {
        return fail_at(reader, additional, "additionalProperties is false");
    }
    if (properties->type != MSGPACK_OBJECT_MAP || properties->via.map.size > LIMIT_MAP_KEYS) {
        return model_fail(reader->model, reader->document, properties,
                          "properties is a map of at most %d", LIMIT_MAP_KEYS);
    }
    record->properties = zone_allocate(reader->model->zone, (properties->via.map.size + 1) *
                                                                sizeof(*record->properties));
    for (uint32_t i = 0; i < properties->via.map.size && rc == 0; i++) {
        rc = read_property(reader, &properties->via.map.ptr[i], &record->properties[i]);
        record->count++;
    }
    return rc == 0 ? finish_properties(reader) : rc;
}

static const char *text_or(struct model *model, const msgpack_object *found, const char *otherwise)
{
    return found && found->type == MSGPACK_OBJECT_STR ? zone_copy(model->zone, text_at(found))
                                                      : otherwise;
}

int record_read(struct model *model, const struct document *document, const msgpack_object *node,
                const char *c_name, uint32_t depth, struct record **record)
{
    struct record *made = zone_allocate(model->zone, sizeof(*made));
    struct reader reader = {model, document, node, made, depth};
    int rc;

    made->name = c_name;
    made->document = depth == 0 ? document : NULL;
    made->wire_name = depth == 0 ? document->name : c_name;
    made->title = text_or(model, wire_find(node, "title"), made->wire_name);
    made->description = text_or(model, wire_find(node, "description"), made->title);
    if (depth >= LIMIT_DEPTH) {
        return fail_at(&reader, node, "objects are nested too deeply");
    }
    rc = read_properties(&reader);
    if (rc != 0) {
        return rc;
    }
    *record = made;
    return model_add_record(model, document, node, made);
}
