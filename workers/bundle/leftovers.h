// SPDX-License-Identifier: MIT
/* What processes that were killed left in the bundle directory.
 *
 * Partial files of workers/bundle/publication.h that nobody writes any more: a living writer holds
 * flock(2) on its file, and the kernel lets go of it whatever way a process dies; so a file that
 * can be locked is a leftover, also when several workers share the directory.
 *
 * Bundles that were published and perhaps never reported: those with a mark beside them. Whether
 * they count only the daemon knows, so they are shown to a visitor and left. */
#ifndef WORKERS_BUNDLE_LEFTOVERS_H
#define WORKERS_BUNDLE_LEFTOVERS_H

#include <stddef.h>

#include "workers/bundle/identity.h"

#define LEFTOVERS_MAXIMUM_NAMES 1000000 /* looked at in one sweep */

struct leftovers_visitor {
    void *context;
    /* A bundle with a mark. The visitor may remove both, and may take its time. */
    void (*on_found)(void *context, const struct bundle_identity *bundle);
    /* Asked before each name that is looked at; false ends the sweep. */
    bool (*goes_on)(void *context);
};

/* Removes every regular file DIRECTORY/UUID/UUID-FENCE.zip.partial, names spelled exactly as the
 * writer does, that no process has locked, and every mark UUID-FENCE.zip.unrecorded that has
 * neither its bundle nor a locked partial file beside it; follows no link, and touches nothing
 * else. What cannot be removed is passed over and the first error returned at the end: -ERROR_IO,
 * -ERROR_MEMORY; -ERROR_TOO_MANY when there was more to look at, the rest of which is left;
 * -ERROR_CANCELLED when the visitor ended it. *removed is written in any case. Memory does not grow
 * with the number of names. visitor may be NULL. Any thread. */
int bundle_sweep_leftovers(const char *directory, const struct leftovers_visitor *visitor,
                           size_t *removed);

#endif
