// SPDX-License-Identifier: MIT
/* Borrowed pieces of text: a pointer and a length, never NUL-terminated, never owned.
 * Whoever hands one out says what it is borrowed from. */
#ifndef SCHEMAS_BASE_TEXT_H
#define SCHEMAS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *data; /* NULL only when size_bytes is 0 */
    uint32_t size_bytes;
};

/* A text of a string literal. */
#define TEXT(literal) ((struct text){(literal), (uint32_t)(sizeof(literal) - 1)})

/* For printf's "%.*s": TEXT_ARGUMENTS(t) stands for the two arguments. */
#define TEXT_ARGUMENTS(t) (int)(t).size_bytes, (t).data ? (t).data : ""

/* Borrows a NUL-terminated string. */
struct text text_of(const char *string);

bool text_equal(struct text a, struct text b);

/* Copies into a buffer and terminates it; -ERROR_TOO_LONG when it does not fit or holds a NUL. */
int text_copy(struct text t, char *buffer, size_t buffer_bytes);

/* The text without spaces and tabs at its ends. */
struct text text_trim(struct text t);

/* Takes the next item off a list that is separated by commas, trimmed and maybe empty; false when
 * there is none left. A list of one item has no comma. */
bool text_next_item(struct text *list, struct text *item);

/* Counts Unicode code points; -ERROR_MALFORMED when it is not UTF-8 as of RFC 3629 or holds a NUL.
 */
int text_code_points(struct text t, uint32_t *count);

#endif
