// SPDX-License-Identifier: MIT
/* The names in a folder, in the order of their bytes, whatever their number, in bounded memory: as
 * many of the smallest names as the budget holds are kept and sorted; when they are used up, the
 * folder is read again for those that follow. So a folder of n names is read n/m times, with m
 * names to a budget. Names that appear meanwhile may or may not be seen. One thread. */
#ifndef WORKERS_SOURCES_LISTING_H
#define WORKERS_SOURCES_LISTING_H

#include <dirent.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct listing {
    const atomic_int *stop;
    DIR *directory;
    size_t budget_bytes;
    size_t used_bytes;
    char **names;
    size_t count;
    size_t capacity;
    size_t at;
    bool is_read; /* at least once */
    bool is_cut;  /* names are left for the next reading */
    char *last;   /* the last name of the reading before, or NULL */
};

/* Takes the descriptor of a folder, whatever happens; stop is borrowed. Returns 0 or -errno. */
int listing_open(struct listing *listing, int descriptor, size_t budget_bytes,
                 const atomic_int *stop);
void listing_close(struct listing *listing); /* safe twice */

/* The descriptor, borrowed. */
int listing_descriptor(const struct listing *listing);

/* The next name, borrowed until the next call, or NULL at the end; "." and ".." are left out.
 * Returns 0 or -errno; -ECANCELED soon after *stop became other than zero. */
int listing_next(struct listing *listing, const char **name);

#endif
