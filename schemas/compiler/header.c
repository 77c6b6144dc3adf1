// SPDX-License-Identifier: MIT
/* messages.h: types and declarations. */
#include "schemas/compiler/emit.h"
#include "schemas/compiler/names.h"

static void write_enumeration(const struct enumeration *enumeration, struct wire_output *output)
{
    const char *name = enumeration->name;

    if (enumeration->description) {
        emit_comment(output, "", enumeration->description);
    }
    emit(output, "enum %s {\n", name);
    for (uint32_t i = 0; i < enumeration->count; i++) {
        emit(output, "    %s,\n", enumeration->members[i]);
    }
    emit(output, "    %s_COUNT\n};\n\n", enumeration->prefix);
    emit(output, "extern const char *const %s_names[];\n", name);
    emit(output, "const char *%s_name(enum %s value);\n", name, name);
    emit(output, "bool %s_of(struct text name, enum %s *value);\n\n", name, name);
}

static void write_member(struct model *model, const struct property *property,
                         struct wire_output *output)
{
    if (!property->member) {
        return;
    }
    emit_comment(output, "    ", property->shape.description);
    if (property->has_flag) {
        emit(output, "    bool has_%s;\n", property->member);
    }
    if (property->shape.kind == CODEC_LIST) {
        emit(output, "    struct wire_list %s; /* of %s */\n", property->member,
             c_type(model, property->shape.item));
    } else {
        emit(output, "    %s %s;\n", c_type(model, &property->shape), property->member);
    }
}

static void write_record(struct model *model, const struct record *record,
                         struct wire_output *output)
{
    const char *name = record->name;
    bool is_empty = true;

    emit_comment(output, "", record->description);
    emit(output, "struct %s {\n", name);
    for (uint32_t i = 0; i < record->count; i++) {
        write_member(model, &record->properties[i], output);
        is_empty = is_empty && !record->properties[i].member;
    }
    emit(output, "%s};\n\n", is_empty ? "    char nothing;\n" : "");
    emit(output, "extern const struct schema %s_schema;\n", name);
    emit(output,
         "int %s_decode(const msgpack_object *object,\n"
         "    struct %s *value, struct wire_error *error);\n"
         "void %s_encode(const struct %s *value,\n"
         "    struct wire_output *output);\n\n",
         name, name, name, name);
}

static void write_group(struct model *model, const struct group *group, struct wire_output *output)
{
    const char *upper = name_upper(model->zone, group->name);

    emit(output, "/* The index of a schema in %s_schemas. */\nenum %s_kind {\n", group->name,
         group->name);
    for (uint32_t i = 0; i < model->document_count; i++) {
        const char *member = group_member(model, group, &model->documents[i]);

        if (member) {
            emit(output, "    %s_KIND_%s,\n", upper, name_upper(model->zone, member));
        }
    }
    emit(output, "    %s_KIND_COUNT\n};\n\n", upper);
    emit(output, "/* NULL-terminated. */\nextern const struct schema *const %s_schemas[];\n\n",
         group->name);
    emit(output, "union any_%s {\n    char nothing;\n", group->name);
    for (uint32_t i = 0; i < model->document_count; i++) {
        const char *member = group_member(model, group, &model->documents[i]);

        if (member) {
            emit(output, "    struct %s %s;\n", model->documents[i].c_name, member);
        }
    }
    emit(output, "};\n\n");
}

void write_header(struct model *model, struct wire_output *output)
{
    emit(output, "/* Made by schema-compiler from the schemas; change those. */\n"
                 "#ifndef SCHEMAS_MESSAGES_H\n#define SCHEMAS_MESSAGES_H\n\n"
                 "#include \"schemas/codec/codec.h\"\n\n");
    for (uint32_t i = 0; i < model->enumeration_count; i++) {
        write_enumeration(model->enumerations[i], output);
    }
    for (uint32_t i = 0; i < model->document_count; i++) {
        if (model->documents[i].shape.kind == CODEC_ENUM) {
            emit(output, "extern const struct schema %s_schema;\n", model->documents[i].c_name);
        }
    }
    emit(output, "\n");
    for (uint32_t i = 0; i < model->record_count; i++) {
        write_record(model, model->records[i], output);
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        write_group(model, &groups[i], output);
    }
    emit(output, "/* Every file, in order of name; NULL-terminated. */\n"
                 "extern const struct schema *const schema_all[];\n\n#endif\n");
}
