// SPDX-License-Identifier: MIT
#include "schemas/base/certificate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"

#define INDENT 4 /* spaces of one level of ZPL */

struct parser {
    struct certificate certificate;
    struct certificate_problem *problem;
    uint32_t line;
    const char *section; /* of the lines that follow, or NULL */
    uint32_t seen;       /* a bit for each rule */
};

static int fail(struct parser *parser, const char *section, const char *key, const char *reason)
{
    parser->problem->line = parser->line;
    snprintf(parser->problem->text, CERTIFICATE_PROBLEM_BYTES, "%s%s%s%s%s", section ? section : "",
             section && key ? "." : "", key ? key : "", section || key ? ": " : "", reason);
    return -ERROR_CONFIGURATION;
}

static bool is_key_character(char c)
{
    return c != '\0' && (isalnum((unsigned char)c) || strchr(".-:+=^!/*?&<>()[]{}@%$#", c));
}

/* The value of a Z85 digit: its place in the alphabet. */
static uint64_t digit(char c)
{
    static const char alphabet[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    return (uint64_t)(strchr(alphabet, c) - alphabet);
}

bool certificate_is_key(struct text t)
{
    bool is_zero = true;

    if (t.size_bytes != CERTIFICATE_KEY_BYTES) {
        return false;
    }
    for (uint32_t i = 0; i < t.size_bytes; i += 5) {
        uint64_t word = 0;

        for (uint32_t j = i; j < i + 5; j++) {
            if (!is_key_character(t.data[j])) {
                return false;
            }
            word = word * 85 + digit(t.data[j]);
        }
        if (word > UINT32_MAX) {
            return false;
        }
        is_zero = is_zero && word == 0;
    }
    return !is_zero;
}

bool certificate_is_name(struct text t)
{
    if (t.size_bytes == 0 || t.size_bytes >= CERTIFICATE_NAME_BUFFER) {
        return false;
    }
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        char c = t.data[i];

        if (!(isalnum((unsigned char)c) || (i > 0 && c != '\0' && strchr("._-", c)))) {
            return false;
        }
    }
    return true;
}

static bool has_tenant(const struct certificate *certificate, const struct uuid *tenant)
{
    for (uint32_t i = 0; i < certificate->tenant_count; i++) {
        if (uuid_equal(&certificate->tenants[i], tenant)) {
            return true;
        }
    }
    return false;
}

int certificate_parse_tenants(struct text list, struct certificate *certificate)
{
    struct text item;
    struct uuid tenant;

    certificate->has_any_tenant = text_equal(text_trim(list), TEXT(CERTIFICATE_ANY_TENANT));
    certificate->has_tenants = !certificate->has_any_tenant;
    certificate->tenant_count = 0;
    if (certificate->has_any_tenant) {
        return 0;
    }
    while (text_next_item(&list, &item)) {
        if (certificate->tenant_count == CERTIFICATE_TENANTS || uuid_parse(item, &tenant) ||
            has_tenant(certificate, &tenant)) {
            return -ERROR_FIELD_VALUE;
        }
        certificate->tenants[certificate->tenant_count++] = tenant;
    }
    return certificate->tenant_count > 0 ? 0 : -ERROR_FIELD_VALUE;
}

bool certificate_lacks_tenants(const struct certificate *certificate)
{
    return (certificate->roles & ROLE_BIT(ROLE_VOUCHES)) && !certificate->has_tenants &&
           !certificate->has_any_tenant;
}

bool certificate_has_idle_tenants(const struct certificate *certificate)
{
    return certificate->has_tenants &&
           (certificate->roles & (ROLE_BIT(ROLE_WORKER) | ROLE_BIT(ROLE_OPERATOR)));
}

static bool take_name(struct certificate *certificate, struct text value)
{
    return value.size_bytes > 0 && !text_copy(value, certificate->name, sizeof certificate->name);
}

static bool take_roles(struct certificate *certificate, struct text value)
{
    return !roles_parse(value, &certificate->roles);
}

static bool take_tenants(struct certificate *certificate, struct text value)
{
    return !certificate_parse_tenants(value, certificate);
}

static bool take_public_key(struct certificate *certificate, struct text value)
{
    return certificate_is_key(value) &&
           !text_copy(value, certificate->public_key, CERTIFICATE_KEY_BUFFER);
}

static bool take_secret_key(struct certificate *certificate, struct text value)
{
    return certificate_is_key(value) &&
           !text_copy(value, certificate->secret_key, CERTIFICATE_KEY_BUFFER);
}

static const char metadata[] = "metadata";
static const char curve[] = "curve";

static const struct rule {
    const char *section;
    const char *key;
    bool (*take)(struct certificate *certificate, struct text value); /* NULL: passed over */
    const char *expected;
} rules[] = {
    {metadata, "name", take_name, "expected a name of 1 to 63 characters"},
    {metadata, "roles", take_roles, "expected a list of " ROLE_NAMES ", each once"},
    {metadata, "tenants", take_tenants, "expected a list of 1 to 26 UUIDs, each once, or any"},
    {metadata, "email", NULL, NULL},
    {metadata, "organization", NULL, NULL},
    {metadata, "version", NULL, NULL},
    {metadata, "created-by", NULL, NULL},
    {metadata, "date-created", NULL, NULL},
    {curve, "public-key", take_public_key, "expected 40 characters of Z85"},
    {curve, "secret-key", take_secret_key, "expected 40 characters of Z85"},
};

