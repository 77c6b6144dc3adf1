// SPDX-License-Identifier: MIT
#include "schemas/compiler/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/json.h"
#include "schemas/compiler/names.h"
#include "schemas/compiler/shape.h"

#define TYPE_LIMIT 1024
#define SUFFIX     ".yaml"

int model_fail(struct model *model, const struct document *document, const msgpack_object *at,
               const char *format, ...)
{
    int used = snprintf(model->message, sizeof(model->message), "%s:%u: ", document->path,
                        at ? yaml_tree_line(document->tree, at) : 1);
    va_list arguments;

    if (used >= 0 && (size_t)used < sizeof(model->message)) {
        va_start(arguments, format);
        vsnprintf(model->message + used, sizeof(model->message) - (size_t)used, format, arguments);
        va_end(arguments);
    }
    return -ERROR_CONFIGURATION;
}

static int fail_file(struct model *model, const char *path, const char *reason)
{
    snprintf(model->message, sizeof(model->message), "%s:1: %s", path, reason);
    return -ERROR_CONFIGURATION;
}

static int read_bytes(struct model *model, struct document *document)
{
    FILE *file = fopen(document->path, "rbe");
    char *bytes = zone_allocate(model->zone, LIMIT_CONFIGURATION_BYTES + 1);
    size_t size_bytes;
    bool has_failed;

    if (!file) {
        return fail_file(model, document->path, strerror(errno));
    }
    size_bytes = fread(bytes, 1, LIMIT_CONFIGURATION_BYTES + 1, file);
    has_failed = ferror(file) != 0;
    if (fclose(file) != 0 || has_failed) {
        return fail_file(model, document->path, "cannot be read");
    }
    if (size_bytes > LIMIT_CONFIGURATION_BYTES) {
        return fail_file(model, document->path, "larger than 1 MiB");
    }
    document->yaml = (struct text){bytes, (uint32_t)size_bytes};
    return 0;
}

static int name_document(struct model *model, struct document *document)
{
    const char *slash = strrchr(document->path, '/');
    const char *base = slash ? slash + 1 : document->path;
    size_t length = strlen(base);
    size_t suffix = sizeof(SUFFIX) - 1;

    if (length <= suffix || strcmp(base + length - suffix, SUFFIX) != 0) {
        return fail_file(model, document->path, "a schema's name ends with .yaml");
    }
    document->name = zone_copy(model->zone, (struct text){base, (uint32_t)(length - suffix)});
    document->c_name = name_member(model->zone, text_of(document->name));
    return document->c_name ? 0 : fail_file(model, document->path, "no C name can be made of this");
}

static int read_document(struct model *model, struct document *document)
{
    struct wire_output json = WIRE_OUTPUT_INIT;
    int rc = name_document(model, document);

    if (rc == 0) {
        rc = read_bytes(model, document);
    }
    if (rc == 0) {
        rc = yaml_tree_read(&document->tree, document->path, document->yaml, model->message,
                            sizeof(model->message));
    }
    if (rc != 0) {
        return rc;
    }
    json_from_object(yaml_tree_root(document->tree), &json);
    if (json.error != 0) {
        abort();
    }
    document->json = zone_copy(model->zone, (struct text){json.data, (uint32_t)json.size_bytes});
    wire_output_release(&json);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct document *)a)->name, ((const struct document *)b)->name);
}

int model_enter(struct model *model, struct document *document)
{
    const msgpack_object *root = yaml_tree_root(document->tree);
    int rc;

    if (document->progress == PROGRESS_DONE) {
        return 0;
    }
    if (document->progress == PROGRESS_ENTERED) {
        return model_fail(model, document, root, "this schema contains itself by $ref");
    }
    document->progress = PROGRESS_ENTERED;
    rc = shape_read(model, document, root, PLACE_FILE, document->c_name, 0, &document->shape);
    document->progress = PROGRESS_DONE;
    if (rc == 0) {
        const msgpack_object *title = wire_find(root, "title");

        document->title =
            zone_copy(model->zone, (struct text){title->via.str.ptr, title->via.str.size});
    }
    return rc;
}

static bool is_taken(const struct model *model, const char *name)
{
    for (uint32_t i = 0; i < model->record_count; i++) {
        if (strcmp(model->records[i]->name, name) == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < model->enumeration_count; i++) {
        if (strcmp(model->enumerations[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int check_name(struct model *model, const struct document *document,
                      const msgpack_object *at, const char *name)
{
    if (is_taken(model, name)) {
        return model_fail(model, document, at, "two types would be called %s in C", name);
    }
    if (model->record_count == TYPE_LIMIT || model->enumeration_count == TYPE_LIMIT) {
        return model_fail(model, document, at, "more than %d types", TYPE_LIMIT);
    }
    return 0;
}

int model_add_record(struct model *model, const struct document *document, const msgpack_object *at,
                     const struct record *record)
{
    int rc = check_name(model, document, at, record->name);

    if (rc == 0) {
        model->records[model->record_count++] = record;
    }
    return rc;
}

int model_add_enumeration(struct model *model, const struct document *document,
                          const msgpack_object *at, const struct enumeration *enumeration)
{
    int rc = check_name(model, document, at, enumeration->name);

    if (rc == 0) {
        model->enumerations[model->enumeration_count++] = enumeration;
    }
    return rc;
}

struct document *model_find(struct model *model, struct text name)
{
    for (uint32_t i = 0; i < model->document_count; i++) {
        const char *known = model->documents[i].name;

        if (text_equal(text_of(known), name) ||
            text_equal(text_of(zone_print(model->zone, "%s%s", known, SUFFIX)), name)) {
            return &model->documents[i];
        }
    }
    return NULL;
}

int model_read(struct model *model, char *const *paths, size_t count)
{
    int rc = 0;

    *model = (struct model){.zone = msgpack_zone_new(MSGPACK_ZONE_CHUNK_SIZE)};
    if (!model->zone) {
        abort();
    }
    model->documents = zone_allocate(model->zone, (count + 1) * sizeof(*model->documents));
    model->records = zone_allocate(model->zone, TYPE_LIMIT * sizeof(void *));
    model->enumerations = zone_allocate(model->zone, TYPE_LIMIT * sizeof(void *));
    for (size_t i = 0; i < count && rc == 0; i++) {
        model->documents[i].path = paths[i];
        model->document_count++;
        rc = read_document(model, &model->documents[i]);
    }
    if (rc != 0) {
        return rc;
    }
    qsort(model->documents, count, sizeof(*model->documents), by_name);
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (i > 0 && strcmp(model->documents[i - 1].name, model->documents[i].name) == 0) {
            return fail_file(model, model->documents[i].path, "another file has the same name");
        }
        rc = model_enter(model, &model->documents[i]);
    }
    return rc;
}

void model_release(struct model *model)
{
    for (uint32_t i = 0; i < model->document_count; i++) {
        yaml_tree_destroy(&model->documents[i].tree);
    }
    if (model->zone) {
        msgpack_zone_free(model->zone);
    }
    *model = (struct model){0};
}
