// SPDX-License-Identifier: MIT
#include "schemas/codec/wire.h"

#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/path.h"

#define ZONE_CHUNK_BYTES 8192

enum form { FORM_FIXED, FORM_TEXT, FORM_BYTES, FORM_LIST, FORM_MAP, FORM_REFUSED };

/* What a leading byte of 0xc0 or more says: how many bytes of value or of length follow. */
static const struct {
    enum form form;
    uint8_t bytes;
} heads[0x40] = {
    [0x00] = {FORM_FIXED, 0},   [0x01] = {FORM_REFUSED, 0}, [0x02] = {FORM_FIXED, 0},
    [0x03] = {FORM_FIXED, 0},   [0x04] = {FORM_BYTES, 1},   [0x05] = {FORM_BYTES, 2},
    [0x06] = {FORM_BYTES, 4},   [0x07] = {FORM_REFUSED, 1}, [0x08] = {FORM_REFUSED, 2},
    [0x09] = {FORM_REFUSED, 4}, [0x0a] = {FORM_FIXED, 4},   [0x0b] = {FORM_FIXED, 8},
    [0x0c] = {FORM_FIXED, 1},   [0x0d] = {FORM_FIXED, 2},   [0x0e] = {FORM_FIXED, 4},
    [0x0f] = {FORM_FIXED, 8},   [0x10] = {FORM_FIXED, 1},   [0x11] = {FORM_FIXED, 2},
    [0x12] = {FORM_FIXED, 4},   [0x13] = {FORM_FIXED, 8},   [0x14] = {FORM_REFUSED, 2},
    [0x15] = {FORM_REFUSED, 3}, [0x16] = {FORM_REFUSED, 5}, [0x17] = {FORM_REFUSED, 9},
    [0x18] = {FORM_REFUSED, 1}, [0x19] = {FORM_TEXT, 1},    [0x1a] = {FORM_TEXT, 2},
    [0x1b] = {FORM_TEXT, 4},    [0x1c] = {FORM_LIST, 2},    [0x1d] = {FORM_LIST, 4},
    [0x1e] = {FORM_MAP, 2},     [0x1f] = {FORM_MAP, 4},     [0x20] = {FORM_FIXED, 0},
};

/* A map or list that is not finished. */
struct level {
    uint32_t left;  /* values still to come */
    uint32_t count; /* values at first */
    bool is_map;
    bool has_key;      /* of a map: a key was read, its value comes next */
    struct text *keys; /* of a map */
};

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    struct wire_error *error;
    uint32_t elements;
    uint32_t depth;
    struct level levels[LIMIT_DEPTH];
    struct text keys[LIMIT_DEPTH][LIMIT_MAP_KEYS]; /* never cleared: 8 KiB for every message */
};

/* The head of one object: its form and its length or count. */
struct head {
    enum form form;
    uint32_t count;
};

static uint32_t keys_read(const struct level *level)
{
    return level->count - level->left + (level->has_key ? 1 : 0);
}

static int walk_fail(struct walk *walk, int number, const char *expected)
{
    struct path steps[LIMIT_DEPTH];
    const struct path *path = NULL;

    for (uint32_t i = 0; i < walk->depth; i++) {
        const struct level *level = &walk->levels[i];

        if (level->is_map && !level->has_key) {
            break;
        }
        steps[i] = (struct path){.parent = path, .index = level->count - level->left};
        if (level->is_map) {
            steps[i].name = level->keys[keys_read(level) - 1];
        }
        path = &steps[i];
    }
    return path_fail(path, number, NULL, walk->error, "%s", expected);
}

static int take_head(struct walk *walk, struct head *head)
{
    uint8_t lead;
    uint8_t bytes;

    if (walk->at == walk->end) {
        return walk_fail(walk, -ERROR_MALFORMED, "a complete message");
    }
    lead = *walk->at++;
    if (lead < 0xc0) {
        *head = lead < 0x80   ? (struct head){FORM_FIXED, 0}
                : lead < 0x90 ? (struct head){FORM_MAP, lead & 0x0f}
                : lead < 0xa0 ? (struct head){FORM_LIST, lead & 0x0f}
                              : (struct head){FORM_TEXT, lead & 0x1f};
        return 0;
    }
    lead = lead >= 0xe0 ? 0x20 : lead & 0x3f;
    bytes = heads[lead].bytes;
    if (bytes > walk->end - walk->at) {
        return walk_fail(walk, -ERROR_MALFORMED, "a complete message");
    }
    *head = (struct head){heads[lead].form, 0};
    if (head->form == FORM_REFUSED) {
        return walk_fail(walk, -ERROR_MALFORMED, "no extension types");
    }
    if (head->form != FORM_FIXED) {
        for (uint8_t i = 0; i < bytes; i++) {
            head->count = head->count << 8 | walk->at[i];
        }
    }
    walk->at += bytes;
    return 0;
}

static int take_bytes(struct walk *walk, const struct head *head, struct text *text)
{
    uint32_t points;

    if (head->count > (size_t)(walk->end - walk->at)) {
        return walk_fail(walk, -ERROR_MALFORMED, "a complete message");
    }
    if (head->count > LIMIT_STRING_BYTES) {
        return walk_fail(walk, -ERROR_TOO_LONG, "shorter strings");
    }
    *text = (struct text){(const char *)walk->at, head->count};
    if (head->form == FORM_TEXT && text_code_points(*text, &points) != 0) {
        return walk_fail(walk, -ERROR_MALFORMED, "strings of UTF-8 without NUL");
    }
    walk->at += head->count;
    return 0;
}

