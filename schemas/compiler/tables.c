// SPDX-License-Identifier: MIT
/* messages.c: the tables that the codec reads, and the typed wrappers around it. */
#include <inttypes.h>
#include <string.h>

#include "schemas/compiler/emit.h"
#include "schemas/compiler/names.h"

static const char *const kind_names[] = {
    [CODEC_TEXT] = "CODEC_TEXT",           [CODEC_UUID] = "CODEC_UUID",
    [CODEC_DATE_TIME] = "CODEC_DATE_TIME", [CODEC_INTEGER] = "CODEC_INTEGER",
    [CODEC_NUMBER] = "CODEC_NUMBER",       [CODEC_BOOLEAN] = "CODEC_BOOLEAN",
    [CODEC_ENUM] = "CODEC_ENUM",           [CODEC_CONST] = "CODEC_CONST",
    [CODEC_OBJECT] = "CODEC_OBJECT",       [CODEC_LIST] = "CODEC_LIST",
};

static void write_enumeration(const struct enumeration *enumeration, struct wire_output *output)
{
    const char *name = enumeration->name;

    emit(output, "const char *const %s_names[] = {", name);
    for (uint32_t i = 0; i < enumeration->count; i++) {
        emit_literal(output, text_of(enumeration->values[i]));
        emit(output, ", ");
    }
    emit(output, "NULL};\n_Static_assert(sizeof(enum %s) == sizeof(int32_t), \"enum\");\n\n", name);
    emit(output,
         "const char *%s_name(enum %s value)\n{\n"
         "    return codec_enum_name(%s_names, (int32_t)value);\n}\n\n",
         name, name, name);
    emit(output,
         "bool %s_of(struct text name, enum %s *value)\n{\n"
         "    int number = codec_enum_of(%s_names, name);\n\n"
         "    if (number < 0) {\n        return false;\n    }\n"
         "    *value = (enum %s)number;\n    return true;\n}\n\n",
         name, name, name, name);
}

/* The least number has no literal of its own in C. */
static void write_int64(struct wire_output *output, const char *member, int64_t value)
{
    if (value == INT64_MIN) {
        emit(output, ", .%s = INT64_MIN", member);
    } else {
        emit(output, ", .%s = INT64_C(%" PRId64 ")", member, value);
    }
}

static void write_default(const struct shape *shape, struct wire_output *output)
{
    const msgpack_object *value = shape->default_value;

    if (!value) {
        return;
    }
    emit(output, ", .has_default = true");
    if (value->type == MSGPACK_OBJECT_STR) {
        struct text t = {value->via.str.ptr, value->via.str.size};

        emit(output, ", .default_text = {");
        emit_literal(output, t);
        emit(output, ", %" PRIu32 "}", t.size_bytes);
        if (shape->kind == CODEC_ENUM) {
            write_int64(output, "default_integer",
                        codec_enum_of((const char *const *)shape->enumeration->values, t));
        }
    } else if (value->type == MSGPACK_OBJECT_BOOLEAN) {
        write_int64(output, "default_integer", value->via.boolean ? 1 : 0);
    } else if (shape->kind == CODEC_INTEGER) {
        write_int64(output, "default_integer", value->via.i64);
    } else if (shape->kind == CODEC_NUMBER) {
        double number =
            value->type == MSGPACK_OBJECT_FLOAT64 ? value->via.f64 : (double)value->via.i64;

        emit(output, ", .default_number = %.17g", number);
    }
}

static void write_shape(const struct shape *shape, const char *item_name,
                        struct wire_output *output)
{
    emit(output, ".kind = %s", kind_names[shape->kind]);
    if (shape->is_nullable) {
        emit(output, ", .is_nullable = true");
    }
    write_int64(output, "minimum", shape->minimum);
    write_int64(output, "maximum", shape->maximum);
    if (shape->kind == CODEC_NUMBER) {
        emit(output, ", .number_minimum = %.17g, .number_maximum = %.17g", shape->number_minimum,
             shape->number_maximum);
    }
    if (shape->pattern) {
        emit(output, ", .matches = %s, .pattern_name = ", shape->pattern->function);
        emit_literal(output, text_of(shape->pattern->words));
    }
    if (shape->kind == CODEC_ENUM) {
        emit(output, ", .names = %s_names", shape->enumeration->name);
    } else if (shape->kind == CODEC_CONST) {
        emit(output, ", .names = (const char *const[]){");
        emit_literal(output, text_of(shape->constant));
        emit(output, ", NULL}");
    } else if (shape->kind == CODEC_OBJECT) {
        emit(output, ", .schema = &%s_schema", shape->record->name);
    } else if (shape->kind == CODEC_LIST) {
        emit(output, ", .schema = &%s", item_name);
    }
    write_default(shape, output);
}

/* A schema of its own for a value that is no struct: a file with an enum, or an item. */
static void write_scalar(struct model *model, const struct shape *shape, const char *name,
                         const char *storage, const struct document *document,
                         struct wire_output *output)
{
    emit(output, "static const struct codec_field %s_fields[] = {\n    {.name = \"\", ", name);
    emit(output, ".is_required = true, .present_offset = UINT32_MAX, ");
    write_shape(shape, NULL, output);
    emit(output, "},\n};\n\n%sconst struct schema %s = {\n    .name = \"%s\",\n", storage, name,
         document ? document->name : name);
    emit(output, "    .title = ");
    emit_literal(output, text_of(document && document->title ? document->title : name));
    if (document) {
        emit(output, ",\n    .yaml =\n        ");
        emit_literal(output, document->yaml);
        emit(output, ",\n    .json =\n        ");
        emit_literal(output, text_of(document->json));
    }
    emit(
        output,
        ",\n    .size_bytes = sizeof(%s),\n    .field_count = 1,\n    .fields = %s_fields,\n};\n\n",
        c_type(model, shape), name);
}

