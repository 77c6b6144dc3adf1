// SPDX-License-Identifier: MIT
#include "daemon/auth/jws.h"

#include <string.h>
#include <strings.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/signature.h"
#include "schemas/base/errors.h"

/* Header members that change what a token means or bring their own key. None is ever obeyed; a
 * token that has one was not made for us, or was made to see whether we obey. */
static const struct refused_member {
    const char *name;
    int error;
} refused_members[] = {
    {"crit", ERROR_TOKEN_CRITICAL},  /* extensions that must be understood: we have none */
    {"b64", ERROR_TOKEN_UNENCODED},  /* RFC 7797 unencoded payload */
    {"enc", ERROR_TOKEN_ENCRYPTED},  /* of a JWE */
    {"zip", ERROR_TOKEN_ENCRYPTED},  /* likewise */
    {"cty", ERROR_TOKEN_NESTED},     /* a token inside the token */
    {"jku", ERROR_TOKEN_HEADER_KEY}, /* where the sender has a key set */
    {"jwk", ERROR_TOKEN_HEADER_KEY}, /* a key of the sender */
    {"x5u", ERROR_TOKEN_HEADER_KEY}, /* where the sender has a certificate */
    {"x5c", ERROR_TOKEN_HEADER_KEY}, /* a certificate of the sender */
};

struct parts {
    struct text header;
    struct text payload;
    struct text signature;
    struct text signed_text; /* header and payload, as they are spelled */
};

static struct text between(const char *start, const char *end)
{
    return (struct text){start, (uint32_t)(end - start)};
}

static int split(struct text token, struct parts *parts)
{
    const char *start = token.data;
    const char *end = start + token.size_bytes;
    const char *first;
    const char *second;

    if (token.size_bytes > LIMIT_TOKEN_BYTES)
        return -ERROR_TOKEN_TOO_LONG;
    first = token.size_bytes > 0 ? memchr(start, '.', token.size_bytes) : NULL;
    if (!first)
        return -ERROR_TOKEN_PARTS;
    second = memchr(first + 1, '.', (size_t)(end - first - 1));
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return -ERROR_TOKEN_PARTS;
    parts->header = between(start, first);
    parts->payload = between(first + 1, second);
    parts->signature = between(second + 1, end);
    parts->signed_text = between(start, second);
    return 0;
}

int jws_json(struct text t, json_t **object, int error)
{
    switch (bounded_json_parse(t, object, NULL)) {
    case 0:
        return 0;
    case -ERROR_MEMORY:
        return -ERROR_MEMORY;
    case -ERROR_TOO_DEEP:
        return -ERROR_TOKEN_TOO_DEEP;
    case -ERROR_FIELD_DUPLICATE:
        return -ERROR_TOKEN_DUPLICATE_MEMBER;
    default:
        return -error;
    }
}

static int parse_header(struct text encoded, json_t **header)
{
    char buffer[BASE64URL_DECODED_BYTES(LIMIT_TOKEN_BYTES)];
    size_t size;

    if (base64url_decode(encoded, (uint8_t *)buffer, sizeof(buffer), &size) != 0)
        return -ERROR_TOKEN_ENCODING;
    return jws_json((struct text){buffer, (uint32_t)size}, header, ERROR_TOKEN_HEADER);
}

/* "JWT" of RFC 7519 and "at+jwt" of RFC 9068, with or without the prefix that media types may drop.
 */
static bool is_type_accepted(const json_t *type)
{
    static const char *const accepted[] = {"JWT", "at+jwt", "application/at+jwt"};
    const char *name = json_string_value(type);

    if (!name)
        return type == NULL;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        if (strcasecmp(name, accepted[i]) == 0)
            return true;
    }
    return false;
}

/* The one algorithm that RFC 7518 has for "not signed", however somebody spells it. */
static bool is_unsigned(struct text name)
{
    return name.size_bytes == 4 && strncasecmp(name.data, "none", 4) == 0;
}

static int check_header(const json_t *header, struct text *kid, enum algorithm *algorithm)
{
    struct text name;

    for (size_t i = 0; i < sizeof(refused_members) / sizeof(refused_members[0]); i++) {
        if (json_object_get(header, refused_members[i].name))
            return -refused_members[i].error;
    }
    if (!is_type_accepted(json_object_get(header, "typ")))
        return -ERROR_TOKEN_TYPE;
    if (!bounded_json_text(json_object_get(header, "alg"), &name))
        return -ERROR_TOKEN_HEADER;
    if (is_unsigned(name))
        return -ERROR_TOKEN_UNSIGNED;
    if (!bounded_json_text(json_object_get(header, "kid"), kid))
        return -ERROR_TOKEN_KEY_MISSING;
    return algorithm_find(name, algorithm);
}

static int choose_key(const json_t *header, const struct key_set *set, const struct key **key)
{
    struct text kid = {NULL, 0};
    enum algorithm algorithm = ALGORITHM_COUNT;
    int rc = check_header(header, &kid, &algorithm);

    if (rc)
        return rc;
    *key = key_set_find(set, kid);
    if (!*key)
        return -ERROR_TOKEN_KEY;
    return (*key)->algorithm == algorithm ? 0 : -ERROR_TOKEN_KEY_ALGORITHM;
}

static int check_signature(const struct key *key, const struct parts *parts,
                           const uint8_t *signature, size_t signature_bytes)
{
    return signature_verify(key, parts->signed_text.data, parts->signed_text.size_bytes, signature,
                            signature_bytes);
}

int jws_open(struct jws *jws, const struct key_set *set, struct text token)
{
    uint8_t signature[BASE64URL_DECODED_BYTES(LIMIT_TOKEN_BYTES)];
    size_t signature_bytes;
    struct parts parts;
    json_t *header;
    int rc = split(token, &parts);

    if (rc)
        return rc;
    if (base64url_decode(parts.payload, jws->payload, sizeof(jws->payload), &jws->payload_bytes) !=
            0 ||
        base64url_decode(parts.signature, signature, sizeof(signature), &signature_bytes) != 0)
        return -ERROR_TOKEN_ENCODING;
    rc = parse_header(parts.header, &header);
    if (rc)
        return rc;
    rc = choose_key(header, set, &jws->key);
    json_decref(header);
    return rc ? rc : check_signature(jws->key, &parts, signature, signature_bytes);
}
