// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "schemas/compiler/look.h"

static bool is_integer(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
           object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
}

static bool fits_text(const struct shape *shape, const msgpack_object *value)
{
    struct text t = text_at(value);
    uint32_t points;

    return value->type == MSGPACK_OBJECT_STR && text_code_points(t, &points) == 0 &&
           points >= shape->minimum && points <= shape->maximum &&
           (!shape->pattern || shape->pattern->matches(t));
}

static bool fits_integer(const struct shape *shape, const msgpack_object *value)
{
    return is_integer(value) &&
           (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER || value->via.u64 <= INT64_MAX) &&
           value->via.i64 >= shape->minimum && value->via.i64 <= shape->maximum;
}

static bool fits_number(const struct shape *shape, const msgpack_object *value)
{
    double number = value->type == MSGPACK_OBJECT_FLOAT64 ? value->via.f64 : (double)value->via.i64;

    return (is_integer(value) || value->type == MSGPACK_OBJECT_FLOAT64) && isfinite(number) &&
           number >= shape->number_minimum && number <= shape->number_maximum;
}

static bool fits_boolean(const struct shape *shape, const msgpack_object *value)
{
    (void)shape;
    return value->type == MSGPACK_OBJECT_BOOLEAN;
}

static bool fits_enum(const struct shape *shape, const msgpack_object *value)
{
    return value->type == MSGPACK_OBJECT_STR &&
           codec_enum_of((const char *const *)shape->enumeration->values, text_at(value)) >= 0;
}

/* Only {}, and only when that is allowed: nothing in it is required. */
static bool fits_object(const struct shape *shape, const msgpack_object *value)
{
    if (value->type != MSGPACK_OBJECT_MAP || value->via.map.size != 0) {
        return false;
    }
    for (uint32_t i = 0; i < shape->record->count; i++) {
        if (shape->record->properties[i].is_required) {
            return false;
        }
    }
    return true;
}

static bool fits_list(const struct shape *shape, const msgpack_object *value)
{
    return value->type == MSGPACK_OBJECT_ARRAY && value->via.array.size == 0 && shape->minimum == 0;
}

static bool (*const checks[])(const struct shape *, const msgpack_object *) = {
    [CODEC_TEXT] = fits_text,       [CODEC_INTEGER] = fits_integer, [CODEC_NUMBER] = fits_number,
    [CODEC_BOOLEAN] = fits_boolean, [CODEC_ENUM] = fits_enum,       [CODEC_OBJECT] = fits_object,
    [CODEC_LIST] = fits_list,
};

int default_check(struct model *model, const struct document *document, const struct shape *shape)
{
    const msgpack_object *value = shape->default_value;

    if (!value) {
        return 0;
    }
    if (shape->is_nullable) {
        return model_fail(model, document, value, "what may be null has no default");
    }
    if ((size_t)shape->kind >= sizeof(checks) / sizeof(checks[0]) || !checks[shape->kind] ||
        !checks[shape->kind](shape, value)) {
        return model_fail(model, document, value, "the default is not allowed here");
    }
    return 0;
}
