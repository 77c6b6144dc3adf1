// SPDX-License-Identifier: MIT
#include "workers/bundle/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FENCE_DIGITS 16
#define STEM_BYTES   (UUID_TEXT_BYTES + 1 + FENCE_DIGITS)

_Static_assert(IDENTITY_STEM_BUFFER == STEM_BYTES + 1, "a stem fills its buffer");

const char *identity_stem(const struct bundle_identity *bundle, char stem[IDENTITY_STEM_BUFFER])
{
    char operation[UUID_TEXT_BUFFER];

    snprintf(stem, IDENTITY_STEM_BUFFER, "%s-%016" PRIx64,
             uuid_format(&bundle->operation, operation), (uint64_t)bundle->fence);
    return stem;
}

const char *identity_name(const struct bundle_identity *bundle, const char *suffix,
                          char name[IDENTITY_NAME_BUFFER])
{
    char stem[IDENTITY_STEM_BUFFER];

    snprintf(name, IDENTITY_NAME_BUFFER, "%s.zip%s", identity_stem(bundle, stem), suffix);
    return name;
}

static bool parse_uuid(const char *bytes, struct uuid *uuid)
{
    return uuid_parse((struct text){bytes, UUID_TEXT_BYTES}, uuid) == 0;
}

bool identity_parse(const char *folder, const char *name, const char *suffix,
                    struct bundle_identity *bundle)
{
    char spelled[IDENTITY_NAME_BUFFER];
    char tenant[UUID_TEXT_BUFFER];
    struct bundle_identity read;

    if (strlen(folder) != UUID_TEXT_BYTES || strlen(name) <= STEM_BYTES ||
        !parse_uuid(folder, &read.tenant) || !parse_uuid(name, &read.operation))
        return false;
    read.fence = (int64_t)strtoull(name + UUID_TEXT_BYTES + 1, NULL, 16);
    /* Whatever was read in a generous way is not spelled the same again. */
    if (read.fence <= 0 || strcmp(uuid_format(&read.tenant, tenant), folder) != 0 ||
        strcmp(identity_name(&read, suffix, spelled), name) != 0)
        return false;
    *bundle = read;
    return true;
}

bool identity_equal(const struct bundle_identity *a, const struct bundle_identity *b)
{
    return a->fence == b->fence && uuid_equal(&a->operation, &b->operation) &&
           uuid_equal(&a->tenant, &b->tenant);
}
