// SPDX-License-Identifier: MIT
#include "schemas/base/role.h"

#include "schemas/base/errors.h"

static const struct role_row rows[ROLE_COUNT] = {
    [ROLE_CLIENT] = {"client", "Sends requests with the access tokens of persons."},
    [ROLE_VOUCHES] = {"vouches", "Sends requests with claims that it has verified itself."},
    [ROLE_WORKER] = {"worker", "Takes jobs and reports about them, under its own name."},
    [ROLE_SUBSCRIBER] = {"subscriber", "Listens to a feed that names it; to the status socket only "
                                       "when it is not limited to tenants."},
    [ROLE_OPERATOR] = {"operator", "Sends requests, also those for operators of the service."},
};

const struct role_row *role_row(enum role role)
{
    return &rows[role];
}

static int add(struct text name, uint32_t *roles)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (text_equal(name, text_of(rows[role].name)) && !(*roles & ROLE_BIT(role))) {
            *roles |= ROLE_BIT(role);
            return 0;
        }
    }
    return -ERROR_FIELD_VALUE;
}

int roles_parse(struct text list, uint32_t *roles)
{
    uint32_t found = 0;
    struct text item;
    int rc = list.size_bytes > 0 ? 0 : -ERROR_FIELD_VALUE;

    while (!rc && text_next_item(&list, &item)) {
        rc = add(item, &found);
    }
    if (!rc) {
        *roles = found;
    }
    return rc;
}
