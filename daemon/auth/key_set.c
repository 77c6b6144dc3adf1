// SPDX-License-Identifier: MIT
#include "daemon/auth/key_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

struct key_set {
    size_t count;
    uint8_t digest[SHA256_BYTES]; /* of the file */
    struct file_version version;
    struct key keys[];
};

static int fail_key(char *message, const char *path, size_t index, const char *reason)
{
    (void)snprintf(message, KEY_SET_MESSAGE_BYTES, "%s: keys[%zu]: %s", path, index, reason);
    return -ERROR_CONFIGURATION;
}

static bool has_twin(const struct key_set *set, const struct key *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->keys[i].id, key->id) == 0)
            return true;
    }
    return false;
}

/* Adds keys while the count grows with them, so that an unfinished set can be destroyed. */
static int add_keys(struct key_set *set, const json_t *list, const char *path, char *message)
{
    char reason[KEY_REASON_BYTES];

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct key *key = &set->keys[i];
        bool is_twin;
        int rc = key_init(key, json_array_get(list, i), reason);
        is_twin = rc == 0 && has_twin(set, key);
        set->count++;
        if (rc == -ERROR_MEMORY)
            return bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
        if (rc)
            return fail_key(message, path, i, reason);
        if (is_twin)
            return fail_key(message, path, i, "member \"kid\": given to an earlier key");
    }
    return 0;
}

static int digest_content(struct key_set *set, struct text content)
{
    struct sha256 sha256;
    int rc = sha256_init(&sha256);

    if (rc)
        return rc;
    rc = sha256_digest(&sha256, content.data, content.size_bytes, set->digest);
    sha256_release(&sha256);
    return rc;
}

static int make_set(struct key_set **set, struct text content, const json_t *document,
                    const char *path, char *message)
{
    const json_t *list = json_object_get(document, "keys");
    struct key_set *made;
    int rc;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return bounded_file_fail(message, path, ERROR_CONFIGURATION,
                                 "member \"keys\": expected a list of at least one key");
    made = calloc(1, sizeof(*made) + json_array_size(list) * sizeof(made->keys[0]));
    if (!made || digest_content(made, content) != 0)
        rc = bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
    else
        rc = add_keys(made, list, path, message);
    if (rc)
        key_set_destroy(&made);
    else
        *set = made;
    return rc;
}

int key_set_load(struct key_set **set, const char *path, char message[KEY_SET_MESSAGE_BYTES])
{
    char reason[BOUNDED_JSON_REASON_BYTES];
    struct file_version version;
    json_t *document = NULL;
    struct text content;
    char *data = NULL;
    int rc = bounded_file_read(path, LIMIT_KEY_SET_BYTES, &data, &content, &version, message);

    if (rc)
        return rc;
    rc = bounded_json_parse(content, &document, reason);
    if (rc)
        rc = bounded_file_fail(message, path,
                               rc == -ERROR_MEMORY ? ERROR_MEMORY : ERROR_CONFIGURATION, reason);
    else
        rc = make_set(set, content, document, path, message);
    if (!rc)
        (*set)->version = version;
    json_decref(document);
    free(data);
    return rc;
}

void key_set_destroy(struct key_set **set)
{
    if (!*set)
        return;
    for (size_t i = 0; i < (*set)->count; i++)
        key_release(&(*set)->keys[i]);
    free(*set);
    *set = NULL;
}

const struct key *key_set_find(const struct key_set *set, struct text kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (text_equal(text_of(set->keys[i].id), kid))
            return &set->keys[i];
    }
    return NULL;
}

bool key_set_is_current(const struct key_set *set, const char *path)
{
    return file_version_is_current(&set->version, path);
}

bool key_set_equal(const struct key_set *a, const struct key_set *b)
{
    return memcmp(a->digest, b->digest, SHA256_BYTES) == 0;
}
