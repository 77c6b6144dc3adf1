// SPDX-License-Identifier: MIT
#include "workers/sources/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_OVERHEAD 32 /* of the allocator and the pointer */

static size_t cost_of(const char *name)
{
    return strlen(name) + 1 + NAME_OVERHEAD;
}

int listing_open(struct listing *listing, int descriptor, size_t budget_bytes,
                 const atomic_int *stop)
{
    *listing = (struct listing){.stop = stop, .budget_bytes = budget_bytes};
    listing->directory = fdopendir(descriptor);
    if (!listing->directory) {
        int rc = -errno;

        close(descriptor);
        return rc;
    }
    return 0;
}

static void drop_names(struct listing *listing, size_t from)
{
    for (size_t i = from; i < listing->count; i++) {
        listing->used_bytes -= cost_of(listing->names[i]);
        free(listing->names[i]);
    }
    listing->count = from;
}

void listing_close(struct listing *listing)
{
    drop_names(listing, 0);
    free(listing->names);
    free(listing->last);
    if (listing->directory)
        closedir(listing->directory);
    *listing = (struct listing){0};
}

int listing_descriptor(const struct listing *listing)
{
    return dirfd(listing->directory);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct listing *listing, const char *name)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
        char **names = reallocarray(listing->names, capacity, sizeof(*names));

        if (!names)
            return -ENOMEM;
        listing->names = names;
        listing->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    listing->names[listing->count++] = copy;
    listing->used_bytes += cost_of(copy);
    return 0;
}

/* Gives the larger half back. *bound becomes the smallest name that is gone. */
static void halve(struct listing *listing, char **bound)
{
    size_t kept = listing->count / 2;

    qsort(listing->names, listing->count, sizeof(*listing->names), compare);
    free(*bound);
    *bound = listing->names[kept];
    listing->used_bytes -= cost_of(*bound);
    listing->names[kept] = listing->names[listing->count - 1];
    listing->count--;
    drop_names(listing, kept);
    listing->is_cut = true;
}

static bool is_wanted(const struct listing *listing, const char *name, const char *bound)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return (!listing->last || strcmp(name, listing->last) > 0) &&
           (!bound || strcmp(name, bound) < 0);
}

static int read_names(struct listing *listing)
{
    char *bound = NULL;
    int rc = 0;

    drop_names(listing, 0);
    listing->at = 0;
    listing->is_cut = false;
    rewinddir(listing->directory);
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(listing->directory);

        if (!entry) {
            rc = -errno;
            break;
        }
        if (atomic_load_explicit(listing->stop, memory_order_relaxed) != 0)
            rc = -ECANCELED;
        if (rc || !is_wanted(listing, entry->d_name, bound))
            continue;
        rc = add(listing, entry->d_name);
        if (!rc && listing->used_bytes > listing->budget_bytes && listing->count > 1)
            halve(listing, &bound);
    }
    free(bound);
    if (!rc && listing->count > 0)
        qsort(listing->names, listing->count, sizeof(*listing->names), compare);
    listing->is_read = true;
    return rc;
}

static int read_following(struct listing *listing)
{
    if (listing->count > 0) {
        char *last = strdup(listing->names[listing->count - 1]);

        if (!last)
            return -ENOMEM;
        free(listing->last);
        listing->last = last;
    }
    return read_names(listing);
}

int listing_next(struct listing *listing, const char **name)
{
    if (!listing->is_read || (listing->at == listing->count && listing->is_cut)) {
        int rc = read_following(listing);

        if (rc)
            return rc;
    }
    *name = listing->at < listing->count ? listing->names[listing->at++] : NULL;
    return 0;
}
