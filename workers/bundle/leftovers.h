// SPDX-License-Identifier: MIT
/* What processes that were killed left in the bundle directory: the partial files of
 * workers/bundle/publication.h that nobody writes any more. A living writer holds flock(2) on its
 * file, and the kernel lets go of it whatever way a process dies; so a file that can be locked is
 * a leftover, also when several workers share the directory. For the start of a worker. */
#ifndef WORKERS_BUNDLE_LEFTOVERS_H
#define WORKERS_BUNDLE_LEFTOVERS_H

#include <stddef.h>

#define LEFTOVERS_MAXIMUM_NAMES 1000000 /* looked at in one sweep */

/* Removes every regular file DIRECTORY/UUID/UUID-FENCE.zip.partial, names spelled exactly as the
 * writer does, that no process has locked; follows no link, and touches nothing else. What cannot
 * be removed is passed over and the first error returned at the end: -ERROR_IO, -ERROR_MEMORY;
 * -ERROR_TOO_MANY when there was more to look at, the rest of which is left. *removed is written in
 * any case. Memory does not grow with the number of names. Any thread. */
int bundle_sweep_leftovers(const char *directory, size_t *removed);

#endif
