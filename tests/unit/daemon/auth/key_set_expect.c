// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/auth/key_set_expect.h"

#include <stdlib.h>
#include <string.h>

void key_set_expect_refusal(char *content, const char *complaint)
{
    char message[KEY_SET_MESSAGE_BYTES] = "";
    struct key_set *set = NULL;
    int rc = fixture_load(content, &set, message);

    free(content);
    if (rc != -ERROR_CONFIGURATION || !strstr(message, complaint))
        print_error("got %d \"%s\" instead of \"%s\"\n", rc, message, complaint);
    assert_int_equal(rc, -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, complaint));
    assert_non_null(strstr(message, "written.json: "));
    assert_null(set);
}

void key_expect_refusal(const char *jwk, const char *complaint)
{
    char *good = mint_jwk(fixture_mint(MINT_EDDSA), NULL);
    char *indexed = fixture_format("keys[1]: %s", complaint);

    key_set_expect_refusal(fixture_format("{\"keys\":[%s,%s]}", good, jwk), indexed);
    free(indexed);
    free(good);
}

void key_expect_member_refusal(enum mint_algorithm algorithm, const char *member,
                               const char *json_value, const char *complaint)
{
    char *jwk = mint_jwk(fixture_mint(algorithm), NULL);
    json_t *object = json_loads(jwk, 0, NULL);

    free(jwk);
    assert_non_null(object);
    if (json_value)
        assert_int_equal(
            json_object_set_new(object, member, json_loads(json_value, JSON_DECODE_ANY, NULL)), 0);
    else
        assert_int_equal(json_object_del(object, member), 0);
    jwk = json_dumps(object, 0);
    json_decref(object);
    key_expect_refusal(jwk, complaint);
    free(jwk);
}
