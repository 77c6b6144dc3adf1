// SPDX-License-Identifier: MIT
#include "schemas/base/endpoint.h"

#include <string.h>

static bool starts_with(struct text text, const char *prefix)
{
    size_t size_bytes = strlen(prefix);

    return text.size_bytes >= size_bytes && memcmp(text.data, prefix, size_bytes) == 0;
}

static struct text behind(struct text text, size_t size_bytes)
{
    return (struct text){text.data + size_bytes, text.size_bytes - (uint32_t)size_bytes};
}

static bool is_port(struct text text)
{
    uint32_t port = 0;

    if (text_equal(text, TEXT("*"))) {
        return true;
    }
    for (uint32_t i = 0; i < text.size_bytes && port <= UINT16_MAX; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    return text.size_bytes > 0 && port <= UINT16_MAX;
}

/* Whether the rest is of these characters up to a colon, and a port is all behind it. A name that
 * only begins like an address may be anybody's, and libzmq takes what is behind a semicolon for
 * where to connect. */
static bool ends_as_address(struct text rest, const char *characters)
{
    uint32_t at = 0;

    while (at < rest.size_bytes && rest.data[at] != '\0' && strchr(characters, rest.data[at])) {
        at++;
    }
    return at < rest.size_bytes && rest.data[at] == ':' && is_port(behind(rest, at + 1));
}

bool endpoint_is_local(struct text endpoint)
{
    static const char four[] = "tcp://127.";
    static const char six[] = "tcp://[::1]";

    if (starts_with(endpoint, four)) {
        return ends_as_address(behind(endpoint, strlen(four)), "0123456789.");
    }
    return starts_with(endpoint, "ipc://") ||
           (starts_with(endpoint, six) && ends_as_address(behind(endpoint, strlen(six)), ""));
}

bool endpoint_has_port(struct text endpoint)
{
    const char *colon =
        endpoint.size_bytes ? memrchr(endpoint.data, ':', endpoint.size_bytes) : NULL;

    return starts_with(endpoint, "ipc://") ||
           (colon && is_port(behind(endpoint, (size_t)(colon - endpoint.data) + 1)));
}
