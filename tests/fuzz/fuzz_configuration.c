// SPDX-License-Identifier: MIT
/* Bytes as a configuration file: read into a tree, and decoded as each of the configurations. */
#include <stdlib.h>
#include <string.h>

#include "schemas/codec/json.h"
#include "schemas/codec/yaml.h"
#include "schemas/messages.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _Alignas(16) unsigned char value[CODEC_VALUE_BYTES];
    struct wire_output json = WIRE_OUTPUT_INIT;
    struct yaml_tree *tree = NULL;
    struct wire_error error;
    char message[512] = "";

    if (size > UINT32_MAX) {
        return 0;
    }
    if (yaml_tree_read(&tree, "fuzz", (struct text){(const char *)data, (uint32_t)size}, message,
                       sizeof(message)) != 0) {
        if (strncmp(message, "fuzz:", 5) != 0) {
            abort();
        }
        return 0;
    }
    for (size_t i = 0; schema_all[i]; i++) {
        if (strstr(schema_all[i]->name, ".configuration") &&
            codec_decode(schema_all[i], yaml_tree_root(tree), value, &error) != 0 &&
            (!error.at || yaml_tree_line(tree, error.at) == 0)) {
            abort();
        }
    }
    json_from_object(yaml_tree_root(tree), &json);
    wire_output_release(&json);
    yaml_tree_destroy(&tree);
    return 0;
}
