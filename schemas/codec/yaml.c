// SPDX-License-Identifier: MIT
#include "schemas/codec/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/scalar.h"

struct line {
    const msgpack_object *object;
    uint32_t number;
};

struct yaml_tree {
    msgpack_zone *zone;
    msgpack_object root;
    struct line *lines; /* by address */
    size_t line_count;
};

/* An object whose place in the tree is not known yet. */
struct pending {
    msgpack_object object;
    uint32_t line;
};

/* A map or list that is not finished; its keys, values and items are pending from first on. */
struct level {
    size_t first;
    uint32_t line;
    bool is_map;
};

struct reading {
    struct yaml_tree *tree;
    const char *name;
    char *message;
    size_t message_bytes;
    struct pending *pending;
    size_t pending_count;
    size_t elements;
    size_t depth;
    size_t documents;
    struct level levels[LIMIT_CONFIGURATION_DEPTH];
};

/* Every value may have a key, and one more key may be waiting for its value. */
#define OBJECTS_LIMIT ((size_t)2 * LIMIT_CONFIGURATION_ELEMENTS + 1)

static int fail(struct reading *reading, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct reading *reading, size_t line, const char *format, ...)
{
    int used = snprintf(reading->message, reading->message_bytes, "%s:%zu: ", reading->name, line);
    va_list arguments;

    if (used >= 0 && (size_t)used < reading->message_bytes) {
        va_start(arguments, format);
        vsnprintf(reading->message + used, reading->message_bytes - (size_t)used, format,
                  arguments);
        va_end(arguments);
    }
    return -ERROR_CONFIGURATION;
}

static int out_of_memory(struct reading *reading)
{
    snprintf(reading->message, reading->message_bytes, "%s: out of memory", reading->name);
    return -ERROR_MEMORY;
}

static bool is_key_due(const struct reading *reading)
{
    const struct level *level;

    if (reading->depth == 0) {
        return false;
    }
    level = &reading->levels[reading->depth - 1];
    return level->is_map && (reading->pending_count - level->first) % 2 == 0;
}

static int check_key(struct reading *reading, const msgpack_object *key, size_t line)
{
    const struct level *level = &reading->levels[reading->depth - 1];
    struct text name = {key->via.str.ptr, key->via.str.size};

    if (reading->pending_count - level->first >= (size_t)2 * LIMIT_MAP_KEYS) {
        return fail(reading, line, "a map has at most %d keys", LIMIT_MAP_KEYS);
    }
    for (size_t i = level->first; i < reading->pending_count; i += 2) {
        const struct pending *known = &reading->pending[i];

        if (text_equal((struct text){known->object.via.str.ptr, known->object.via.str.size},
                       name)) {
            return fail(reading, line, "%.*s: found a second time, expected once (line %u has it)",
                        TEXT_ARGUMENTS(name), known->line);
        }
    }
    return 0;
}

/* Takes an object that is complete. */
static int add(struct reading *reading, msgpack_object object, size_t line)
{
    if (reading->depth == 0) {
        reading->tree->root = object;
        return 0;
    }
    reading->pending[reading->pending_count++] = (struct pending){object, (uint32_t)line};
    return 0;
}

static int count_element(struct reading *reading, size_t line)
{
    if (++reading->elements > LIMIT_CONFIGURATION_ELEMENTS) {
        return fail(reading, line, "more than %d values", LIMIT_CONFIGURATION_ELEMENTS);
    }
    return 0;
}

static int refuse_extras(struct reading *reading, const yaml_char_t *anchor, const yaml_char_t *tag,
                         size_t line)
{
    if (anchor) {
        return fail(reading, line, "anchors (&) are not allowed");
    }
    return tag ? fail(reading, line, "tags (!) are not allowed") : 0;
}

static int take_scalar(struct reading *reading, const yaml_event_t *event, size_t line)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool is_key = is_key_due(reading);
    char *copy = msgpack_zone_malloc_no_align(reading->tree->zone, length + 1);
    struct text text = {copy, (uint32_t)length};
    msgpack_object object = {.type = MSGPACK_OBJECT_STR,
                             .via.str = {.size = (uint32_t)length, .ptr = copy}};
    uint32_t points;
    int rc = refuse_extras(reading, event->data.scalar.anchor, event->data.scalar.tag, line);

    if (rc != 0) {
        return rc;
    }
    if (!copy) {
        return out_of_memory(reading);
    }
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    if (text_code_points(text, &points) != 0) {
        return fail(reading, line, "text is UTF-8 without NUL");
    }
    if (is_key && is_plain && strcmp(copy, "<<") == 0) {
        return fail(reading, line, "merge keys (<<) are not allowed");
    }
    if (!is_key && is_plain) {
        object = scalar_resolve(text);
    }
    rc = is_key ? check_key(reading, &object, line) : count_element(reading, line);
    return rc != 0 ? rc : add(reading, object, line);
}

static int open_level(struct reading *reading, bool is_map, size_t line)
{
    int rc = count_element(reading, line);

    if (rc != 0) {
        return rc;
    }
    if (is_key_due(reading)) {
        return fail(reading, line, "a key is a single word");
    }
    if (reading->depth == LIMIT_CONFIGURATION_DEPTH) {
        return fail(reading, line, "more than %d levels", LIMIT_CONFIGURATION_DEPTH);
    }
    reading->levels[reading->depth++] =
        (struct level){reading->pending_count, (uint32_t)line, is_map};
    return 0;
}

static void remember(struct yaml_tree *tree, const msgpack_object *object, uint32_t line)
{
    tree->lines[tree->line_count++] = (struct line){object, line};
}

