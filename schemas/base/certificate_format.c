// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>

#include "schemas/base/certificate.h"
#include "schemas/base/errors.h"

struct output {
    char *buffer;
    size_t buffer_bytes;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void put(struct output *output, const char *format,
                                                      ...)
{
    size_t room = output->used < output->buffer_bytes ? output->buffer_bytes - output->used : 0;
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(room ? output->buffer + output->used : NULL, room, format, arguments);
    va_end(arguments);
    output->used += size > 0 ? (size_t)size : 0;
}

static void put_roles(struct output *output, uint32_t roles)
{
    const char *separator = "";

    put(output, "    roles = \"");
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (roles & ROLE_BIT(role)) {
            put(output, "%s%s", separator, role_row((enum role)role)->name);
            separator = ",";
        }
    }
    put(output, "\"\n");
}

static void put_tenants(struct output *output, const struct certificate *certificate)
{
    char tenant[UUID_TEXT_BUFFER];

    put(output, "    tenants = \"%s", certificate->has_any_tenant ? CERTIFICATE_ANY_TENANT : "");
    for (uint32_t i = 0; i < certificate->tenant_count; i++) {
        put(output, "%s%s", i ? "," : "", uuid_format(&certificate->tenants[i], tenant));
    }
    put(output, "\"\n");
}

int certificate_format(const struct certificate *certificate, bool is_secret, char *buffer,
                       size_t buffer_bytes)
{
    struct output output = {.buffer = buffer, .buffer_bytes = buffer_bytes};

    put(&output, is_secret ? "#   ZeroMQ CURVE **Secret** Certificate\n"
                             "#   Keep it from everybody else, and its mode 0600.\n\n"
                           : "#   ZeroMQ CURVE Public Certificate\n"
                             "#   Hand it over on a way on which nobody can exchange it.\n\n");
    put(&output, "metadata\n");
    if (certificate->name[0]) {
        put(&output, "    name = \"%s\"\n", certificate->name);
    }
    if (certificate->roles) {
        put_roles(&output, certificate->roles);
    }
    if (certificate->has_tenants || certificate->has_any_tenant) {
        put_tenants(&output, certificate);
    }
    put(&output, "curve\n    public-key = \"%s\"\n", certificate->public_key);
    if (is_secret) {
        put(&output, "    secret-key = \"%s\"\n", certificate->secret_key);
    }
    return output.used < buffer_bytes ? 0 : -ERROR_TOO_LONG;
}
