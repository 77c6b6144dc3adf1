// SPDX-License-Identifier: MIT
#include "daemon/auth/issuer.h"

#include <string.h>

static const struct text placeholders[] = {
    {"{tid}", sizeof("{tid}") - 1},
    {"{tenantid}", sizeof("{tenantid}") - 1},
};

/* Splits the pattern around its placeholder; false when it has none. */
static bool pattern_split(struct text pattern, struct text *prefix, struct text *suffix)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        const char *found = memmem(pattern.data, pattern.size_bytes, placeholders[i].data,
                                   placeholders[i].size_bytes);
        if (found) {
            const char *rest = found + placeholders[i].size_bytes;
            *prefix = (struct text){pattern.data, (uint32_t)(found - pattern.data)};
            *suffix = (struct text){rest, (uint32_t)(pattern.data + pattern.size_bytes - rest)};
            return true;
        }
    }
    return false;
}

bool issuer_matches(struct text pattern, struct text name, struct text tenant)
{
    struct text prefix;
    struct text suffix;

    if (pattern.size_bytes == 0)
        return false;
    if (!pattern_split(pattern, &prefix, &suffix))
        return text_equal(pattern, name);
    if (name.size_bytes != (uint64_t)prefix.size_bytes + tenant.size_bytes + suffix.size_bytes)
        return false;
    return text_equal(prefix, (struct text){name.data, prefix.size_bytes}) &&
           text_equal(tenant, (struct text){name.data + prefix.size_bytes, tenant.size_bytes}) &&
           text_equal(suffix, (struct text){name.data + name.size_bytes - suffix.size_bytes,
                                            suffix.size_bytes});
}
