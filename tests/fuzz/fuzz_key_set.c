// SPDX-License-Identifier: MIT
/* Bytes as a key set file: either it is refused with one line that names the file and quotes no
 * control character, or each of its keys is found by its name. */
#include <stdlib.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/key_set.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

/* What was accepted is JSON for others too, and its names are the keys' names. */
static void check_keys(const struct key_set *set, const uint8_t *data, size_t size_bytes)
{
    json_t *document = json_loadb((const char *)data, size_bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(document, "keys");

    if (json_array_size(list) == 0)
        abort();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *jwk = json_array_get(list, i);
        struct text name;
        const struct key *key;
        if (json_object_get(jwk, "d") || json_object_get(jwk, "k") ||
            !bounded_json_text(json_object_get(jwk, "kid"), &name))
            abort();
        key = key_set_find(set, name);
        if (!key || !key->public_key || !text_equal(text_of(key->id), name))
            abort();
    }
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char message[KEY_SET_MESSAGE_BYTES] = "";
    struct key_set *set = NULL;
    struct memory_file file;
    int rc;

    if (size_bytes > LIMIT_KEY_SET_BYTES + 1)
        return 0;
    memory_file_open(&file, data, size_bytes);
    rc = key_set_load(&set, file.path, message);
    if (!rc)
        check_keys(set, data, size_bytes);
    else if (rc != -ERROR_CONFIGURATION || !memory_file_is_named(&file, message))
        abort();
    key_set_destroy(&set);
    memory_file_close(&file);
    return 0;
}
