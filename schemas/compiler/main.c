// SPDX-License-Identifier: MIT
/* schema-compiler: the schemas as C, and as the reference section of man pages. Runs at build time.
 */
#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/compiler/emit.h"
#include "schemas/compiler/names.h"

static const char usage[] = "usage: schema-compiler --output-dir DIR FILE.yaml...\n"
                            "       schema-compiler --man NAME FILE.yaml...\n";

/* What a dispatcher takes must say what it is. */
static int check_groups(struct model *model)
{
    for (uint32_t i = 0; i < model->document_count * GROUP_COUNT; i++) {
        const struct document *document = &model->documents[i / GROUP_COUNT];
        const struct shape *shape = &document->shape;
        bool has_type = false;

        if (!group_member(model, &groups[i % GROUP_COUNT], document)) {
            continue;
        }
        for (uint32_t k = 0; shape->kind == CODEC_OBJECT && k < shape->record->count; k++) {
            const struct property *property = &shape->record->properties[k];

            has_type = has_type ||
                       (property->shape.kind == CODEC_CONST && strcmp(property->name, "type") == 0);
        }
        if (!has_type) {
            return model_fail(model, document, NULL, "a request or report has a const type");
        }
    }
    return 0;
}

static int write_output_file(struct model *model, const char *directory, const char *name,
                             void (*writer)(struct model *, struct wire_output *))
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    const char *path = zone_print(model->zone, "%s/%s", directory, name);
    int rc;

    writer(model, &output);
    rc = output.error != 0 ? output.error : write_file(path, &output);
    wire_output_release(&output);
    if (rc != 0) {
        snprintf(model->message, sizeof(model->message), "%s: cannot be written", path);
    }
    return rc;
}

static int compile(struct model *model, const char *directory)
{
    int rc = check_groups(model);

    if (rc == 0) {
        rc = write_output_file(model, directory, "messages.h", write_header);
    }
    return rc != 0 ? rc : write_output_file(model, directory, "messages.c", write_tables);
}

static int print_manual(struct model *model, const char *name)
{
    const struct document *document = model_find(model, text_of(name));
    struct wire_output output = WIRE_OUTPUT_INIT;
    int rc;

    if (!document || document->shape.kind != CODEC_OBJECT) {
        snprintf(model->message, sizeof(model->message), "%s: no such object among the files",
                 name);
        return -ERROR_NOT_FOUND;
    }
    write_manual(model, document->shape.record, &output);
    rc = output.error;
    if (rc == 0 && (fwrite(output.data, 1, output.size_bytes, stdout) != output.size_bytes ||
                    fflush(stdout) != 0)) {
        snprintf(model->message, sizeof(model->message), "cannot write");
        rc = -ERROR_IO;
    }
    wire_output_release(&output);
    return rc;
}

int main(int argc, char **argv)
{
    struct model model;
    bool is_manual = argc >= 3 && strcmp(argv[1], "--man") == 0;
    int rc;

    if (argc < 3 || (!is_manual && strcmp(argv[1], "--output-dir") != 0)) {
        fputs(usage, stderr);
        return 2;
    }
    rc = model_read(&model, argv + 3, (size_t)argc - 3);
    if (rc == 0) {
        rc = is_manual ? print_manual(&model, argv[2]) : compile(&model, argv[2]);
    }
    if (rc != 0) {
        fprintf(stderr, "%s\n", model.message);
    }
    model_release(&model);
    return rc != 0;
}
