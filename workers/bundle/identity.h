// SPDX-License-Identifier: MIT
/* Which bundle: the ids that its path is made of, TENANT/OPERATION-FENCE.zip below the bundle
 * directory. The only place that spells and reads these names. Any thread. */
#ifndef WORKERS_BUNDLE_IDENTITY_H
#define WORKERS_BUNDLE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/uuid.h"

/* What follows the name of the bundle in those of the files beside it: one that is being written,
 * and the empty mark of a bundle that the daemon may not know of. */
#define IDENTITY_PARTIAL    ".partial"
#define IDENTITY_UNRECORDED ".unrecorded"

#define IDENTITY_STEM_BUFFER 54  /* OPERATION-FENCE */
#define IDENTITY_NAME_BUFFER 128 /* with ".zip" and any of the above */

struct bundle_identity {
    struct uuid tenant;
    struct uuid operation;
    int64_t fence;
};

/* Both return what they wrote. suffix is one of the above, or empty. */
const char *identity_stem(const struct bundle_identity *bundle, char stem[IDENTITY_STEM_BUFFER]);
const char *identity_name(const struct bundle_identity *bundle, const char *suffix,
                          char name[IDENTITY_NAME_BUFFER]);

/* Whether the names of a folder and of a file in it are spelled exactly as identity_name does;
 * then *bundle is filled in. */
bool identity_parse(const char *folder, const char *name, const char *suffix,
                    struct bundle_identity *bundle);

bool identity_equal(const struct bundle_identity *a, const struct bundle_identity *b);

#endif