static int open_level(struct walk *walk, const struct head *head)
{
    struct level *level = &walk->levels[walk->depth];
    size_t least_bytes = (size_t)head->count * (head->form == FORM_MAP ? 2 : 1);

    if (walk->depth == LIMIT_DEPTH) {
        return walk_fail(walk, -ERROR_TOO_DEEP, "fewer levels");
    }
    if (least_bytes > (size_t)(walk->end - walk->at)) {
        return walk_fail(walk, -ERROR_MALFORMED, "a complete message");
    }
    if (head->form == FORM_MAP && head->count > LIMIT_MAP_KEYS) {
        return walk_fail(walk, -ERROR_TOO_MANY, "fewer fields");
    }
    if (head->count > LIMIT_ELEMENTS - walk->elements) {
        return walk_fail(walk, -ERROR_TOO_MANY, "fewer elements");
    }
    *level = (struct level){
        .left = head->count,
        .count = head->count,
        .is_map = head->form == FORM_MAP,
        .keys = walk->keys[walk->depth],
    };
    walk->depth++;
    return 0;
}

static int take_key(struct walk *walk, struct level *level)
{
    uint32_t known = keys_read(level);
    struct head head = {FORM_FIXED, 0};
    struct text key = {NULL, 0};
    int rc = take_head(walk, &head);

    if (rc != 0) {
        return rc;
    }
    if (head.form != FORM_TEXT) {
        return walk_fail(walk, -ERROR_MALFORMED, "map keys that are strings");
    }
    rc = take_bytes(walk, &head, &key);
    if (rc != 0) {
        return rc;
    }
    level->keys[known] = key;
    level->has_key = true;
    for (uint32_t i = 0; i < known; i++) {
        if (text_equal(level->keys[i], key)) {
            return walk_fail(walk, -ERROR_FIELD_DUPLICATE, "each field once");
        }
    }
    return 0;
}

static int take_value(struct walk *walk)
{
    struct head head = {FORM_FIXED, 0};
    struct text bytes;
    int rc = take_head(walk, &head);

    if (rc != 0) {
        return rc;
    }
    if (++walk->elements > LIMIT_ELEMENTS) {
        return walk_fail(walk, -ERROR_TOO_MANY, "fewer elements");
    }
    if (head.form == FORM_TEXT || head.form == FORM_BYTES) {
        return take_bytes(walk, &head, &bytes);
    }
    return head.form == FORM_MAP || head.form == FORM_LIST ? open_level(walk, &head) : 0;
}

static int walk_all(struct walk *walk)
{
    int rc = take_value(walk);

    while (rc == 0 && walk->depth != 0) {
        struct level *level = &walk->levels[walk->depth - 1];

        level->has_key = false;
        if (level->left == 0) {
            walk->depth--;
            if (walk->depth != 0) {
                walk->levels[walk->depth - 1].left--;
            }
            continue;
        }
        rc = level->is_map ? take_key(walk, level) : 0;
        if (rc == 0) {
            uint32_t depth = walk->depth;

            rc = take_value(walk);
            if (rc == 0 && walk->depth == depth) {
                level->left--;
            }
        }
    }
    if (rc == 0 && walk->at != walk->end) {
        rc = walk_fail(walk, -ERROR_MALFORMED, "one object and nothing after it");
    }
    return rc;
}

const char *wire_field_for_log(int error, const char *field)
{
    static const int of_any_field[] = {-ERROR_MALFORMED,       -ERROR_TOO_LONG,
                                       -ERROR_TOO_DEEP,        -ERROR_TOO_MANY,
                                       -ERROR_FIELD_DUPLICATE, -ERROR_FIELD_UNKNOWN};

    for (size_t i = 0; i < sizeof of_any_field / sizeof of_any_field[0]; i++) {
        if (error == of_any_field[i]) {
            return "?";
        }
    }
    return field && field[0] ? field : "-";
}

int wire_input_init(struct wire_input *input)
{
    *input = (struct wire_input){.zone = msgpack_zone_new(ZONE_CHUNK_BYTES)};
    return input->zone ? 0 : -ERROR_MEMORY;
}

void wire_input_release(struct wire_input *input)
{
    if (input->zone) {
        msgpack_zone_free(input->zone);
    }
    *input = (struct wire_input){0};
}

int wire_parse(struct wire_input *input, const void *bytes, size_t size_bytes,
               struct wire_error *error)
{
    struct walk walk;
    size_t offset = 0;
    int rc;

    input->root = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    if (size_bytes > LIMIT_MESSAGE_BYTES) {
        return path_fail(NULL, -ERROR_TOO_LONG, NULL, error, "at most %d bytes",
                         LIMIT_MESSAGE_BYTES);
    }
    if (size_bytes == 0) {
        return path_fail(NULL, -ERROR_MALFORMED, NULL, error, "one map");
    }
    walk.at = bytes;
    walk.end = walk.at + size_bytes;
    walk.error = error;
    walk.elements = 0;
    walk.depth = 0;
    rc = walk_all(&walk);
    if (rc != 0) {
        return rc;
    }
    msgpack_zone_clear(input->zone);
    /* msgpack_unpack_next would allocate a zone for every message. */
    if (msgpack_unpack(bytes, size_bytes, &offset, input->zone, &input->root) !=
            MSGPACK_UNPACK_SUCCESS ||
        offset != size_bytes) {
        input->root = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
        return path_fail(NULL, -ERROR_MEMORY, NULL, error, "a message that fits into memory");
    }
    return 0;
}

const msgpack_object *wire_find(const msgpack_object *map, const char *key)
{
    struct text wanted = text_of(key);

    if (!map || map->type != MSGPACK_OBJECT_MAP) {
        return NULL;
    }
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];

        if (pair->key.type == MSGPACK_OBJECT_STR &&
            text_equal((struct text){pair->key.via.str.ptr, pair->key.via.str.size}, wanted)) {
            return &pair->val;
        }
    }
    return NULL;
}
