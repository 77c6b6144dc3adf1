// SPDX-License-Identifier: MIT
/* Bytes as a query, a line, and the value with which its next page is asked for, the rest: one that
 * is taken is spelt as it is written, and is of no other query. */
#include <stdlib.h>
#include <string.h>

#include "daemon/page.h"
#include "schemas/base/errors.h"
#include "tests/fuzz/fuzz.h"

static void check_written(uint64_t query, const struct uuid *behind)
{
    char next[PAGE_NEXT_BUFFER];
    struct uuid found;

    page_next_write(next, query, behind);
    if (page_next_read(text_of(next), query, &found) || !uuid_equal(&found, behind) ||
        page_next_read(text_of(next), query ^ 1, &found) != -ERROR_NEXT_VALUE)
        abort();
}

static void check_read(struct text next, uint64_t query)
{
    const struct uuid untouched = {.bytes = {1, 2, 3}};
    struct uuid behind = untouched;
    char written[PAGE_NEXT_BUFFER];
    int rc = page_next_read(next, query, &behind);

    if (rc) {
        if (rc != -ERROR_NEXT_VALUE || !uuid_equal(&behind, &untouched))
            abort();
        return;
    }
    page_next_write(written, query, &behind);
    if (!text_equal(text_of(written), next))
        abort();
    check_written(query, &behind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const uint8_t *end = size_bytes > 0 ? memchr(data, '\n', size_bytes) : NULL;
    size_t query_bytes = end ? (size_t)(end - data) : 0;
    size_t skipped = end ? query_bytes + 1 : 0;
    uint64_t query = page_query(data, query_bytes);
    struct uuid id = {.bytes = {0}};

    if (size_bytes > UINT32_MAX)
        return 0;
    check_read((struct text){(const char *)data + skipped, (uint32_t)(size_bytes - skipped)},
               query);
    memcpy(id.bytes, data, size_bytes < sizeof id.bytes ? size_bytes : sizeof id.bytes);
    check_written(query, &id);
    return 0;
}
