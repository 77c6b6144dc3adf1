// SPDX-License-Identifier: MIT
/* Structs to msgpack and back, driven by the tables that the schema compiler makes from
 * schemas/ *.yaml. Generated code (generated/schemas/messages.h) wraps these calls with types.
 *
 * Decoding is strict: unknown, missing, duplicate, mistyped and out-of-range fields are errors that
 * name the field. A decoded struct borrows from the wire_input and its bytes. Nothing is allocated.
 *
 * An optional object that is absent has has_… false and yet its members' defaults filled in, as if
 * it were given empty, unless it has required members: a configuration section whose keys all have
 * defaults can be left out. */
#ifndef SCHEMAS_CODEC_CODEC_H
#define SCHEMAS_CODEC_CODEC_H

#include "schemas/base/clock.h"
#include "schemas/base/uuid.h"
#include "schemas/codec/wire.h"

enum codec_kind {
    CODEC_TEXT,      /* struct text */
    CODEC_UUID,      /* struct uuid;  type: string, format: uuid */
    CODEC_DATE_TIME, /* struct wall;  type: string, format: date-time */
    CODEC_INTEGER,   /* int64_t */
    CODEC_NUMBER,    /* double */
    CODEC_BOOLEAN,   /* bool */
    CODEC_ENUM,      /* int32_t-sized enum */
    CODEC_CONST,     /* no member: written and required as it stands */
    CODEC_OBJECT,    /* nested struct */
    CODEC_LIST,      /* struct wire_list */
};

/* No struct of a message or a configuration is larger; the schema compiler sees to it. */
#define CODEC_VALUE_BYTES 8192

struct schema;

/* A list: decoded ones have items, ones to be encoded have their items' bytes in encoded. Every
 * item of a decoded list has been checked. */
struct wire_list {
    const struct schema *item;
    const msgpack_object *items;
    const void *encoded;
    size_t encoded_bytes;
    uint32_t count;
};

struct codec_field {
    const char *name;        /* on the wire */
    uint32_t name_bytes;     /* of the name */
    const char *description; /* first sentence of the schema's description */
    enum codec_kind kind;
    bool is_required;
    bool is_nullable;
    bool has_default;
    uint32_t offset;         /* of the member */
    uint32_t present_offset; /* of its bool has_…, or UINT32_MAX when there is none */
    int64_t minimum;         /* integers and numbers: value; texts: code points; lists: items */
    int64_t maximum;
    double number_minimum;
    double number_maximum;
    bool (*matches)(struct text t); /* the pattern, or NULL */
    const char *pattern_name;       /* in words, for errors */
    const char *const *names;       /* CODEC_ENUM: NULL-terminated; CODEC_CONST: names[0] */
    const struct schema *schema;    /* CODEC_OBJECT: its struct; CODEC_LIST: its item */
    struct text default_text;       /* also the name of a default enum value */
    int64_t default_integer;        /* also 0 or 1 for booleans */
    double default_number;
};

struct schema {
    const char *name; /* file name without .yaml: "operation", "ping.request" */
    const char *title;
    const char *yaml;    /* the file as it stands; NULL for schemas nested in another file */
    const char *json;    /* the same as JSON */
    uint32_t size_bytes; /* of the struct, or of the scalar for the item of a list */
    uint32_t field_count;
    const struct codec_field *fields; /* for a scalar item: one field with offset 0 and name "" */
    bool is_object;
};

/* Writes *value only on success. What is absent is zero or has its default; the defaults inside an
 * absent object are set too, and an absent list has no items. */
int codec_decode(const struct schema *schema, const msgpack_object *object, void *value,
                 struct wire_error *error);

/* Appends to the output; its error latches. Optional members that are absent are left out, or
 * written as null when the schema allows null. Lists come from encoded, or from items. */
void codec_encode(const struct schema *schema, const void *value, struct wire_output *output);

/* Item index of a decoded list; the item was checked when the list was decoded. */
void codec_item(const struct wire_list *list, uint32_t index, void *value);

/* The number of a name in a NULL-terminated table, or -1. */
int codec_enum_of(const char *const *names, struct text t);

/* The name of a number, which must be one of the table. */
const char *codec_enum_name(const char *const *names, int32_t number);

/* Whether the member that may be absent is there. */
bool codec_is_present(const struct codec_field *field, const void *value);

/* Which of the schemas (NULL-terminated, each with a const field "type") a message is of: its
 * index, or a negative error about the field "type". */
int codec_dispatch(const struct schema *const *schemas, const msgpack_object *root,
                   struct wire_error *error);

#endif
