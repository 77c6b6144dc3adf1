// SPDX-License-Identifier: MIT
/* The schemas of one run, checked and named: what the writers of C and of man pages work from.
 * Everything is owned by the model and lives as long as it. One thread. */
#ifndef SCHEMAS_COMPILER_MODEL_H
#define SCHEMAS_COMPILER_MODEL_H

#include "schemas/codec/codec.h"
#include "schemas/codec/patterns.h"
#include "schemas/codec/yaml.h"

#define MODEL_MESSAGE_BYTES 512

struct document;
struct record;

/* A closed list of words: an enum. */
struct enumeration {
    const char *name;   /* C: failure_code */
    const char *prefix; /* C: FAILURE_CODE */
    const char *description;
    const char **values;  /* as on the wire, NULL-terminated */
    const char **members; /* C: FAILURE_CODE_WORKER_LOST */
    uint32_t count;
};

/* What one value may be: a property, an item of a list, or a whole file. */
struct shape {
    enum codec_kind kind;
    bool is_nullable;
    int64_t minimum;
    int64_t maximum;
    double number_minimum;
    double number_maximum;
    const struct pattern *pattern;
    const char *constant;
    const struct enumeration *enumeration;
    const struct record *record;
    const struct shape *item;            /* of a list */
    const msgpack_object *default_value; /* or NULL */
    const char *description;
    const char *example; /* the first as JSON, or NULL */
};

struct property {
    const char *name;   /* on the wire */
    const char *member; /* in C; NULL for a const */
    bool is_required;
    bool has_flag; /* bool has_<member> goes before it */
    struct shape shape;
    const msgpack_object *source;
};

/* An object: a struct. */
struct record {
    const char *name; /* C: export_personal_data_request */
    const char *wire_name;
    const char *title;
    const char *description;
    const struct document *document; /* NULL when it is nested in one */
    struct property *properties;
    uint32_t count;
};

enum progress { PROGRESS_NONE, PROGRESS_ENTERED, PROGRESS_DONE };

/* One file. */
struct document {
    const char *path;
    const char *name; /* without folder and .yaml: "ping.request" */
    struct text yaml;
    char *json;
    struct yaml_tree *tree;
    enum progress progress;
    const char *title;
    const char *c_name;
    struct shape shape; /* CODEC_OBJECT or CODEC_ENUM */
};

struct model {
    msgpack_zone *zone;
    struct document *documents; /* in order of name */
    uint32_t document_count;
    const struct record **records; /* what a record contains comes before it */
    uint32_t record_count;
    const struct enumeration **enumerations;
    uint32_t enumeration_count;
    char message[MODEL_MESSAGE_BYTES]; /* what is wrong, as "FILE:LINE: …" */
};

/* Reads the files. On failure the model has a message; release it in any case. */
int model_read(struct model *model, char *const *paths, size_t count);
void model_release(struct model *model);

/* The document of a file name ("other.yaml") or of a name ("other"), checked in full, or NULL. */
struct document *model_find(struct model *model, struct text name);

/* For the parts of the model's reader: sets the message and returns -ERROR_CONFIGURATION. */
int model_fail(struct model *model, const struct document *document, const msgpack_object *at,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads what a $ref names before it is used; refuses cycles. */
int model_enter(struct model *model, struct document *document);

/* Announces what C must declare; refuses a name that is taken. */
int model_add_record(struct model *model, const struct document *document, const msgpack_object *at,
                     const struct record *record);
int model_add_enumeration(struct model *model, const struct document *document,
                          const msgpack_object *at, const struct enumeration *enumeration);

#endif
