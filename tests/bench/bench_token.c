// SPDX-License-Identifier: MIT
/* bench_token [--quick] [--rounds N] [--seconds S]: what it costs to verify an access token that
 * was not seen before, from its text to the claims, beside nothing but the signature: the calls of
 * `openssl speed` for the algorithm, with a key and a context made before. Both run in turns in one
 * thread and are measured in the time that this thread computes. Prints a table of tab-separated
 * fields. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/auth/key_set.h"
#include "daemon/auth/token.h"
#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "tests/support/temporary.h"
#include "tests/support/token_mint.h"

#define TOKENS          64
#define TURNS           20 /* of each in a round */
#define MESSAGE_BYTES   20 /* as openssl speed has it for EdDSA */
#define TENANT          "00000000-0000-4000-8000-000000000001"
#define PERSON          "00000000-0000-4000-8000-000000000002"
#define SCOPE           "CrossTenantUserProfileSharing.Read.All"
#define EXPIRES_SECONDS 4000000000
#define NOW_MS          1800000000000

/* One algorithm. */
struct subject {
    char *tokens[TOKENS];
    struct key_set *keys;
    EVP_PKEY *key;
    EVP_PKEY_CTX *verification;
    EVP_MD_CTX *message_verification; /* EdDSA */
    uint8_t message[MESSAGE_BYTES];
    uint8_t digest[32];
    uint8_t *signature; /* as libcrypto has it */
    size_t signature_bytes;
    uint64_t next;
};

#define ROWS(algorithm)                                                                            \
    {.name = "verify token, " algorithm,                                                           \
     .unit = "tokens/s",                                                                           \
     .reference = "signature alone, " algorithm,                                                   \
     .goal = 0.9,                                                                                  \
     .goal_kind = GOAL_RATIO_AT_LEAST},                                                            \
    {                                                                                              \
        .name = "signature alone, " algorithm, .unit = "signatures/s"                              \
    }

static struct figure figures[2 * MINT_ALGORITHM_COUNT] = {ROWS("RS256"), ROWS("PS256"),
                                                          ROWS("ES256"), ROWS("EdDSA")};

static double computed_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void check(bool is_good, const char *what)
{
    if (!is_good) {
        measure_fail(what);
    }
}

static void make_tokens(struct subject *subject, struct mint *mint)
{
    char directory[] = "/tmp/bench-token-XXXXXX";
    char path[64];
    char message[KEY_SET_MESSAGE_BYTES];
    check(mkdtemp(directory) != NULL, directory);
    snprintf(path, sizeof(path), "%s/keys.json", directory);
    check(mint_write_key_set(path, &mint, 1) == 0, path);
    check(key_set_load(&subject->keys, path, message) == 0, path);
    check(temporary_remove(directory) == 0, directory);
    for (size_t i = 0; i < TOKENS; i++) {
        subject->tokens[i] = mint_delegated(mint, TENANT, PERSON, SCOPE, EXPIRES_SECONDS);
    }
}

/* r and s side by side become a DER SEQUENCE. */
static void encode_ecdsa(struct subject *subject, const uint8_t *raw)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    check(pair && ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)),
          "ECDSA");
    subject->signature = NULL;
    subject->signature_bytes = (size_t)i2d_ECDSA_SIG(pair, &subject->signature);
    ECDSA_SIG_free(pair);
}

static void make_signature(struct subject *subject, struct mint *mint,
                           enum mint_algorithm algorithm)
{
    uint8_t raw[1024];
    size_t size = mint_sign(mint, subject->message, MESSAGE_BYTES, raw);
    if (algorithm == MINT_ES256) {
        encode_ecdsa(subject, raw);
        return;
    }
    subject->signature = OPENSSL_memdup(raw, size);
    subject->signature_bytes = size;
    check(subject->signature != NULL, "signature");
}

static void prepare(struct subject *subject, enum mint_algorithm algorithm)
{
    EVP_PKEY_CTX *verification = EVP_PKEY_CTX_new(subject->key, NULL);
    subject->verification = verification;
    check(verification && EVP_PKEY_verify_init(verification) == 1, "verification");
    if (algorithm == MINT_RS256 || algorithm == MINT_PS256) {
        int padding = algorithm == MINT_RS256 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
        check(EVP_PKEY_CTX_set_rsa_padding(verification, padding) == 1, "padding");
    }
    check(EVP_PKEY_CTX_set_signature_md(verification, EVP_sha256()) == 1, "digest");
    check(EVP_Digest(subject->message, MESSAGE_BYTES, subject->digest, NULL, EVP_sha256(), NULL),
          "digest");
}

