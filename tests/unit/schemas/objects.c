// SPDX-License-Identifier: MIT
#include "tests/unit/schemas/objects.h"

#include <stdio.h>
#include <string.h>

#include "schemas/codec/yaml.h"

static struct yaml_tree *tree;

const msgpack_object *object_of(const char *yaml)
{
    char message[512];

    object_forget();
    if (yaml_tree_read(&tree, "test", text_of(yaml), message, sizeof(message)) != 0) {
        fail_msg("%s", message);
    }
    return yaml_tree_root(tree);
}

void object_forget(void)
{
    yaml_tree_destroy(&tree);
}

const char *with(const char *text, const char *piece, const char *replacement)
{
    static char changed[4096];
    const char *at = strstr(text, piece);
    int length;

    assert_non_null(at);
    length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, replacement,
                      at + strlen(piece));
    assert_in_range(length, 1, sizeof(changed) - 1);
    return changed;
}
