// SPDX-License-Identifier: MIT
/* The JWS and JWK vectors of Project Wycheproof or, with the argument "jose", its JOSE vectors.
 * Their payloads are no claims, so they are judged by jws_open: every invalid one must be refused,
 * every valid one with an algorithm of ours accepted. Encrypted ones are for nobody here. */
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/jws.h"
#include "tests/unit/daemon/auth/wycheproof.h"

struct tally {
    int invalid;  /* vectors that must be refused */
    int valid;    /* vectors that must be accepted, by somebody who has the algorithm */
    int accepted; /* of those, by us */
    int wrongly_accepted;
    int wrongly_refused; /* valid, and with an algorithm of ours */
};

/* Loads a JWK, or a set of them, as a key set file. */
static int load_keys(json_t *jwk_or_set, struct key_set **set)
{
    char message[KEY_SET_MESSAGE_BYTES];
    json_t *document = json_object_get(jwk_or_set, "keys")
                           ? json_incref(jwk_or_set)
                           : json_pack("{s:[O]}", "keys", jwk_or_set);
    char *content = json_dumps(document, 0);
    int rc = fixture_load(content, set, message);

    free(content);
    json_decref(document);
    return rc;
}

/* Whether the header names an algorithm of ours. */
static bool is_ours(const char *token)
{
    const char *dot = strchr(token, '.');
    uint8_t header[1024];
    size_t size;
    json_t *object;
    struct text name;
    enum algorithm algorithm;
    bool result;

    if (!dot || base64url_decode((struct text){token, (uint32_t)(dot - token)}, header,
                                 sizeof(header), &size) != 0)
        return false;
    object = json_loadb((const char *)header, size, 0, NULL);
    result = bounded_json_text(json_object_get(object, "alg"), &name) &&
             algorithm_find(name, &algorithm) == 0;
    json_decref(object);
    return result;
}

/* A JWS or a JWE as it would be sent, which is the caller's; one in JSON is sent as that. */
static char *token_of(const json_t *test)
{
    const json_t *jws = json_object_get(test, "jws");
    const json_t *token = jws ? jws : json_object_get(test, "jwe");

    return json_is_string(token) ? strdup(json_string_value(token)) : json_dumps(token, 0);
}

static void judge(const struct key_set *set, const json_t *test, struct tally *tally)
{
    char *token = token_of(test);
    bool is_valid = bounded_json_equal(json_object_get(test, "result"), TEXT("valid"));
    struct jws jws;
    bool is_accepted;

    assert_non_null(token);
    is_accepted = set && jws_open(&jws, set, text_of(token)) == 0;
    tally->valid += is_valid;
    tally->invalid += !is_valid;
    tally->accepted += is_valid && is_accepted;
    tally->wrongly_accepted += !is_valid && is_accepted;
    tally->wrongly_refused += is_valid && !is_accepted && is_ours(token);
    if ((!is_valid && is_accepted) || (is_valid && !is_accepted && is_ours(token)))
        print_error("vector %lld: %s\n", json_integer_value(json_object_get(test, "tcId")),
                    json_string_value(json_object_get(test, "comment")));
    free(token);
}

static void judge_group(const json_t *group, struct tally *tally)
{
    json_t *public_keys = json_object_get(group, "public");
    json_t *private_keys = json_object_get(group, "private");
    const json_t *tests = json_object_get(group, "tests");
    struct key_set *set = NULL;

    /* Private and symmetric keys have no place in a key set; groups of HMAC have no others. */
    assert_int_equal(load_keys(private_keys, &set), -ERROR_CONFIGURATION);
    if (public_keys)
        (void)load_keys(public_keys, &set);
    for (size_t i = 0; i < json_array_size(tests); i++)
        judge(set, json_array_get(tests, i), tally);
    key_set_destroy(&set);
}

static struct tally judge_file(const char *name)
{
    struct tally tally = {0};
    json_t *vectors = wycheproof_load(name);
    const json_t *groups = json_object_get(vectors, "testGroups");

    assert_true(json_array_size(groups) > 0);
    for (size_t i = 0; i < json_array_size(groups); i++)
        judge_group(json_array_get(groups, i), &tally);
    json_decref(vectors);
    print_message(
        "%s: %d invalid, %d accepted of them; %d valid, %d with our algorithms accepted\n", name,
        tally.invalid, tally.wrongly_accepted, tally.valid, tally.accepted);
    return tally;
}

static void every_jws_vector_is_judged_rightly(void **state)
{
    struct tally tally = judge_file("json_web_signature_test.json");

    (void)state;
    assert_int_equal(tally.invalid, 355);
    assert_int_equal(tally.wrongly_accepted, 0);
    assert_int_equal(tally.wrongly_refused, 0);
    assert_int_equal(tally.accepted, 16);
}

static void every_jwk_vector_is_judged_rightly(void **state)
{
    struct tally tally = judge_file("json_web_key_test.json");

    (void)state;
    assert_int_equal(tally.invalid, 21);
    assert_int_equal(tally.wrongly_accepted, 0);
    assert_int_equal(tally.wrongly_refused, 0);
    assert_int_equal(tally.accepted, 1);
}

static void every_jose_vector_is_judged_rightly(void **state)
{
    struct tally tally = judge_file("json_web_crypto_test.json");

    (void)state;
    assert_int_equal(tally.invalid, 77);
    assert_int_equal(tally.valid, 6);
    assert_int_equal(tally.wrongly_accepted, 0);
    assert_int_equal(tally.wrongly_refused, 0);
    assert_int_equal(tally.accepted, 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_jws_vector_is_judged_rightly),
        cmocka_unit_test(every_jwk_vector_is_judged_rightly),
    };
    const struct CMUnitTest jose_tests[] = {
        cmocka_unit_test(every_jose_vector_is_judged_rightly),
    };

    if (argc == 2 && strcmp(argv[1], "jose") == 0)
        return wycheproof_has("json_web_crypto_test.json")
                   ? cmocka_run_group_tests(jose_tests, NULL, fixture_release)
                   : WYCHEPROOF_SKIPPED;
    return wycheproof_has("json_web_signature_test.json") &&
                   wycheproof_has("json_web_key_test.json")
               ? cmocka_run_group_tests(tests, NULL, fixture_release)
               : WYCHEPROOF_SKIPPED;
}
