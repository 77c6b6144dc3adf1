// SPDX-License-Identifier: MIT
/* Names of files inside a bundle. What a source calls its files is not trusted: it may hold "..",
 * drive letters, control characters, names that Windows reserves, or two names that a
 * case-insensitive disk takes for one. So the name inside is made here, from [A-Za-z0-9._-] and
 * '/', and is free of all of that by construction.
 *
 * Rules, for each component of the path (components are separated by '/'; empty ones and "." are
 * dropped):
 *   - every other character becomes '_' (one for each UTF-8 character); so does a leading '.' or
 * '-' and a trailing '.';
 *   - a device name of Windows (CON, NUL, COM1.txt …) gets a leading '_';
 *   - at most NAME_COMPONENT_BYTES bytes; the extension survives the cut;
 *   - a component that had to be changed, or that is taken by a name that differs at most in case,
 * gets a suffix of
 *     '-' and eight hexadecimal digits of the digest of its original path, before its extension.
 * A path of more than NAME_DEPTH components, or one that could become longer than NAME_BYTES, keeps
 * its last component only, in a folder named after the digest of the path. The same originals in
 * the same order always become the same names. One thread. */
#ifndef WORKERS_BUNDLE_NAME_H
#define WORKERS_BUNDLE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_COMPONENT_BYTES 100
#define NAME_DEPTH           12
#define NAME_BYTES           400
#define NAME_BUFFER          (NAME_BYTES + 1)
#define NAME_ORIGINAL_BYTES  65536 /* the longest original that is looked at */

/* The names taken below one folder, files and folders: eight bytes a name, twice over at most.
 * Digests stand for names, so that a name may get a needless suffix, in one case in 2^40, but never
 * a taken name. */
struct name_set {
    uint64_t *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t used_count;
};

#define NAME_SET_INIT ((struct name_set){0})

void name_set_clear(struct name_set *set);   /* forgets the names, gives the memory back */
void name_set_release(struct name_set *set); /* safe twice */

/* Makes the name for a relative path and marks it as taken. *is_changed says whether it differs
 * from the original. original is borrowed. -ERROR_TOO_LONG (beyond NAME_ORIGINAL_BYTES),
 * -ERROR_MEMORY. */
int name_claim(struct name_set *set, const char *original, char name[NAME_BUFFER],
               bool *is_changed);

/* Whether a component is one that the rules above leave as it is. For tests and assertions. */
bool name_component_is_safe(const char *component, size_t size_bytes);

#endif
