// SPDX-License-Identifier: MIT
/* Every allocation of ours, of libcrypto and of jansson fails in turn, alone and with all that
 * follow: nothing good is called bad for want of memory, and nothing bad good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "daemon/auth/bounded_json.h"
#include "daemon/auth/crypto_memory.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/daemon/auth/fixture.h"

#define ALLOCATIONS 10000 /* more than anything here takes */

/* What is judged again and again, and the one right answer. */
struct subject {
    char *path;
    const char *text;
    const struct key_set *keys;
    int verdict;
};

typedef int (*judgement)(const struct subject *subject);

static int judge_token(const struct subject *subject)
{
    struct claims claims;

    return token_verify(fixture_rules(), subject->keys, text_of(subject->text), NOW, &claims);
}

static int judge_key_set(const struct subject *subject)
{
    char message[KEY_SET_MESSAGE_BYTES] = "";
    struct key_set *set = NULL;
    int rc = key_set_load(&set, subject->path, message);

    assert_int_equal(rc == 0, set != NULL);
    assert_int_equal(rc == 0, message[0] == '\0');
    key_set_destroy(&set);
    return rc;
}

static int judge_revocations(const struct subject *subject)
{
    char message[REVOCATIONS_MESSAGE_BYTES] = "";
    struct revocations *made = NULL;
    int rc = revocations_load(&made, subject->path, message);

    assert_int_equal(rc == 0, made != NULL);
    revocations_destroy(&made);
    return rc;
}

static int judge_json(const struct subject *subject)
{
    char reason[BOUNDED_JSON_REASON_BYTES];
    json_t *object = NULL;
    int rc = bounded_json_parse(text_of(subject->text), &object, reason);

    if (rc == -ERROR_MEMORY)
        assert_string_equal(reason, "out of memory");
    assert_int_equal(rc == 0, object != NULL);
    json_decref(object);
    return rc;
}

static int judge_digest(const struct subject *subject)
{
    static const uint8_t of_abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    uint8_t digest[SHA256_BYTES];
    struct sha256 sha256 = {NULL};
    int rc = sha256_init(&sha256);

    rc = rc ? rc : sha256_digest(&sha256, subject->text, strlen(subject->text), digest);
    if (!rc)
        assert_memory_equal(digest, of_abc, sizeof of_abc);
    sha256_release(&sha256);
    return rc;
}

/* A caller, from nothing to the claims. */
static int judge_caller(const struct subject *subject)
{
    struct authorizer_options options = {
        .rules = *fixture_rules(), .key_set_path = subject->path, .cache_entries = 8};
    char message[KEY_SET_MESSAGE_BYTES];
    struct authorizer *authorizer = NULL;
    struct claims claims;
    int rc = authorizer_new(&authorizer, &options, message);

    rc = rc ? rc : authorizer_check(authorizer, text_of(subject->text), NOW, &claims);
    authorizer_destroy(&authorizer);
    return rc;
}

/* The number of failures that made a difference. */
static int fail_each_as(void (*arm)(int number), judgement judge, const struct subject *subject)
{
    int count = 0;
    int number = 0;
    bool has_struck;

    do {
        assert_true(++number < ALLOCATIONS);
        arm(number);
        int rc = judge(subject);
        has_struck = memory_fault_struck();
        memory_fault_at(0);
        if (rc == -ERROR_MEMORY)
            count++;
        else
            assert_int_equal(rc, subject->verdict);
        assert_int_equal(judge(subject), subject->verdict);
    } while (has_struck);
    return count;
}

static void fail_each(judgement judge, const struct subject *subject)
{
    assert_int_equal(judge(subject), subject->verdict);
    assert_true(fail_each_as(memory_fault_at, judge, subject) > 0);
    assert_true(fail_each_as(memory_fault_from, judge, subject) > 0);
}

