// SPDX-License-Identifier: MIT
/* Text files in the making. Errors latch in the output, as everywhere. */
#ifndef SCHEMAS_COMPILER_EMIT_H
#define SCHEMAS_COMPILER_EMIT_H

#include "schemas/compiler/model.h"

void emit(struct wire_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A comment, wrapped, at an indentation. */
void emit_comment(struct wire_output *output, const char *indentation, const char *text);

/* A C string literal; long ones over several lines. */
void emit_literal(struct wire_output *output, struct text t);

/* The first sentence of a description. */
struct text first_sentence(const char *description);

/* The C type of a value: "int64_t", "struct operation". */
const char *c_type(struct model *model, const struct shape *shape);

/* The row that describes a shape without a place in a struct: for the words of errors and man
 * pages. */
struct codec_field field_of(const struct shape *shape);

/* Replaces a file, or returns -ERROR_IO. */
int write_file(const char *path, const struct wire_output *output);

/* The writers. In header.c, tables.c and manual.c. */
void write_header(struct model *model, struct wire_output *output);
void write_tables(struct model *model, struct wire_output *output);
void write_manual(struct model *model, const struct record *record, struct wire_output *output);

/* Messages that a dispatcher takes: the files named *.request.yaml or *.report.yaml. */
struct group {
    const char *suffix; /* ".request" */
    const char *name;   /* "request" */
};

#define GROUP_COUNT 2
extern const struct group groups[GROUP_COUNT];

/* The document's name before the suffix, in C, or NULL when it is not of the group. */
const char *group_member(struct model *model, const struct group *group,
                         const struct document *document);

#endif
