// SPDX-License-Identifier: MIT
#include "daemon/auth/jws.h"

#include <string.h>
#include <strings.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/signature.h"
#include "schemas/base/errors.h"

/* Header members that change what a token means or bring their own key. None is ever obeyed; a
 * token that has one was not made for us, or was made to see whether we obey. */
static const char *const refused_members[] = {
    "crit",                      /* extensions that must be understood: we have none */
    "b64",                       /* RFC 7797 unencoded payload */
    "zip",  "enc",               /* encryption: this is a JWE */
    "cty",                       /* a token inside the token */
    "jku",  "jwk", "x5u", "x5c", /* keys of the sender's choice */
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

    if (token.size_bytes == 0 || token.size_bytes > LIMIT_TOKEN_BYTES)
        return -ERROR_TOKEN_MALFORMED;
    first = memchr(start, '.', token.size_bytes);
    if (!first)
        return -ERROR_TOKEN_MALFORMED;
    second = memchr(first + 1, '.', (size_t)(end - first - 1));
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return -ERROR_TOKEN_MALFORMED;
    parts->header = between(start, first);
    parts->payload = between(first + 1, second);
    parts->signature = between(second + 1, end);
    parts->signed_text = between(start, second);
    return 0;
}

static int parse_header(struct text encoded, json_t **header)
{
    char buffer[BASE64URL_DECODED_BYTES(LIMIT_TOKEN_BYTES)];
    size_t size;

    if (base64url_decode(encoded, (uint8_t *)buffer, sizeof(buffer), &size) != 0)
        return -ERROR_TOKEN_MALFORMED;
    if (bounded_json_parse((struct text){buffer, (uint32_t)size}, header, NULL) != 0)
        return -ERROR_TOKEN_MALFORMED;
    return 0;
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

static int choose_key(const json_t *header, const struct key_set *set, const struct key **key)
{
    struct text name;
    struct text kid;
    enum algorithm algorithm;
    int rc;

    for (size_t i = 0; i < sizeof(refused_members) / sizeof(refused_members[0]); i++) {
        if (json_object_get(header, refused_members[i]))
            return -ERROR_TOKEN_MALFORMED;
    }
    if (!is_type_accepted(json_object_get(header, "typ")) ||
        !bounded_json_text(json_object_get(header, "alg"), &name) ||
        !bounded_json_text(json_object_get(header, "kid"), &kid))
        return -ERROR_TOKEN_MALFORMED;
    rc = algorithm_find(name, &algorithm);
    if (rc)
        return rc;
    *key = key_set_find(set, kid);
    if (!*key)
        return -ERROR_TOKEN_KEY;
    return (*key)->algorithm == algorithm ? 0 : -ERROR_TOKEN_ALGORITHM;
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
        return -ERROR_TOKEN_MALFORMED;
    rc = parse_header(parts.header, &header);
    if (rc)
        return rc;
    rc = choose_key(header, set, &jws->key);
    json_decref(header);
    return rc ? rc : check_signature(jws->key, &parts, signature, signature_bytes);
}
