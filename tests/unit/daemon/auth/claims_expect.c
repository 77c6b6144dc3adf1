// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/auth/claims_expect.h"

#include <stdlib.h>

int claims_verify(const char *member, const char *json_value, struct claims *claims)
{
    char *payload = fixture_payload(member, json_value);
    char *token = mint_token(fixture_mint(MINT_EDDSA), payload);

    free(payload);
    return fixture_verify(token, claims);
}

void claims_expect(const char *member, const char *json_value, int error)
{
    struct claims claims;
    int rc = claims_verify(member, json_value, &claims);

    if (rc != -error)
        print_error("%s: %s\n", member, json_value ? json_value : "(absent)");
    assert_int_equal(rc, -error);
}

void claims_expect_both(const char *member, const char *json_value, const char *second,
                        const char *second_json_value, int error)
{
    struct claims claims;
    char *payload = fixture_payload(member, json_value);
    json_t *object = json_loads(payload, 0, NULL);
    char *changed;

    assert_int_equal(
        json_object_set_new(object, second, json_loads(second_json_value, JSON_DECODE_ANY, NULL)),
        0);
    changed = json_dumps(object, 0);
    assert_int_equal(fixture_verify(mint_token(fixture_mint(MINT_EDDSA), changed), &claims),
                     -error);
    free(changed);
    json_decref(object);
    free(payload);
}
