// SPDX-License-Identifier: MIT
/* What a schema allows, in words: for errors and for man pages. */
#ifndef SCHEMAS_CODEC_EXPECTED_H
#define SCHEMAS_CODEC_EXPECTED_H

#include "schemas/codec/codec.h"

/* "a string of 1 to 64 characters", "one of a, b", "a whole number from 0 to 100"; cut to the
 * buffer. */
char *expected_words(const struct codec_field *field, char *buffer, size_t buffer_bytes);

/* "one of the fields id, name"; cut to the buffer at a name's end. */
char *expected_fields(const struct schema *schema, char *buffer, size_t buffer_bytes);

#endif
