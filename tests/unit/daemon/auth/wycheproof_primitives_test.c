// SPDX-License-Identifier: MIT
/* wycheproof_primitives_test p256|ed25519|rsa|pss: signatures of Project Wycheproof without tokens
 * around them, through key_init and signature_verify. Valid ones must be accepted, invalid ones
 * refused, "acceptable" ones are either; keys that our rules refuse on purpose are in a table. */
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/signature.h"
#include "tests/unit/daemon/auth/wycheproof.h"

#define OCTETS_MOST 1100

struct vectors {
    const char *name;
    const char *file;
    const char *algorithm;
    int least; /* how many there are at least */
};

static const struct vectors all[] = {
    {"p256", "ecdsa_secp256r1_sha256_p1363_test.json", "ES256", 252},
    {"ed25519", "ed25519_test.json", "EdDSA", 151},
    {"rsa", "rsa_signature_2048_sha256_test.json", "RS256", 259},
    {"pss", "rsa_pss_2048_sha256_mgf1_32_test.json", "PS256", 108},
};

/* Keys that others accept and we do not, by what key_init says of them. */
static const struct stricter {
    const char *reason;
    const char *why;
} stricter[] = {
    {"an RSA exponent is odd, at least 65537",
     "NIST SP 800-56B wants e > 2^16; with e = 3 a lax check of the padding is enough to forge"},
    {"an RSA key needs at least 2048 bits", "RFC 7518 section 3.3"},
};

#define STRICTER_COUNT (sizeof(stricter) / sizeof(stricter[0]))

static const struct vectors *chosen;

static struct tally {
    int total;
    int accepted;                 /* valid ones */
    int refused;                  /* invalid ones */
    int either[2];                /* acceptable ones: refused, accepted */
    int stricter[STRICTER_COUNT]; /* refused with their key, whatever they are */
    int wrong;
} tally;

static size_t octets_of(const json_t *hex, uint8_t octets[OCTETS_MOST])
{
    const char *digits = json_string_value(hex);
    size_t count = 0;

    assert_non_null(digits);
    assert_true(strlen(digits) % 2 == 0 && strlen(digits) / 2 <= OCTETS_MOST);
    for (; digits[2 * count]; count++) {
        const char pair[] = {digits[2 * count], digits[2 * count + 1], '\0'};
        octets[count] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return count;
}

/* A number of a key as a member of a JWK; size_bytes is 0 for as many as it needs. */
static json_t *member_of(const json_t *hex, int size_bytes)
{
    uint8_t octets[OCTETS_MOST];
    BIGNUM *number = BN_bin2bn(octets, (int)octets_of(hex, octets), NULL);
    int size = BN_bn2binpad(number, octets, size_bytes > 0 ? size_bytes : BN_num_bytes(number));
    char *text;
    json_t *member;

    assert_true(size > 0);
    text = mint_base64url(octets, (size_t)size);
    member = json_string(text);
    free(text);
    BN_free(number);
    return member;
}

static json_t *jwk_of(const json_t *key)
{
    const json_t *modulus = json_object_get(key, "modulus");
    const json_t *x = json_object_get(key, "wx");
    uint8_t octets[OCTETS_MOST];
    json_t *jwk;
    char *text;

    if (modulus)
        return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kty", "RSA", "kid", "k", "alg",
                         chosen->algorithm, "n", member_of(modulus, 0), "e",
                         member_of(json_object_get(key, "publicExponent"), 0));
    if (x)
        return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256", "kid", "k",
                         "alg", chosen->algorithm, "x", member_of(x, 32), "y",
                         member_of(json_object_get(key, "wy"), 32));
    text = mint_base64url(octets, octets_of(json_object_get(key, "pk"), octets));
    jwk = json_pack("{s:s, s:s, s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519", "kid", "k", "alg",
                    chosen->algorithm, "x", text);
    free(text);
    return jwk;
}

/* The row of the table that a refused key belongs to. */
static size_t row_of(const char *reason)
{
    size_t row = 0;

    while (row < STRICTER_COUNT && !strstr(reason, stricter[row].reason))
        row++;
    if (row == STRICTER_COUNT)
        fail_msg("a key was refused: %s", reason);
    return row;
}

static void judge(const struct key *key, const json_t *test)
{
    const json_t *result = json_object_get(test, "result");
    uint8_t message[OCTETS_MOST];
    uint8_t signature[OCTETS_MOST];
    size_t message_bytes = octets_of(json_object_get(test, "msg"), message);
    size_t signature_bytes = octets_of(json_object_get(test, "sig"), signature);
    int rc = signature_verify(key, message, message_bytes, signature, signature_bytes);

    assert_int_not_equal(rc, -ERROR_MEMORY);
    if (bounded_json_equal(result, TEXT("acceptable"))) {
        tally.either[rc == 0]++;
    } else if (rc == 0 && bounded_json_equal(result, TEXT("valid"))) {
        tally.accepted++;
    } else if (rc != 0 && bounded_json_equal(result, TEXT("invalid"))) {
        tally.refused++;
    } else {
        tally.wrong++;
        print_error("vector %lld, %s, rc %d: %s\n",
                    json_integer_value(json_object_get(test, "tcId")), json_string_value(result),
                    rc, json_string_value(json_object_get(test, "comment")));
    }
}

static void judge_group(const json_t *group)
{
    const json_t *tests = json_object_get(group, "tests");
    const json_t *sha = json_object_get(group, "sha");
    json_t *jwk = jwk_of(json_object_get(group, "publicKey"));
    char reason[KEY_REASON_BYTES] = "";
    struct key key = {0};
    int rc = key_init(&key, jwk, reason);

    assert_true(!sha || bounded_json_equal(sha, TEXT("SHA-256")));
    tally.total += (int)json_array_size(tests);
    if (rc)
        tally.stricter[row_of(reason)] += (int)json_array_size(tests);
    for (size_t i = 0; !rc && i < json_array_size(tests); i++)
        judge(&key, json_array_get(tests, i));
    key_release(&key);
    json_decref(jwk);
}

static void every_vector_is_judged_rightly(void **state)
{
    json_t *vectors = wycheproof_load(chosen->file);
    const json_t *groups = json_object_get(vectors, "testGroups");

    (void)state;
    for (size_t i = 0; i < json_array_size(groups); i++)
        judge_group(json_array_get(groups, i));
    print_message("%s: %d, of which %d valid and accepted, %d invalid and refused, %d and %d "
                  "acceptable and refused or accepted\n",
                  chosen->file, tally.total, tally.accepted, tally.refused, tally.either[0],
                  tally.either[1]);
    for (size_t i = 0; i < STRICTER_COUNT; i++) {
        if (tally.stricter[i] > 0)
            print_message("%d refused with their key: %s\n", tally.stricter[i], stricter[i].why);
    }
    assert_int_equal(tally.wrong, 0);
    assert_true(tally.accepted > 0 && tally.refused > 0);
    assert_int_equal(tally.total, json_integer_value(json_object_get(vectors, "numberOfTests")));
    assert_true(tally.total >= chosen->least);
    json_decref(vectors);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector_is_judged_rightly)};

    for (size_t i = 0; argc == 2 && i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].name, argv[1]) == 0)
            chosen = &all[i];
    }
    if (!chosen)
        return 2;
    return wycheproof_has(chosen->file) ? cmocka_run_group_tests(tests, NULL, fixture_release)
                                        : WYCHEPROOF_SKIPPED;
}
