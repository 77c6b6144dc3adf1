// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/auth/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64];
static struct mint *mints[MINT_ALGORITHM_COUNT];
static struct key_set *keys;
static char *written[16];
static size_t written_count;

static const struct text issuers[] = {{MINT_ISSUER_PATTERN, sizeof(MINT_ISSUER_PATTERN) - 1}};
static const struct text audiences[] = {{MINT_AUDIENCE, sizeof(MINT_AUDIENCE) - 1}};
static const struct token_rules rules = {issuers, 1,    audiences, 1, {"Exports.Approve", 15},
                                         60,      NULL, 0};

struct mint *fixture_mint(enum mint_algorithm algorithm)
{
    char kid[32];

    if (!mints[algorithm]) {
        (void)snprintf(kid, sizeof(kid), "key-%s", mint_algorithm_name(algorithm));
        mints[algorithm] = mint_new(algorithm, kid);
    }
    return mints[algorithm];
}

char *fixture_path(const char *name)
{
    char *path = NULL;

    if (directory[0] == '\0') {
        (void)snprintf(directory, sizeof(directory), "/tmp/exportd-auth-test-XXXXXX");
        assert_non_null(mkdtemp(directory));
    }
    assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
    for (size_t i = 0; i < written_count; i++) {
        if (strcmp(written[i], path) == 0)
            return path;
    }
    assert_true(written_count < sizeof(written) / sizeof(written[0]));
    written[written_count] = strdup(path);
    assert_non_null(written[written_count++]);
    return path;
}

const struct key_set *fixture_keys(void)
{
    char message[KEY_SET_MESSAGE_BYTES];

    if (!keys) {
        char *path = fixture_path("keys.json");
        for (int i = 0; i < MINT_ALGORITHM_COUNT; i++)
            (void)fixture_mint((enum mint_algorithm)i);
        assert_int_equal(mint_write_key_set(path, mints, MINT_ALGORITHM_COUNT), 0);
        assert_int_equal(key_set_load(&keys, path, message), 0);
        free(path);
    }
    return keys;
}

const struct token_rules *fixture_rules(void)
{
    return &rules;
}

int fixture_load(const char *content, struct key_set **set, char message[KEY_SET_MESSAGE_BYTES])
{
    char *path = fixture_path("written.json");
    FILE *file = fopen(path, "we");
    int rc;

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    rc = key_set_load(set, path, message);
    free(path);
    return rc;
}

char *fixture_payload(const char *member, const char *json_value)
{
    json_t *payload = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "iss",
        "https://login.example.org/" TENANT "/v2.0", "aud", MINT_AUDIENCE, "tid", TENANT, "oid",
        PERSON, "sub", "made-up", "scp", READ_ALL, "azp", MINT_APPLICATION_ID, "uti", "made-up-1",
        "iat", NOW_SECONDS - 600, "nbf", NOW_SECONDS - 600, "exp", NOW_SECONDS + 3600);
    char *text;

    assert_non_null(payload);
    if (member && json_value) {
        json_t *value = json_loads(json_value, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        assert_int_equal(json_object_set_new(payload, member, value), 0);
    } else if (member) {
        assert_int_equal(json_object_del(payload, member), 0);
    }
    text = json_dumps(payload, JSON_COMPACT);
    json_decref(payload);
    assert_non_null(text);
    return text;
}

char *fixture_format(const char *text, ...)
{
    char *string = NULL;
    va_list arguments;

    va_start(arguments, text);
    assert_true(vasprintf(&string, text, arguments) >= 0);
    va_end(arguments);
    return string;
}

int fixture_verify(char *token, struct claims *claims)
{
    int rc = token_verify(fixture_rules(), fixture_keys(), text_of(token), NOW, claims);

    free(token);
    return rc;
}

int fixture_release(void **state)
{
    (void)state;
    key_set_destroy(&keys);
    for (int i = 0; i < MINT_ALGORITHM_COUNT; i++)
        mint_destroy(&mints[i]);
    while (written_count > 0) {
        (void)unlink(written[--written_count]);
        free(written[written_count]);
    }
    return directory[0] == '\0' || rmdir(directory) == 0 ? 0 : -1;
}
