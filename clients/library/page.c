// SPDX-License-Identifier: MIT
#include "clients/library/page.h"

#include <stdlib.h>
#include <string.h>

#include "clients/library/failure.h"

static int64_t default_top(const struct schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, "top") == 0) {
            return schema->fields[i].default_integer;
        }
    }
    return 1;
}

int page_top(int given, const struct schema *request_schema, int64_t *top,
             struct exportd_error *error)
{
    if (given < 0) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "top", "A page size is not negative.");
    }
    *top = given ? given : default_top(request_schema);
    return EXPORTD_OK;
}

int page_next(const char *given, bool *has_next, struct text *next, struct exportd_error *error)
{
    if (given && strnlen(given, EXPORTD_NEXT_BYTES) == EXPORTD_NEXT_BYTES) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "next", "No next-page value is so long.");
    }
    *has_next = given && given[0] != '\0';
    *next = *has_next ? text_of(given) : (struct text){0};
    return EXPORTD_OK;
}

int page_items(const struct wire_list *list, size_t item_bytes, void **items,
               struct exportd_error *error)
{
    *items = calloc(list->count ? list->count : 1, item_bytes);
    return *items ? EXPORTD_OK : failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
}