static bool fill_list(struct yaml_tree *tree, const struct pending *items, size_t count,
                      msgpack_object *object)
{
    msgpack_object *array = msgpack_zone_malloc(tree->zone, (count + 1) * sizeof(*array));

    if (!array) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        array[i] = items[i].object;
        remember(tree, &array[i], items[i].line);
    }
    *object = (msgpack_object){.type = MSGPACK_OBJECT_ARRAY,
                               .via.array = {.size = (uint32_t)count, .ptr = array}};
    return true;
}

static bool fill_map(struct yaml_tree *tree, const struct pending *items, size_t count,
                     msgpack_object *object)
{
    msgpack_object_kv *pairs = msgpack_zone_malloc(tree->zone, (count / 2 + 1) * sizeof(*pairs));

    if (!pairs) {
        return false;
    }
    for (size_t i = 0; i < count / 2; i++) {
        pairs[i] = (msgpack_object_kv){items[2 * i].object, items[2 * i + 1].object};
        remember(tree, &pairs[i].key, items[2 * i].line);
        remember(tree, &pairs[i].val, items[2 * i + 1].line);
    }
    *object = (msgpack_object){.type = MSGPACK_OBJECT_MAP,
                               .via.map = {.size = (uint32_t)(count / 2), .ptr = pairs}};
    return true;
}

static int close_level(struct reading *reading)
{
    const struct level *level = &reading->levels[--reading->depth];
    const struct pending *items = reading->pending + level->first;
    size_t count = reading->pending_count - level->first;
    msgpack_object object;

    if (!(level->is_map ? fill_map : fill_list)(reading->tree, items, count, &object)) {
        return out_of_memory(reading);
    }
    reading->pending_count = level->first;
    return add(reading, object, level->line);
}

static int take_document(struct reading *reading, const yaml_event_t *event, size_t line)
{
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end) {
        return fail(reading, line, "tags (!) are not allowed");
    }
    return ++reading->documents > 1 ? fail(reading, line, "one document is allowed") : 0;
}

static int take_event(struct reading *reading, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;
    int rc;

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return take_document(reading, event, line);
    case YAML_ALIAS_EVENT:
        return fail(reading, line, "aliases (*) are not allowed");
    case YAML_SCALAR_EVENT:
        return take_scalar(reading, event, line);
    case YAML_SEQUENCE_START_EVENT:
        rc = refuse_extras(reading, event->data.sequence_start.anchor,
                           event->data.sequence_start.tag, line);
        return rc != 0 ? rc : open_level(reading, false, line);
    case YAML_MAPPING_START_EVENT:
        rc = refuse_extras(reading, event->data.mapping_start.anchor, event->data.mapping_start.tag,
                           line);
        return rc != 0 ? rc : open_level(reading, true, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(reading);
    default:
        return 0;
    }
}

static int read_events(struct reading *reading, struct text bytes)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool is_end = false;
    int rc = 0;

    if (!yaml_parser_initialize(&parser)) {
        return out_of_memory(reading);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.data, bytes.size_bytes);
    while (rc == 0 && !is_end) {
        if (!yaml_parser_parse(&parser, &event)) {
            rc = parser.error == YAML_MEMORY_ERROR
                     ? out_of_memory(reading)
                     : fail(reading, parser.problem_mark.line + 1, "not YAML: %s",
                            parser.problem ? parser.problem : "unreadable");
            break;
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        rc = take_event(reading, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct line *)a)->object;
    uintptr_t right = (uintptr_t)((const struct line *)b)->object;

    return (left > right) - (left < right);
}

int yaml_tree_read(struct yaml_tree **tree, const char *name, struct text bytes, char *message,
                   size_t message_bytes)
{
    struct yaml_tree *made = calloc(1, sizeof(*made));
    struct reading reading = {
        .tree = made,
        .name = name,
        .message = message,
        .message_bytes = message_bytes,
        .pending = calloc(OBJECTS_LIMIT, sizeof(struct pending)),
    };
    int rc = out_of_memory(&reading);

    if (!made || !reading.pending) {
        goto out;
    }
    made->root = (msgpack_object){.type = MSGPACK_OBJECT_MAP};
    made->zone = msgpack_zone_new(MSGPACK_ZONE_CHUNK_SIZE);
    made->lines = calloc(OBJECTS_LIMIT, sizeof(*made->lines));
    if (!made->zone || !made->lines) {
        goto out;
    }
    rc = bytes.size_bytes > LIMIT_CONFIGURATION_BYTES
             ? fail(&reading, 1, "more than %d bytes", LIMIT_CONFIGURATION_BYTES)
             : read_events(&reading, bytes);
out:
    free(reading.pending);
    if (rc != 0) {
        yaml_tree_destroy(&made);
        return rc;
    }
    qsort(made->lines, made->line_count, sizeof(*made->lines), by_address);
    *tree = made;
    return 0;
}

void yaml_tree_destroy(struct yaml_tree **tree)
{
    if (!*tree) {
        return;
    }
    if ((*tree)->zone) {
        msgpack_zone_free((*tree)->zone);
    }
    free((*tree)->lines);
    free(*tree);
    *tree = NULL;
}

const msgpack_object *yaml_tree_root(const struct yaml_tree *tree)
{
    return &tree->root;
}

uint32_t yaml_tree_line(const struct yaml_tree *tree, const msgpack_object *object)
{
    struct line wanted = {.object = object};
    const struct line *found =
        bsearch(&wanted, tree->lines, tree->line_count, sizeof(*tree->lines), by_address);

    return found ? found->number : 1;
}
