// SPDX-License-Identifier: MIT
/* Made-up messages of any schema, the same for the same seed. */
#ifndef TESTS_UNIT_SCHEMAS_GENERATE_H
#define TESTS_UNIT_SCHEMAS_GENERATE_H

#include "schemas/codec/codec.h"

/* Appends a message that the schema allows; longest bounds texts and lists. */
void generate(const struct schema *schema, uint64_t *seed, uint32_t longest,
              struct wire_output *output);

#endif
