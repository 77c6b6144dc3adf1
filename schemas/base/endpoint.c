// SPDX-License-Identifier: MIT
#include "schemas/base/endpoint.h"

#include <string.h>

static bool starts_with(struct text text, const char *prefix)
{
    size_t size_bytes = strlen(prefix);

    return text.size_bytes >= size_bytes && memcmp(text.data, prefix, size_bytes) == 0;
}

/* Whether the rest is of these characters up to a colon, and a port, or * for any, is all behind
 * it. A name that only begins like an address may be anybody's, and libzmq takes what is behind a
 * semicolon for where to connect. */
static bool ends_as_address(struct text rest, const char *characters)
{
    uint32_t at = 0;
    uint32_t port;

    while (at < rest.size_bytes && rest.data[at] != '\0' && strchr(characters, rest.data[at])) {
        at++;
    }
    if (at == rest.size_bytes || rest.data[at] != ':') {
        return false;
    }
    for (port = ++at; at < rest.size_bytes; at++) {
        if (rest.data[at] == '\0' || !strchr("0123456789*", rest.data[at])) {
            return false;
        }
    }
    return at > port;
}

static struct text behind(struct text text, size_t size_bytes)
{
    return (struct text){text.data + size_bytes, text.size_bytes - (uint32_t)size_bytes};
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
