// SPDX-License-Identifier: MIT
/* What a plain YAML scalar means: the core schema of YAML 1.2.2 section 10.3.2. So "no" and "on"
 * are strings. */
#ifndef SCHEMAS_CODEC_SCALAR_H
#define SCHEMAS_CODEC_SCALAR_H

#include <msgpack.h>

#include "schemas/base/text.h"

/* The object borrows the text when it is a string. Whole numbers beyond 64 bits become doubles. */
msgpack_object scalar_resolve(struct text plain);

#endif
