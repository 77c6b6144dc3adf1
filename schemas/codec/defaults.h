// SPDX-License-Identifier: MIT
/* What a field has when a message leaves it out. */
#ifndef SCHEMAS_CODEC_DEFAULTS_H
#define SCHEMAS_CODEC_DEFAULTS_H

#include "schemas/codec/codec.h"

/* Sets the member of a struct of zeros. An absent object still gets the defaults of what is in it,
 * so that whoever reads a section of a configuration that nobody wrote finds them there; an absent
 * list has no items. */
void defaults_fill(const struct codec_field *field, unsigned char *value);

#endif
