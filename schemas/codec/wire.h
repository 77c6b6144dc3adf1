// SPDX-License-Identifier: MIT
/* msgpack in and out. Incoming bytes are bounded by an iterative walk before msgpack-c sees them:
 * its unpacker allocates by the counts that a message declares. Not for sharing between threads. */
#ifndef SCHEMAS_CODEC_WIRE_H
#define SCHEMAS_CODEC_WIRE_H

#include <msgpack.h>

#include "schemas/base/text.h"

#define WIRE_FIELD_BYTES    128
#define WIRE_EXPECTED_BYTES 192

/* What is wrong, where. Valid as long as it is not overwritten; nothing is borrowed. The field is a
 * path, as "sources[3].rows", and "" for the message itself. Values that came in are never
 * repeated. */
struct wire_error {
    int error; /* negative; the same that the call returned */
    char field[WIRE_FIELD_BYTES];
    char expected[WIRE_EXPECTED_BYTES]; /* "one of notStarted, running, …", "a string of 1 to 64
                                           characters" */
    const msgpack_object *at;           /* the object concerned, or NULL; for line numbers */
};

/* One incoming message, and the memory that its objects live in; reusable. */
struct wire_input {
    msgpack_zone *zone;
    msgpack_object root; /* strings point into the bytes given to wire_parse */
};

int wire_input_init(struct wire_input *input); /* -ERROR_MEMORY */
void wire_input_release(struct wire_input *input);

/* Bounds (schemas/base/limits.h) and unpacks exactly one msgpack object that fills the bytes: valid
 * UTF-8 without NUL, no extension types, map keys that are strings and each once. The bytes must
 * outlive the use of root. Forgets the message before. */
int wire_parse(struct wire_input *input, const void *bytes, size_t size_bytes,
               struct wire_error *error);

/* The field of an error as a log may hold it: "-" for none, and "?" when the message itself may
 * have given it its name. The caller who made it up may be told it; a log keeps nothing of a
 * payload. */
const char *wire_field_for_log(int error, const char *field);

/* The value of a key of a map, or NULL. */
const msgpack_object *wire_find(const msgpack_object *map, const char *key);

/* An outgoing message. The first failure is kept and the rest does nothing: ask error at the end.
 */
struct wire_output {
    char *data;
    size_t size_bytes;
    size_t capacity_bytes;
    int error; /* 0 or negative */
};

#define WIRE_OUTPUT_INIT ((struct wire_output){0})

void wire_output_clear(struct wire_output *output);   /* empty again, keeps the memory */
void wire_output_release(struct wire_output *output); /* safe twice */
void wire_append(struct wire_output *output, const void *bytes, size_t size_bytes);
void wire_map(struct wire_output *output, uint32_t pairs);
void wire_array(struct wire_output *output, uint32_t items);
void wire_text(struct wire_output *output, struct text t);
void wire_integer(struct wire_output *output, int64_t value);
void wire_double(struct wire_output *output, double value);
void wire_bool(struct wire_output *output, bool value);
void wire_null(struct wire_output *output);
void wire_object(struct wire_output *output, const msgpack_object *object);

#endif
