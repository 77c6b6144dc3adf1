// SPDX-License-Identifier: MIT
#include "schemas/compiler/emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/compiler/names.h"

#define COMMENT_COLUMNS 100
#define LITERAL_BYTES   90

const struct group groups[GROUP_COUNT] = {{".request", "request"}, {".report", "report"}};

void emit(struct wire_output *output, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        abort();
    }
    wire_append(output, text, (size_t)length);
    free(text);
}

void emit_comment(struct wire_output *output, const char *indentation, const char *text)
{
    size_t column = strlen(indentation) + 2;

    emit(output, "%s/*", indentation);
    while (*text) {
        size_t length = strcspn(text, " \n");

        if (column + 1 + length > COMMENT_COLUMNS - 3) {
            emit(output, "\n%s *", indentation);
            column = strlen(indentation) + 2;
        }
        emit(output, " ");
        for (size_t i = 0; i < length; i++) {
            bool is_marker = i + 1 < length && ((text[i] == '*' && text[i + 1] == '/') ||
                                                (text[i] == '/' && text[i + 1] == '*'));

            emit(output, is_marker ? "%c " : "%c", text[i]);
        }
        column += length + 1;
        text += length;
        text += strspn(text, " \n");
    }
    emit(output, " */\n");
}

static void emit_literal_byte(struct wire_output *output, char c)
{
    if (c == '\n') {
        emit(output, "\\n");
    } else if (c == '"' || c == '\\' || c == '?') { /* ? for the sake of trigraphs */
        emit(output, "\\%c", c);
    } else if (c >= ' ' && c <= '~') {
        emit(output, "%c", c);
    } else {
        emit(output, "\\%03o", (unsigned)(unsigned char)c);
    }
}

void emit_literal(struct wire_output *output, struct text t)
{
    emit(output, "\"");
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        if (i != 0 && (i % LITERAL_BYTES == 0 || t.data[i - 1] == '\n')) {
            emit(output, "\"\n        \"");
        }
        emit_literal_byte(output, t.data[i]);
    }
    emit(output, "\"");
}

struct text first_sentence(const char *description)
{
    const char *end = strstr(description, ". ");
    size_t length = end ? (size_t)(end - description) + 1 : strlen(description);

    while (length != 0 && (description[length - 1] == '\n' || description[length - 1] == ' ')) {
        length--;
    }
    return (struct text){description, (uint32_t)length};
}

const char *c_type(struct model *model, const struct shape *shape)
{
    static const char *const types[] = {
        [CODEC_TEXT] = "struct text",      [CODEC_UUID] = "struct uuid",
        [CODEC_DATE_TIME] = "struct wall", [CODEC_INTEGER] = "int64_t",
        [CODEC_NUMBER] = "double",         [CODEC_BOOLEAN] = "bool",
        [CODEC_LIST] = "struct wire_list",
    };

    if (shape->kind == CODEC_OBJECT) {
        return zone_print(model->zone, "struct %s", shape->record->name);
    }
    if (shape->kind == CODEC_ENUM) {
        return zone_print(model->zone, "enum %s", shape->enumeration->name);
    }
    return types[shape->kind];
}

struct codec_field field_of(const struct shape *shape)
{
    struct codec_field field = {
        .name = "",
        .kind = shape->kind,
        .is_nullable = shape->is_nullable,
        .minimum = shape->minimum,
        .maximum = shape->maximum,
        .number_minimum = shape->number_minimum,
        .number_maximum = shape->number_maximum,
        .pattern_name = shape->pattern ? shape->pattern->words : NULL,
    };

    if (shape->kind == CODEC_ENUM) {
        field.names = (const char *const *)shape->enumeration->values;
    } else if (shape->kind == CODEC_CONST) {
        field.names = &shape->constant;
    }
    return field;
}

int write_file(const char *path, const struct wire_output *output)
{
    FILE *file = fopen(path, "wbe");
    bool is_written;

    if (!file) {
        return -ERROR_IO;
    }
    is_written = fwrite(output->data, 1, output->size_bytes, file) == output->size_bytes;
    return fclose(file) == 0 && is_written ? 0 : -ERROR_IO;
}

const char *group_member(struct model *model, const struct group *group,
                         const struct document *document)
{
    size_t length = strlen(document->name);
    size_t suffix = strlen(group->suffix);

    if (length <= suffix || strcmp(document->name + length - suffix, group->suffix) != 0) {
        return NULL;
    }
    return name_member(model->zone, (struct text){document->name, (uint32_t)(length - suffix)});
}
