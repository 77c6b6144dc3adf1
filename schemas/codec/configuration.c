// SPDX-License-Identifier: MIT
#include "schemas/codec/configuration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/file_mode.h"
#include "schemas/base/limits.h"
#include "schemas/codec/json.h"
#include "schemas/codec/yaml.h"

#define FOUND_BYTES 80

struct configuration {
    char *path;
    struct yaml_tree *tree;
};

static int fail(char message[CONFIGURATION_ERROR_BYTES], const char *path, const char *reason)
{
    snprintf(message, CONFIGURATION_ERROR_BYTES, "%s: %s", path, reason);
    return -ERROR_CONFIGURATION;
}

static int check_file(int file, const char *path, char message[CONFIGURATION_ERROR_BYTES])
{
    const char *problem;
    struct stat status;

    if (fstat(file, &status) != 0) {
        return fail(message, path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(message, path, "not a regular file");
    }
    problem = file_mode_problem(&status);
    if (problem) {
        return fail(message, path, problem);
    }
    return status.st_size > LIMIT_CONFIGURATION_BYTES ? fail(message, path, "larger than 1 MiB")
                                                      : 0;
}

/* Reads until the end; the file may have grown since it was measured. */
static int read_all(int file, const char *path, char *bytes, uint32_t *size_bytes,
                    char message[CONFIGURATION_ERROR_BYTES])
{
    size_t used = 0;

    for (;;) {
        ssize_t got = read(file, bytes + used, LIMIT_CONFIGURATION_BYTES + 1 - used);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(message, path, strerror(errno));
        }
        used += (size_t)got;
        if (used > LIMIT_CONFIGURATION_BYTES) {
            return fail(message, path, "larger than 1 MiB");
        }
        if (got == 0) {
            *size_bytes = (uint32_t)used;
            return 0;
        }
    }
}

static int read_tree(struct yaml_tree **tree, const char *path,
                     char message[CONFIGURATION_ERROR_BYTES])
{
    char *bytes = malloc(LIMIT_CONFIGURATION_BYTES + 1);
    uint32_t size_bytes = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int rc;

    if (!bytes) {
        fail(message, path, "out of memory");
        rc = -ERROR_MEMORY;
        goto out;
    }
    if (file < 0) {
        rc = fail(message, path, strerror(errno));
        goto out;
    }
    rc = check_file(file, path, message);
    if (rc == 0) {
        rc = read_all(file, path, bytes, &size_bytes, message);
    }
    if (rc == 0) {
        rc = yaml_tree_read(tree, path, (struct text){bytes, size_bytes}, message,
                            CONFIGURATION_ERROR_BYTES);
    }
out:
    if (file >= 0) {
        close(file);
    }
    free(bytes);
    return rc;
}

/* What stands in the file, short. */
static void describe(const struct wire_error *error, char found[FOUND_BYTES])
{
    struct wire_output json = WIRE_OUTPUT_INIT;
    const char *words = NULL;

    if (error->error == -ERROR_FIELD_MISSING || !error->at) {
        words = "nothing";
    } else if (error->error == -ERROR_FIELD_UNKNOWN) {
        words = "an unknown key";
    } else if (error->at->type == MSGPACK_OBJECT_MAP) {
        words = "a map";
    } else if (error->at->type == MSGPACK_OBJECT_ARRAY) {
        snprintf(found, FOUND_BYTES, "a list of %u items", error->at->via.array.size);
        return;
    }
    if (words) {
        snprintf(found, FOUND_BYTES, "%s", words);
        return;
    }
    json_from_object(error->at, &json);
    if (json.error == 0 && json.size_bytes < FOUND_BYTES) {
        snprintf(found, FOUND_BYTES, "%.*s", (int)json.size_bytes, json.data);
    } else {
        snprintf(found, FOUND_BYTES, "a longer text");
    }
    wire_output_release(&json);
}

static int explain(const struct configuration *configuration, const struct wire_error *error,
                   char message[CONFIGURATION_ERROR_BYTES])
{
    char found[FOUND_BYTES];

    describe(error, found);
    snprintf(message, CONFIGURATION_ERROR_BYTES, "%s:%u: %s%sfound %s, expected %s",
             configuration->path, yaml_tree_line(configuration->tree, error->at), error->field,
             error->field[0] ? ": " : "", found, error->expected);
    return -ERROR_CONFIGURATION;
}

int configuration_read(struct configuration **configuration, const char *path,
                       const struct schema *schema, void *value,
                       char message[CONFIGURATION_ERROR_BYTES])
{
    struct configuration *made = calloc(1, sizeof(*made));
    struct wire_error error = {0};
    int rc = -ERROR_MEMORY;

    fail(message, path, "out of memory");
    if (!made) {
        return rc;
    }
    made->path = strdup(path);
    if (!made->path) {
        goto out;
    }
    rc = read_tree(&made->tree, path, message);
    if (rc != 0) {
        goto out;
    }
    if (codec_decode(schema, yaml_tree_root(made->tree), value, &error) != 0) {
        rc = explain(made, &error, message);
        goto out;
    }
    message[0] = '\0';
    *configuration = made;
    return 0;
out:
    configuration_destroy(&made);
    return rc;
}

void configuration_destroy(struct configuration **configuration)
{
    if (!*configuration) {
        return;
    }
    yaml_tree_destroy(&(*configuration)->tree);
    free((*configuration)->path);
    free(*configuration);
    *configuration = NULL;
}

/* The value below object that the next step of key names, or NULL; *place is what has its line. */
static const msgpack_object *step_into(const msgpack_object *object, const char **key,
                                       const msgpack_object **place)
{
    const char *at = *key;

    if (*at == '[' && object->type == MSGPACK_OBJECT_ARRAY) {
        unsigned long index = strtoul(at + 1, (char **)key, 10);

        *key += **key == ']' ? 1 : 0;
        *key += **key == '.' ? 1 : 0;
        *place = index < object->via.array.size ? &object->via.array.ptr[index] : NULL;
        return *place;
    }
    if (*at == '[' || object->type != MSGPACK_OBJECT_MAP) {
        return NULL;
    }
    *key += strcspn(at, ".[");
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        struct text name = {pair->key.via.str.ptr, pair->key.via.str.size};

        if (text_equal(name, (struct text){at, (uint32_t)(*key - at)})) {
            *key += **key == '.' ? 1 : 0;
            *place = &pair->key;
            return &pair->val;
        }
    }
    return NULL;
}

int configuration_fail(const struct configuration *configuration, const char *key,
                       char message[CONFIGURATION_ERROR_BYTES], const char *format, ...)
{
    const msgpack_object *object = yaml_tree_root(configuration->tree);
    const msgpack_object *nearest = NULL;
    const msgpack_object *place = NULL;
    const char *rest = key;
    va_list arguments;
    int used;

    while (object && *rest != '\0') {
        object = step_into(object, &rest, &place);
        nearest = object ? place : nearest;
    }
    used = snprintf(message, CONFIGURATION_ERROR_BYTES, "%s:%u: %s: ", configuration->path,
                    nearest ? yaml_tree_line(configuration->tree, nearest) : 1, key);
    if (used > 0 && used < CONFIGURATION_ERROR_BYTES) {
        va_start(arguments, format);
        vsnprintf(message + used, (size_t)(CONFIGURATION_ERROR_BYTES - used), format, arguments);
        va_end(arguments);
    }
    return -ERROR_CONFIGURATION;
}
