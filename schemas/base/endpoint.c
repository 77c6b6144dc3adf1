// SPDX-License-Identifier: MIT
#include "schemas/base/endpoint.h"

#include <string.h>

static bool starts_with(struct text text, const char *prefix)
{
    size_t size_bytes = strlen(prefix);

    return text.size_bytes >= size_bytes && memcmp(text.data, prefix, size_bytes) == 0;
}

bool endpoint_is_local(struct text endpoint)
{
    return starts_with(endpoint, "ipc://") || starts_with(endpoint, "tcp://127.") ||
           starts_with(endpoint, "tcp://[::1]:");
}