#define RULES (sizeof rules / sizeof rules[0])

/* Cuts a value off what stands behind a key: quoted with either quote, or plain until a comment.
 * False when it is neither. */
static bool read_value(struct text rest, struct text *value)
{
    const char *end;

    rest = text_trim(rest);
    if (rest.size_bytes == 0 || rest.data[0] != '=') {
        return false;
    }
    rest.data++;
    rest.size_bytes--;
    rest = text_trim(rest);
    if (rest.size_bytes > 0 && (rest.data[0] == '"' || rest.data[0] == '\'')) {
        end = memchr(rest.data + 1, rest.data[0], rest.size_bytes - 1);
        if (!end) {
            return false;
        }
        *value = (struct text){rest.data + 1, (uint32_t)(end - rest.data - 1)};
        rest.size_bytes -= (uint32_t)(end + 1 - rest.data);
        rest.data = end + 1;
        rest = text_trim(rest);
        return rest.size_bytes == 0 || rest.data[0] == '#';
    }
    end = rest.size_bytes > 0 ? memchr(rest.data, '#', rest.size_bytes) : NULL;
    if (end) {
        rest.size_bytes = (uint32_t)(end - rest.data);
    }
    *value = text_trim(rest);
    return true;
}

static int take(struct parser *parser, struct text key, struct text rest)
{
    struct text value;

    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];

        if (rule->section != parser->section || !text_equal(key, text_of(rule->key))) {
            continue;
        }
        if (parser->seen & 1U << i) {
            return fail(parser, rule->section, rule->key, "found twice, expected once");
        }
        parser->seen |= 1U << i;
        if (!read_value(rest, &value)) {
            return fail(parser, rule->section, rule->key, "expected = and a value");
        }
        if (rule->take && !rule->take(&parser->certificate, value)) {
            return fail(parser, rule->section, rule->key, rule->expected);
        }
        if (rule->take == take_roles) {
            parser->certificate.roles_line = parser->line;
        }
        return 0;
    }
    return fail(parser, parser->section, NULL,
                parser->section == curve ? "found an unknown key, expected public-key or secret-key"
                                         : "found an unknown key, expected name, roles or tenants");
}

static int enter(struct parser *parser, struct text name, struct text rest)
{
    rest = text_trim(rest);
    if (rest.size_bytes > 0 && rest.data[0] != '#') {
        return fail(parser, NULL, NULL, "expected nothing behind the name of a section");
    }
    if (text_equal(name, text_of(metadata))) {
        parser->section = metadata;
    } else if (text_equal(name, text_of(curve))) {
        parser->section = curve;
    } else {
        return fail(parser, NULL, NULL, "found something else, expected metadata or curve");
    }
    return 0;
}

static int read_line(struct parser *parser, struct text line)
{
    uint32_t indent = 0;
    uint32_t end;

    while (line.size_bytes > 0 && isspace((unsigned char)line.data[line.size_bytes - 1])) {
        line.size_bytes--;
    }
    while (indent < line.size_bytes && line.data[indent] == ' ') {
        indent++;
    }
    if (indent == line.size_bytes || line.data[indent] == '#') {
        return 0;
    }
    for (end = indent; end < line.size_bytes; end++) {
        char c = line.data[end];

        if (!isalnum((unsigned char)c) && c != '-' && c != '_') {
            break;
        }
    }
    if ((indent != 0 && indent != INDENT) || (indent == INDENT && !parser->section)) {
        return fail(parser, NULL, NULL,
                    "wrong indentation, expected none for a section and 4 spaces for a key in it");
    }
    return (indent == 0 ? enter : take)(parser, (struct text){line.data + indent, end - indent},
                                        (struct text){line.data + end, line.size_bytes - end});
}

static int read_lines(struct parser *parser, struct text bytes)
{
    int rc = 0;

    if (bytes.size_bytes > CERTIFICATE_BYTES) {
        return fail(parser, NULL, NULL, "larger than 16 KiB");
    }
    if (bytes.size_bytes > 0 && memchr(bytes.data, '\0', bytes.size_bytes)) {
        return fail(parser, NULL, NULL, "not a text");
    }
    while (!rc && bytes.size_bytes > 0) {
        const char *newline = memchr(bytes.data, '\n', bytes.size_bytes);
        uint32_t size_bytes = newline ? (uint32_t)(newline - bytes.data) : bytes.size_bytes;
        uint32_t step = size_bytes + (newline ? 1U : 0U);

        parser->line++;
        rc = size_bytes > CERTIFICATE_LINE_BYTES
                 ? fail(parser, NULL, NULL, "a line longer than 1024 bytes")
                 : read_line(parser, (struct text){bytes.data, size_bytes});
        bytes.data += step;
        bytes.size_bytes -= step;
    }
    return rc;
}

int certificate_parse(struct text bytes, struct certificate *certificate,
                      struct certificate_problem *problem)
{
    struct parser parser = {.problem = problem};
    int rc = read_lines(&parser, bytes);

    if (!rc && parser.certificate.public_key[0] == '\0') {
        rc = fail(&parser, curve, "public-key", "found nothing, expected 40 characters of Z85");
    }
    if (!rc) {
        *certificate = parser.certificate;
    }
    certificate_forget(&parser.certificate);
    return rc;
}

void certificate_forget(struct certificate *certificate)
{
    explicit_bzero(certificate->secret_key, sizeof certificate->secret_key);
}