/* The usual token, with a signature that is right or has one bit changed. */
static char *make_token(enum mint_algorithm algorithm, bool is_right)
{
    char *payload = fixture_payload(NULL, NULL);
    char *token = mint_token(fixture_mint(algorithm), payload);
    char *middle = strrchr(token, '.') + 20;

    if (!is_right)
        *middle = *middle == 'A' ? 'B' : 'A';
    free(payload);
    return token;
}

static void judge_tokens(bool is_right)
{
    struct subject subject = {.keys = fixture_keys(),
                              .verdict = is_right ? 0 : -ERROR_TOKEN_SIGNATURE};

    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *token = make_token((enum mint_algorithm)i, is_right);
        subject.text = token;
        fail_each(judge_token, &subject);
        free(token);
    }
}

static void a_good_token_is_never_called_bad(void **state)
{
    (void)state;
    judge_tokens(true);
}

static void a_wrong_signature_is_never_accepted(void **state)
{
    (void)state;
    judge_tokens(false);
}

/* A key's first verification prepares what the later ones find. */
static void the_first_token_of_a_new_key_set_is_never_called_bad(void **state)
{
    struct subject subject = {0};

    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        struct mint *mint = fixture_mint((enum mint_algorithm)i);
        char *token = make_token((enum mint_algorithm)i, true);
        subject.path = fixture_path("memory.json");
        subject.text = token;
        assert_int_equal(mint_write_key_set(subject.path, &mint, 1), 0);
        fail_each(judge_caller, &subject);
        free(subject.path);
        free(token);
    }
}

static void judge_file(judgement judge, const char *content, int verdict)
{
    struct subject subject = {.path = fixture_path("memory.json"), .verdict = verdict};
    FILE *file = fopen(subject.path, "we");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    fail_each(judge, &subject);
    free(subject.path);
}

static void a_good_key_set_is_never_called_bad(void **state)
{
    (void)state;
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++) {
        char *jwk = mint_jwk(fixture_mint((enum mint_algorithm)i), NULL);
        char *set = fixture_format("{\"keys\":[%s]}", jwk);
        judge_file(judge_key_set, set, 0);
        free(set);
        free(jwk);
    }
}

static void a_bad_key_is_never_accepted(void **state)
{
    static const char *const keys[] = {
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
        "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\","
        "\"x\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\","
        "\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *set = fixture_format("{\"keys\":[%s]}", keys[i]);
        judge_file(judge_key_set, set, -ERROR_CONFIGURATION);
        free(set);
    }
}

static void revocations_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    judge_file(judge_revocations,
               "{\"tokens\":[\"a\",\"b\"],\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" PERSON
               "\"}]}",
               0);
    judge_file(judge_revocations, "{\"tokens\":[\"a b\"]}", -ERROR_CONFIGURATION);
}

static void json_is_never_called_broken(void **state)
{
    struct subject good = {.text = "{\"a\":[1,{\"b\":\"text\"},2.5,null],\"c\":{}}"};
    struct subject twice = {.text = "{\"a\":1,\"a\":2}", .verdict = -ERROR_FIELD_DUPLICATE};
    struct subject broken = {.text = "{\"a\":[1,2}", .verdict = -ERROR_MALFORMED};

    (void)state;
    fail_each(judge_json, &good);
    fail_each(judge_json, &twice);
    fail_each(judge_json, &broken);
}

static void a_digest_is_right_or_there_is_none(void **state)
{
    struct subject subject = {.text = "abc"};

    (void)state;
    fail_each(judge_digest, &subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_is_never_called_bad),
        cmocka_unit_test(a_wrong_signature_is_never_accepted),
        cmocka_unit_test(the_first_token_of_a_new_key_set_is_never_called_bad),
        cmocka_unit_test(a_good_key_set_is_never_called_bad),
        cmocka_unit_test(a_bad_key_is_never_accepted),
        cmocka_unit_test(revocations_are_read_whole_or_not_at_all),
        cmocka_unit_test(json_is_never_called_broken),
        cmocka_unit_test(a_digest_is_right_or_there_is_none),
    };

    if (!crypto_memory_install())
        return 1;
    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
