// SPDX-License-Identifier: MIT
#include "schemas/compiler/look.h"

#define KIND(kind) (1u << (kind))
#define TEXTS      (KIND(CODEC_TEXT) | KIND(CODEC_UUID) | KIND(CODEC_DATE_TIME))
#define NUMBERS    (KIND(CODEC_INTEGER) | KIND(CODEC_NUMBER))
#define ALL        (~0u)
#define ANYWHERE   (PLACE_FILE | PLACE_PROPERTY | PLACE_ITEM)
#define WITH_TYPE  (ALL & ~KIND(CODEC_CONST))

/* The vocabulary: which keywords a schema of a kind may and must have. Everything else is an error.
 */
static const struct keyword {
    const char *name;
    unsigned places;
    unsigned kinds;
    unsigned required_kinds;
} keywords[] = {
    {"$schema", PLACE_FILE, ALL, ALL},
    {"$id", PLACE_FILE, ALL, ALL},
    {"title", PLACE_FILE, ALL, ALL},
    {"description", ANYWHERE, ALL, 0},
    {"type", ANYWHERE, ALL, WITH_TYPE},
    {"properties", ANYWHERE, KIND(CODEC_OBJECT), KIND(CODEC_OBJECT)},
    {"required", ANYWHERE, KIND(CODEC_OBJECT), 0},
    {"additionalProperties", ANYWHERE, KIND(CODEC_OBJECT), KIND(CODEC_OBJECT)},
    {"enum", ANYWHERE, KIND(CODEC_ENUM), KIND(CODEC_ENUM)},
    {"const", PLACE_PROPERTY, KIND(CODEC_CONST), KIND(CODEC_CONST)},
    {"minLength", ANYWHERE, KIND(CODEC_TEXT), 0},
    {"maxLength", ANYWHERE, KIND(CODEC_TEXT), KIND(CODEC_TEXT)},
    {"pattern", ANYWHERE, KIND(CODEC_TEXT), 0},
    {"format", ANYWHERE, TEXTS, 0},
    {"minimum", ANYWHERE, NUMBERS, NUMBERS},
    {"maximum", ANYWHERE, NUMBERS, NUMBERS},
    {"items", ANYWHERE, KIND(CODEC_LIST), KIND(CODEC_LIST)},
    {"minItems", ANYWHERE, KIND(CODEC_LIST), 0},
    {"maxItems", ANYWHERE, KIND(CODEC_LIST), KIND(CODEC_LIST)},
    {"default", PLACE_PROPERTY, ALL & ~KIND(CODEC_CONST), 0},
    {"examples", ANYWHERE, ALL, 0},
};

static const struct keyword *find_keyword(struct text name)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (text_equal(text_of(keywords[i].name), name)) {
            return &keywords[i];
        }
    }
    return NULL;
}

int keywords_check(const struct look *look, enum place place, enum codec_kind kind)
{
    const msgpack_object_map *map = &look->node->via.map;

    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        const struct keyword *keyword = find_keyword(text_at(key));

        if (!keyword || !(keyword->places & place) || !(keyword->kinds & KIND(kind))) {
            return model_fail(look->model, look->document, key, "%.*s is not understood here",
                              TEXT_ARGUMENTS(text_at(key)));
        }
    }
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if ((keywords[i].required_kinds & KIND(kind)) && (keywords[i].places & place) &&
            !wire_find(look->node, keywords[i].name)) {
            return model_fail(look->model, look->document, look->node, "%s is missing",
                              keywords[i].name);
        }
    }
    return 0;
}
