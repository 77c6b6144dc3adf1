// SPDX-License-Identifier: MIT
/* The reference section of a configuration file's man page, in roff. */
#include <string.h>

#include "schemas/codec/expected.h"
#include "schemas/codec/json.h"
#include "schemas/compiler/emit.h"
#include "schemas/compiler/names.h"

#define WORDS_BYTES 512

/* Text that roff takes as it is: no escapes, no hyphenation of minus signs, no line that looks like
 * a request. */
static void put_roff(struct wire_output *output, struct text t)
{
    bool at_line_start = true;

    for (uint32_t i = 0; i < t.size_bytes; i++) {
        char c = t.data[i];

        if (at_line_start && (c == '.' || c == '\'')) {
            emit(output, "\\&");
        }
        at_line_start = c == '\n';
        if (c == '\\' || c == '-') {
            emit(output, c == '-' ? "\\-" : "\\e");
        } else {
            wire_append(output, &c, 1);
        }
    }
}

static void put_default(const struct shape *shape, struct wire_output *output)
{
    struct wire_output json = WIRE_OUTPUT_INIT;

    if (shape->default_value->type == MSGPACK_OBJECT_STR) {
        put_roff(output, (struct text){shape->default_value->via.str.ptr,
                                       shape->default_value->via.str.size});
        return;
    }
    json_from_object(shape->default_value, &json);
    put_roff(output, (struct text){json.data, (uint32_t)json.size_bytes});
    wire_output_release(&json);
}

static void put_property(const struct property *property, const char *path,
                         struct wire_output *output)
{
    const struct shape *shape = &property->shape;
    struct codec_field field = field_of(shape);
    char words[WORDS_BYTES];

    emit(output, ".TP\n.B ");
    put_roff(output, text_of(path));
    emit(output, "\n");
    put_roff(output, text_of(shape->description));
    emit(output, "\n.br\n");
    put_roff(output, text_of(expected_words(&field, words, sizeof(words))));
    if (shape->item && shape->item->kind != CODEC_OBJECT) {
        field = field_of(shape->item);
        emit(output, ", each ");
        put_roff(output, text_of(expected_words(&field, words, sizeof(words))));
    }
    if (shape->default_value) {
        emit(output, "; default: ");
        put_default(shape, output);
    } else {
        emit(output, property->is_required ? "; required" : "; optional");
    }
    emit(output, ".\n");
}

static void put_record(struct model *model, const struct record *record, const char *prefix,
                       struct wire_output *output)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct property *property = &record->properties[i];
        const struct shape *shape = &property->shape;
        bool is_list = shape->kind == CODEC_LIST;
        const struct record *below = is_list ? shape->item->record : shape->record;
        const char *path = zone_print(model->zone, "%s%s", prefix, property->name);

        put_property(property, path, output);
        if (below) {
            put_record(model, below, zone_print(model->zone, "%s%s.", path, is_list ? "[]" : ""),
                       output);
        }
    }
}

void write_manual(struct model *model, const struct record *record, struct wire_output *output)
{
    put_record(model, record, "", output);
}
