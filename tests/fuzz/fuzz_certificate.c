// SPDX-License-Identifier: MIT
/* Bytes as a certificate: what is read is written and read again, the same; what is not is told. */
#include <stdlib.h>
#include <string.h>

#include "schemas/base/certificate.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_BYTES 8192

static void check_again(const struct certificate *first)
{
    char text[TEXT_BYTES];
    struct certificate second;
    struct certificate_problem problem;

    if (!certificate_is_name(text_of(first->name))) {
        return; /* a quote in a name is not for writing */
    }
    if (certificate_format(first, first->secret_key[0] != '\0', text, sizeof(text)) != 0 ||
        certificate_parse(text_of(text), &second, &problem) != 0 ||
        strcmp(first->name, second.name) != 0 || first->roles != second.roles ||
        first->has_any_tenant != second.has_any_tenant ||
        first->has_tenants != second.has_tenants || first->tenant_count != second.tenant_count ||
        memcmp(first->tenants, second.tenants, first->tenant_count * sizeof(struct uuid)) != 0 ||
        strcmp(first->public_key, second.public_key) != 0 ||
        strcmp(first->secret_key, second.secret_key) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate certificate;
    struct certificate_problem problem = {0};

    if (size > UINT32_MAX) {
        return 0;
    }
    if (certificate_parse((struct text){(const char *)data, (uint32_t)size}, &certificate,
                          &problem) == 0) {
        check_again(&certificate);
    } else if (problem.text[0] == '\0') {
        abort();
    }
    return 0;
}