static const char *item_name(struct model *model, const struct record *record,
                             const struct property *property)
{
    const struct shape *item = property->shape.item;

    if (!item) {
        return NULL;
    }
    return item->kind == CODEC_OBJECT
               ? zone_print(model->zone, "%s_schema", item->record->name)
               : zone_print(model->zone, "%s_%s_item", record->name, property->member);
}

static void write_property(struct model *model, const struct record *record,
                           const struct property *property, struct wire_output *output)
{
    emit(output, "    {.name = ");
    emit_literal(output, text_of(property->name));
    emit(output, ", .name_bytes = %zu,\n     .description = ", strlen(property->name));
    emit_literal(output, first_sentence(property->shape.description));
    emit(output, ",\n     .is_required = %s, ", property->is_required ? "true" : "false");
    if (property->member) {
        emit(output, ".offset = offsetof(struct %s, %s), ", record->name, property->member);
    }
    if (property->has_flag) {
        emit(output, ".present_offset = offsetof(struct %s, has_%s), ", record->name,
             property->member);
    } else {
        emit(output, ".present_offset = UINT32_MAX, ");
    }
    write_shape(&property->shape, item_name(model, record, property), output);
    emit(output, "},\n");
}

static void write_schema(const struct record *record, struct wire_output *output)
{
    const char *name = record->name;

    emit(output, "const struct schema %s_schema = {\n    .name = \"%s\",\n    .title = ", name,
         record->wire_name);
    emit_literal(output, text_of(record->title));
    if (record->document) {
        emit(output, ",\n    .yaml =\n        ");
        emit_literal(output, record->document->yaml);
        emit(output, ",\n    .json =\n        ");
        emit_literal(output, text_of(record->document->json));
    }
    emit(output,
         ",\n    .size_bytes = sizeof(struct %s),\n    .field_count = %" PRIu32
         ",\n    .fields = %s_fields,\n    .is_object = true,\n};\n",
         name, record->count, name);
    emit(output,
         "_Static_assert(sizeof(struct %s) <= CODEC_VALUE_BYTES, \"schema is too large\");\n\n",
         name);
}

static void write_record(struct model *model, const struct record *record,
                         struct wire_output *output)
{
    const char *name = record->name;

    for (uint32_t i = 0; i < record->count; i++) {
        const struct property *property = &record->properties[i];

        if (property->shape.item && property->shape.item->kind != CODEC_OBJECT) {
            write_scalar(model, property->shape.item, item_name(model, record, property), "static ",
                         NULL, output);
        }
    }
    emit(output, "static const struct codec_field %s_fields[] = {\n", name);
    for (uint32_t i = 0; i < record->count; i++) {
        write_property(model, record, &record->properties[i], output);
    }
    emit(output, "%s};\n\n", record->count == 0 ? "    {.name = \"\"},\n" : "");
    write_schema(record, output);
    emit(output,
         "int %s_decode(const msgpack_object *object, struct %s *value, struct wire_error *error)\n"
         "{\n    return codec_decode(&%s_schema, object, value, error);\n}\n\n",
         name, name, name);
    emit(output,
         "void %s_encode(const struct %s *value, struct wire_output *output)\n"
         "{\n    codec_encode(&%s_schema, value, output);\n}\n\n",
         name, name, name);
}

static void write_group(struct model *model, const struct group *group, struct wire_output *output)
{
    emit(output, "const struct schema *const %s_schemas[] = {\n", group->name);
    for (uint32_t i = 0; i < model->document_count; i++) {
        if (group_member(model, group, &model->documents[i])) {
            emit(output, "    &%s_schema,\n", model->documents[i].c_name);
        }
    }
    emit(output, "    NULL,\n};\n\n");
}

void write_tables(struct model *model, struct wire_output *output)
{
    emit(output, "/* Made by schema-compiler from the schemas; change those. */\n"
                 "#include \"schemas/messages.h\"\n\n#include <stddef.h>\n\n"
                 "#include \"schemas/codec/patterns.h\"\n\n");
    for (uint32_t i = 0; i < model->enumeration_count; i++) {
        write_enumeration(model->enumerations[i], output);
    }
    for (uint32_t i = 0; i < model->document_count; i++) {
        const struct document *document = &model->documents[i];

        if (document->shape.kind == CODEC_ENUM) {
            write_scalar(model, &document->shape,
                         zone_print(model->zone, "%s_schema", document->c_name), "", document,
                         output);
        }
    }
    for (uint32_t i = 0; i < model->record_count; i++) {
        write_record(model, model->records[i], output);
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        write_group(model, &groups[i], output);
    }
    emit(output, "const struct schema *const schema_all[] = {\n");
    for (uint32_t i = 0; i < model->document_count; i++) {
        emit(output, "    &%s_schema,\n", model->documents[i].c_name);
    }
    emit(output, "    NULL,\n};\n");
}
