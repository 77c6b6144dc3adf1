// SPDX-License-Identifier: MIT
#include "schemas/compiler/look.h"

#include <math.h>

#include "schemas/compiler/names.h"

struct text text_at(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_STR
               ? (struct text){object->via.str.ptr, object->via.str.size}
               : (struct text){NULL, 0};
}

bool is_text(const msgpack_object *object, const char *text)
{
    return object->type == MSGPACK_OBJECT_STR && text_equal(text_at(object), text_of(text));
}

int look_text(const struct look *look, const char *name, const char **text)
{
    const msgpack_object *found = wire_find(look->node, name);

    *text = NULL;
    if (!found) {
        return 0;
    }
    if (found->type != MSGPACK_OBJECT_STR || found->via.str.size == 0) {
        return model_fail(look->model, look->document, found, "%s is a string", name);
    }
    *text = zone_copy(look->model->zone, text_at(found));
    return 0;
}

int look_integer(const struct look *look, const char *name, int64_t *number)
{
    const msgpack_object *found = wire_find(look->node, name);

    if (!found) {
        return 0;
    }
    if ((found->type != MSGPACK_OBJECT_POSITIVE_INTEGER &&
         found->type != MSGPACK_OBJECT_NEGATIVE_INTEGER) ||
        (found->type == MSGPACK_OBJECT_POSITIVE_INTEGER && found->via.u64 > INT64_MAX)) {
        return model_fail(look->model, look->document, found, "%s is a whole number", name);
    }
    *number = found->via.i64;
    return 0;
}

int look_number(const struct look *look, const char *name, double *number)
{
    const msgpack_object *found = wire_find(look->node, name);
    int64_t whole = 0;
    int rc;

    if (found && (found->type == MSGPACK_OBJECT_FLOAT64) && isfinite(found->via.f64)) {
        *number = found->via.f64;
        return 0;
    }
    rc = look_integer(look, name, &whole);
    if (rc == 0) {
        *number = (double)whole;
    }
    return rc;
}

int look_sizes(const struct look *look, const char *minimum_name, const char *maximum_name,
               int64_t limit, int64_t *minimum, int64_t *maximum)
{
    const msgpack_object *at = wire_find(look->node, maximum_name);
    int rc = look_integer(look, minimum_name, minimum);

    if (rc == 0) {
        rc = look_integer(look, maximum_name, maximum);
    }
    if (rc == 0 && (*minimum < 0 || *maximum < *minimum || *maximum > limit)) {
        rc = model_fail(look->model, look->document, at, "%s is from %s to %lld", maximum_name,
                        minimum_name, (long long)limit);
    }
    return rc;
}
