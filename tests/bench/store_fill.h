// SPDX-License-Identifier: MIT
/* Makes a store with very many operations by the store's own functions, many in one transaction. */
#ifndef TESTS_BENCH_STORE_FILL_H
#define TESTS_BENCH_STORE_FILL_H

#include <stddef.h>
#include <stdint.h>

#define STORE_FILL_ID_BUFFER 37

struct store_fill {
    uint64_t operations;
    uint64_t complete_of_ten;              /* so many of ten are complete, the others queued */
    unsigned tenants;                      /* those of people.h, one after the other */
    char (*samples)[STORE_FILL_ID_BUFFER]; /* get ids from all over the store, with one tenant */
    size_t sample_count;
};

/* Makes the directory, which must not be there. The store is closed in order. Ends the program when
 * something fails. */
void store_fill(const char *directory, const struct store_fill *fill);

#endif
