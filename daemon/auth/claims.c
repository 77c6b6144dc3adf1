// SPDX-License-Identifier: MIT
#include "daemon/auth/claims.h"

#include <string.h>

bool claims_are_personal(const struct claims *claims)
{
    static const struct uuid personal_tenant = {{0x91, 0x88, 0x04, 0x0d, 0x6c, 0x67, 0x4c, 0x5b,
                                                 0xb1, 0x12, 0x36, 0xa3, 0x04, 0xb6, 0x6d, 0xad}};

    return uuid_equal(&claims->tenant_id, &personal_tenant);
}

bool claims_token_id_copy(struct text id, char token_id[CLAIMS_TOKEN_ID_BYTES + 1])
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    if (id.size_bytes == 0 || id.size_bytes > CLAIMS_TOKEN_ID_BYTES)
        return false;
    for (uint32_t i = 0; i < id.size_bytes; i++) {
        if (id.data[i] == '\0' || !strchr(safe, id.data[i]))
            return false;
    }
    return text_copy(id, token_id, CLAIMS_TOKEN_ID_BYTES + 1) == 0;
}
