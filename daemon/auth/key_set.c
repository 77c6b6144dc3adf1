// SPDX-License-Identifier: MIT
#include "daemon/auth/key_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/auth/bounded_json.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

struct key_set {
    size_t count;
    uint8_t digest[SHA256_BYTES]; /* of the file */
    struct key keys[];
};

static int fail(char *message, const char *path, int error, const char *text)
{
    (void)snprintf(message, KEY_SET_MESSAGE_BYTES, "%s: %s", path, text);
    return -error;
}

static int fail_key(char *message, const char *path, size_t index, const char *reason)
{
    (void)snprintf(message, KEY_SET_MESSAGE_BYTES, "%s: keys[%zu]: %s", path, index, reason);
    return -ERROR_CONFIGURATION;
}

/* Reads until the end or until the buffer is full; -1 as read(2). */
static ssize_t read_whole(int descriptor, char *buffer, size_t buffer_bytes)
{
    size_t used = 0;

    while (used < buffer_bytes) {
        ssize_t got = read(descriptor, buffer + used, buffer_bytes - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* buffer has room for one byte more than the limit, which is how a longer file shows. */
static int read_open_file(int descriptor, const char *path, char *buffer, struct text *content,
                          char *message)
{
    struct stat status;
    ssize_t size = fstat(descriptor, &status);

    if (size == 0 && !S_ISREG(status.st_mode))
        return fail(message, path, ERROR_CONFIGURATION, "not a regular file");
    if (size == 0)
        size = read_whole(descriptor, buffer, LIMIT_KEY_SET_BYTES + 1);
    if (size < 0)
        return fail(message, path, ERROR_IO, strerror(errno));
    if (size > LIMIT_KEY_SET_BYTES)
        return fail(message, path, ERROR_CONFIGURATION, "longer than 65536 bytes");
    *content = (struct text){buffer, (uint32_t)size};
    return 0;
}

/* O_NONBLOCK: opening a FIFO by mistake must not stop the daemon. */
static int read_file(const char *path, char *buffer, struct text *content, char *message)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc;

    if (descriptor < 0)
        return fail(message, path, ERROR_IO, strerror(errno));
    rc = read_open_file(descriptor, path, buffer, content, message);
    (void)close(descriptor); /* opened for reading: nothing to lose */
    return rc;
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
            return fail(message, path, ERROR_MEMORY, "out of memory");
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
        return fail(message, path, ERROR_CONFIGURATION,
                    "member \"keys\": expected a list of at least one key");
    made = calloc(1, sizeof(*made) + json_array_size(list) * sizeof(made->keys[0]));
    if (!made || digest_content(made, content) != 0)
        rc = fail(message, path, ERROR_MEMORY, "out of memory");
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
    char *buffer = malloc(LIMIT_KEY_SET_BYTES + 1);
    json_t *document = NULL;
    struct text content;
    int rc;

    if (!buffer)
        return fail(message, path, ERROR_MEMORY, "out of memory");
    rc = read_file(path, buffer, &content, message);
    if (rc)
        goto out;
    if (bounded_json_parse(content, &document, reason) != 0) {
        rc = fail(message, path, ERROR_CONFIGURATION, reason);
        goto out;
    }
    rc = make_set(set, content, document, path, message);
out:
    json_decref(document);
    free(buffer);
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

bool key_set_equal(const struct key_set *a, const struct key_set *b)
{
    return memcmp(a->digest, b->digest, SHA256_BYTES) == 0;
}
