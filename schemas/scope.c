// SPDX-License-Identifier: MIT
#include "schemas/scope.h"

#include <string.h>

static const char *const names[SCOPE_COUNT] = {
    [SCOPE_READ_ALL] = "CrossTenantUserProfileSharing.Read.All",
    [SCOPE_READ_WRITE_ALL] = "CrossTenantUserProfileSharing.ReadWrite.All",
    [SCOPE_APPROVER] = "(permissions.approver_scope)",
};

const char *scope_name(enum scope scope)
{
    return names[scope];
}

struct scope_set scope_set_of(enum scope scope)
{
    return (struct scope_set){(uint32_t)1 << scope};
}

bool scope_set_has(struct scope_set set, enum scope scope)
{
    return (set.bits & scope_set_of(scope).bits) != 0;
}

static uint32_t word_bits(struct text word, struct text approver)
{
    uint32_t bits = 0;

    for (int scope = 0; scope < SCOPE_APPROVER; scope++) {
        if (text_equal(word, text_of(names[scope])))
            bits |= scope_set_of((enum scope)scope).bits;
    }
    if (approver.size_bytes > 0 && text_equal(word, approver))
        bits |= scope_set_of(SCOPE_APPROVER).bits;
    return bits;
}

struct scope_set scope_set_parse(struct text scp, struct text approver)
{
    struct scope_set set = {0};

    while (scp.size_bytes > 0) {
        const char *space = memchr(scp.data, ' ', scp.size_bytes);
        uint32_t word_bytes = space ? (uint32_t)(space - scp.data) : scp.size_bytes;
        uint32_t used_bytes = space ? word_bytes + 1 : word_bytes;

        set.bits |= word_bits((struct text){scp.data, word_bytes}, approver);
        scp = (struct text){scp.data + used_bytes, scp.size_bytes - used_bytes};
    }
    return set;
}
