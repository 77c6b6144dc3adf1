// SPDX-License-Identifier: MIT
/* What the tests of the codec share: messages written as YAML, one at a time. */
#ifndef TESTS_UNIT_SCHEMAS_OBJECTS_H
#define TESTS_UNIT_SCHEMAS_OBJECTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/codec/codec.h"

/* The object that a YAML text describes. Borrowed until the next call of it or of object_forget. */
const msgpack_object *object_of(const char *yaml);
void object_forget(void);

/* A copy of text in which the first occurrence of a piece is replaced; the piece must be there.
 * Borrowed until the next call. */
const char *with(const char *text, const char *piece, const char *replacement);

#endif
