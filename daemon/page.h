// SPDX-License-Identifier: MIT
/* Pages of list replies: items encoded one after the other until the page is full, and the opaque
 * value with which the next page is asked for. */
#ifndef DAEMON_PAGE_H
#define DAEMON_PAGE_H

#include "schemas/codec/codec.h"

#define PAGE_NEXT_BUFFER 65 /* 16 digits of the query and up to 48 of the place */

struct page {
    struct wire_output *output; /* borrowed scratch */
    const struct schema *item;
    int64_t top;
    uint32_t count;
};

void page_begin(struct page *page, struct wire_output *output, const struct schema *item,
                int64_t top);

/* Adds an item: 0; 1 when there is no room for it; -ERROR_MEMORY. */
int page_add(struct page *page, const void *value);

/* The items as a list to be encoded; valid until the scratch is used again. */
struct wire_list page_list(const struct page *page);

/* A number that stands for a query, the same in every life of the daemon. */
uint64_t page_query(const void *bytes, size_t size_bytes);

/* A next value says which query it continues (a hash) and behind which id. It opens nothing: the
 * tenant is taken from the token each time. */
void page_next_write(char next[PAGE_NEXT_BUFFER], uint64_t query, const struct uuid *behind);

/* -ERROR_NEXT_VALUE when the text is no such value or is one of another query. */
int page_next_read(struct text next, uint64_t query, struct uuid *behind);

#endif
