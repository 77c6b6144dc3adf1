// SPDX-License-Identifier: MIT
/* Makes a store with very many operations by the store's own functions, many in one transaction. */
#ifndef TESTS_BENCH_STORE_FILL_H
#define TESTS_BENCH_STORE_FILL_H

#include <stdint.h>

struct store_fill {
    uint64_t operations;
    uint64_t complete_of_ten; /* so many of ten are complete, the others queued */
    unsigned tenants;         /* those of people.h, one after the other */
};

/* Makes the directory, which must not be there. The store is closed in order. operation gets the
 * id of one of the first tenant, with its end (37 bytes). Ends the program when something fails. */
void store_fill(const char *directory, const struct store_fill *fill, char *operation);

#endif
