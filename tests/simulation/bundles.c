// SPDX-License-Identifier: MIT
#include "tests/simulation/bundles.h"

#include <assert.h>
#include <stdio.h>

#define MAXIMUM_FILES 8192

static struct bundle_file files[MAXIMUM_FILES];
static size_t count;

void bundles_reset(void)
{
    count = 0;
}

char *bundles_url(const struct bundle_identity *identity, char buffer[BUNDLES_URL_BUFFER])
{
    char name[IDENTITY_NAME_BUFFER];
    char tenant[UUID_TEXT_BUFFER];

    snprintf(buffer, BUNDLES_URL_BUFFER, "file:///bundles/%s/%s",
             uuid_format(&identity->tenant, tenant), identity_name(identity, "", name));
    return buffer;
}

static struct bundle_file *find(const struct bundle_identity *identity)
{
    for (size_t i = 0; i < count; i++) {
        if (identity_equal(&files[i].identity, identity)) {
            return &files[i];
        }
    }
    return NULL;
}

void bundles_publish(const struct bundle_identity *identity)
{
    assert(count < MAXIMUM_FILES && !find(identity));
    files[count++] = (struct bundle_file){*identity, true, true};
}

void bundles_keep(const struct bundle_identity *identity)
{
    struct bundle_file *file = find(identity);

    if (file) {
        file->is_marked = false;
    }
}

void bundles_remove(const struct bundle_identity *identity)
{
    struct bundle_file *file = find(identity);

    if (file) {
        file->is_there = file->is_marked = false;
    }
}

bool bundles_have(const struct bundle_identity *identity)
{
    const struct bundle_file *file = find(identity);

    return file && file->is_there;
}

const struct bundle_file *bundles_file(size_t number)
{
    return number < count ? &files[number] : NULL;
}
