// SPDX-License-Identifier: MIT
#include "daemon/page.h"

#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

#define QUERY_DIGITS 16

void page_begin(struct page *page, struct wire_output *output, const struct schema *item,
                int64_t top)
{
    wire_output_clear(output);
    *page = (struct page){.output = output, .item = item, .top = top};
}

int page_add(struct page *page, const void *value)
{
    size_t before = page->output->size_bytes;

    if (page->count >= page->top) {
        return 1;
    }
    codec_encode(page->item, value, page->output);
    if (page->output->error) {
        return page->output->error;
    }
    if (page->output->size_bytes > LIMIT_PAGE_BYTES) {
        page->output->size_bytes = before;
        return 1;
    }
    page->count++;
    return 0;
}

struct wire_list page_list(const struct page *page)
{
    return (struct wire_list){.item = page->item,
                              .encoded = page->output->data,
                              .encoded_bytes = page->output->size_bytes,
                              .count = page->count};
}

/* FNV-1a: it has to tell honest queries apart and keeps nothing secret. */
uint64_t page_query(const void *bytes, size_t size_bytes)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3U;
    }
    return hash;
}

void page_next_write(char next[PAGE_NEXT_BUFFER], uint64_t query, const struct uuid *behind)
{
    int at = snprintf(next, PAGE_NEXT_BUFFER, "%016llx", (unsigned long long)query);

    uuid_format(behind, next + at);
}

int page_next_read(struct text next, uint64_t query, struct uuid *behind)
{
    char expected[PAGE_NEXT_BUFFER];
    struct text id = {next.data + QUERY_DIGITS, UUID_TEXT_BYTES};
    struct uuid read;

    if (next.size_bytes != QUERY_DIGITS + UUID_TEXT_BYTES || uuid_parse(id, &read)) {
        return -ERROR_NEXT_VALUE;
    }
    page_next_write(expected, query, &read);
    if (memcmp(expected, next.data, next.size_bytes) != 0) {
        return -ERROR_NEXT_VALUE;
    }
    *behind = read;
    return 0;
}
