// SPDX-License-Identifier: MIT
/* Bytes as a message of every schema: what is accepted must encode, and must be accepted again as
 * the same. */
#include <stdlib.h>
#include <string.h>

#include "schemas/codec/json.h"
#include "schemas/messages.h"
#include "tests/fuzz/fuzz.h"

static struct wire_input input;
static struct wire_input again;

static void check(const struct schema *schema)
{
    _Alignas(16) unsigned char value[CODEC_VALUE_BYTES];
    struct wire_output first = WIRE_OUTPUT_INIT;
    struct wire_output second = WIRE_OUTPUT_INIT;
    struct wire_error error;

    if (codec_decode(schema, &input.root, value, &error) != 0) {
        if (error.error >= 0 || error.expected[0] == '\0') {
            abort();
        }
        return;
    }
    codec_encode(schema, value, &first);
    if (first.error != 0 || wire_parse(&again, first.data, first.size_bytes, &error) != 0 ||
        codec_decode(schema, &again.root, value, &error) != 0) {
        abort();
    }
    codec_encode(schema, value, &second);
    if (second.size_bytes != first.size_bytes ||
        memcmp(second.data, first.data, first.size_bytes) != 0) {
        abort();
    }
    wire_output_clear(&second);
    json_from_value(schema, value, &second);
    if (second.error != 0) {
        abort();
    }
    wire_output_release(&first);
    wire_output_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_error error;

    if ((!input.zone && wire_input_init(&input) != 0) ||
        (!again.zone && wire_input_init(&again) != 0)) {
        abort();
    }
    if (wire_parse(&input, data, size, &error) == 0) {
        for (size_t i = 0; schema_all[i]; i++) {
            check(schema_all[i]);
        }
        codec_dispatch(request_schemas, &input.root, &error);
        codec_dispatch(report_schemas, &input.root, &error);
    }
    return 0;
}
