// SPDX-License-Identifier: MIT
/* Bytes as an access token, with a fixed key, fixed rules and a fixed time.
 *
 * What begins with "+" is a header, a line feed and a payload, which are signed here: so the bytes
 * of the input reach what is only read of a token that is rightly signed. All else is a token as
 * it comes, and the one that is known to be good is the only one that may be accepted. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/token.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/token_mint.h"

#define NOW_SECONDS  1800000000
#define SKEW_SECONDS 60
#define TENANT       "7c0a2f4e-1b3d-4c5e-8f90-a1b2c3d4e5f6"
#define PERSON       "0f9e8d7c-6b5a-4938-8271-60514233a4b5"
#define HEADER       "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"fuzz\"}"
#define PAYLOAD                                                                                    \
    "{\"iss\":\"https://login.example.org/" TENANT                                                 \
    "/v2.0\",\"aud\":\"api://exportd\",\"tid\":\"" TENANT "\",\"oid\":\"" PERSON                   \
    "\",\"scp\":\"CrossTenantUserProfileSharing.Read.All\",\"exp\":1800003600}"

static const uint8_t private_key[32] = "a made-up key, only for fuzzing.";
static const struct wall now = {(int64_t)NOW_SECONDS * 1000};
static struct text issuers[] = {TEXT(MINT_ISSUER_PATTERN)};
static struct text audiences[] = {TEXT(MINT_AUDIENCE)};
static const struct token_rules rules = {.issuers = issuers,
                                         .issuer_count = 1,
                                         .audiences = audiences,
                                         .audience_count = 1,
                                         .approver_scope = TEXT("Export.Approve"),
                                         .skew_seconds = SKEW_SECONDS};

static struct mint *mint;
static struct key_set *keys;
static char *good_token;

static int verify(const char *token, size_t size_bytes, struct claims *claims)
{
    return token_verify(&rules, keys, (struct text){token, (uint32_t)size_bytes}, now, claims);
}

static void prepare(void)
{
    static const char *const jwk_list = "{\"keys\":[%s]}";
    char message[KEY_SET_MESSAGE_BYTES];
    struct memory_file file;
    struct claims claims;
    char *jwk;
    char set[1024];
    int size;

    mint = mint_new_fixed(private_key, "fuzz");
    jwk = mint_jwk(mint, NULL);
    size = snprintf(set, sizeof(set), jwk_list, jwk);
    memory_file_open(&file, (const uint8_t *)set, (size_t)size);
    good_token = mint_token_with(mint, HEADER, PAYLOAD, strlen(PAYLOAD));
    if (key_set_load(&keys, file.path, message) != 0 ||
        verify(good_token, strlen(good_token), &claims) != 0)
        abort();
    memory_file_close(&file);
    free(jwk);
}

/* Only what is refused for a reason of its own is refused. */
static void check_refusal(int rc)
{
    if (rc >= 0 || rc == -ERROR_MEMORY || rc == -ERROR_INTERNAL || rc == -ERROR_CONFIGURATION)
        abort();
}

static void try_as_it_comes(const uint8_t *data, size_t size_bytes)
{
    struct claims claims;
    int rc = verify((const char *)data, size_bytes, &claims);

    if (rc)
        check_refusal(rc);
    else if (size_bytes != strlen(good_token) || memcmp(data, good_token, size_bytes) != 0)
        abort();
}

/* Read again, by another path, what must be there in a token that was accepted. */
static void check_accepted(const struct claims *claims, const char *payload, size_t size_bytes)
{
    json_t *object = json_loadb(payload, size_bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *issuer = json_string_value(json_object_get(object, "iss"));
    const char *tenant = json_string_value(json_object_get(object, "tid"));
    const char *type = json_string_value(json_object_get(object, "idtyp"));
    const char *scopes = json_string_value(json_object_get(object, "scp"));
    struct uuid id;

    if (!issuer || !tenant || !scopes || scopes[0] == '\0' || !strstr(issuer, tenant) ||
        uuid_parse(text_of(tenant), &id) != 0 || !uuid_equal(&id, &claims->tenant_id))
        abort();
    if ((type && strcmp(type, "user") != 0) || !claims->is_delegated ||
        now.ms < claims->valid_from.ms || now.ms >= claims->valid_until.ms ||
        json_integer_value(json_object_get(object, "exp")) <= NOW_SECONDS - SKEW_SECONDS)
        abort();
    json_decref(object);
}

/* One changed character of the signature, and it is no longer good. */
static void check_signature(char *token, size_t size_bytes)
{
    char *at = token + size_bytes - 10;
    struct claims claims;

    *at = *at == 'A' ? 'B' : 'A';
    if (verify(token, size_bytes, &claims) != -ERROR_TOKEN_SIGNATURE)
        abort();
}

static void try_signed(const uint8_t *data, size_t size_bytes)
{
    const uint8_t *end = memchr(data, '\n', size_bytes);
    const char *payload = end ? (const char *)end + 1 : "";
    size_t payload_bytes = end ? size_bytes - (size_t)(end + 1 - data) : 0;
    size_t header_bytes = end ? (size_t)(end - data) : size_bytes;
    char *header = calloc(1, header_bytes + 1);
    char *token;
    struct claims claims;
    int rc;

    if (!header)
        abort();
    memcpy(header, data, header_bytes);
    token = mint_token_with(mint, header, payload, payload_bytes);
    rc = verify(token, strlen(token), &claims);
    if (rc) {
        check_refusal(rc);
    } else {
        check_accepted(&claims, payload, payload_bytes);
        check_signature(token, strlen(token));
    }
    free(token);
    free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    if (!mint)
        prepare();
    if (size_bytes > LIMIT_TOKEN_BYTES)
        return 0;
    if (size_bytes > 0 && data[0] == '+')
        try_signed(data + 1, size_bytes - 1);
    else
        try_as_it_comes(data, size_bytes);
    return 0;
}