static void make(struct subject *subject, enum mint_algorithm algorithm)
{
    struct mint *mint = mint_new(algorithm, "bench");
    size_t der_bytes;
    uint8_t *der = mint_public_der(mint, &der_bytes);
    const uint8_t *at = der;
    subject->key = d2i_PUBKEY(NULL, &at, (long)der_bytes);
    check(subject->key != NULL, "key");
    make_tokens(subject, mint);
    make_signature(subject, mint, algorithm);
    if (algorithm == MINT_EDDSA) {
        subject->message_verification = EVP_MD_CTX_new();
        check(subject->message_verification &&
                  EVP_DigestVerifyInit(subject->message_verification, NULL, NULL, NULL,
                                       subject->key) == 1,
              "verification");
    } else {
        prepare(subject, algorithm);
    }
    free(der);
    mint_destroy(&mint);
}

static void release(struct subject *subject)
{
    for (size_t i = 0; i < TOKENS; i++) {
        free(subject->tokens[i]);
    }
    key_set_destroy(&subject->keys);
    EVP_PKEY_CTX_free(subject->verification);
    EVP_MD_CTX_free(subject->message_verification);
    EVP_PKEY_free(subject->key);
    OPENSSL_free(subject->signature);
}

static void verify_token(struct subject *subject)
{
    static const struct text issuers[] = {TEXT(MINT_ISSUER_PATTERN)};
    static const struct text audiences[] = {TEXT(MINT_AUDIENCE)};
    static const struct token_rules rules = {
        .issuers = issuers, .issuer_count = 1, .audiences = audiences, .audience_count = 1};
    struct claims claims;
    check(token_verify(&rules, subject->keys, text_of(subject->tokens[subject->next++ % TOKENS]),
                       (struct wall){NOW_MS}, &claims) == 0,
          "token");
}

static void verify_signature(struct subject *subject)
{
    if (subject->message_verification) {
        check(EVP_DigestVerify(subject->message_verification, subject->signature,
                               subject->signature_bytes, subject->message, MESSAGE_BYTES) == 1,
              "signature");
        return;
    }
    check(EVP_PKEY_verify(subject->verification, subject->signature, subject->signature_bytes,
                          subject->digest, sizeof(subject->digest)) == 1,
          "signature");
}

struct count {
    double seconds;
    uint64_t done;
};

static void run(struct subject *subject, void (*verify)(struct subject *), double seconds,
                struct count *count)
{
    double begun = computed_seconds();
    double used = 0;
    while (used < seconds) {
        for (unsigned i = 0; i < 16; i++) {
            verify(subject);
        }
        count->done += 16;
        used = computed_seconds() - begun;
    }
    count->seconds += used;
}

static void measure(enum mint_algorithm algorithm, double seconds)
{
    struct subject subject = {.message = "twenty bytes of it."};
    struct count tokens = {0};
    struct count signatures = {0};
    make(&subject, algorithm);
    for (unsigned i = 0; i < TURNS; i++) {
        run(&subject, verify_token, seconds / TURNS, &tokens);
        run(&subject, verify_signature, seconds / TURNS, &signatures);
    }
    struct figure *figure = &figures[2 * (size_t)algorithm];
    figure_add(figure, (struct measurement){.value = (double)tokens.done / tokens.seconds});
    figure_add(figure + 1,
               (struct measurement){.value = (double)signatures.done / signatures.seconds});
    release(&subject);
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 5, .seconds = 0.5, .quick_seconds = 0.1};
    options_read(&options, argc, argv, NULL);
    for (unsigned round = 0; round < options.rounds; round++) {
        for (int algorithm = 0; algorithm < MINT_ALGORITHM_COUNT; algorithm++) {
            measure((enum mint_algorithm)algorithm, options.seconds);
        }
    }
    figures_print(figures, sizeof(figures) / sizeof(figures[0]));
    return EXIT_SUCCESS;
}
