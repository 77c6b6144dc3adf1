// SPDX-License-Identifier: MIT
/* Claims that a peer vouches for: the same verdict as a token that says the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "tests/unit/daemon/auth/fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define READER       "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
#define ADMIN        "62e90394-69f5-4237-9190-012177145e10"

struct scene {
    char *keys_path;
    char *path;
    struct authorizer *authorizer;
    struct wire_input input;
    struct wire_output output;
    char message[KEY_SET_MESSAGE_BYTES];
};

static void write_text(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct uuid uuid_of(const char *text)
{
    struct uuid uuid;

    assert_int_equal(uuid_parse(text_of(text), &uuid), 0);
    return uuid;
}

static int set_up(void **state)
{
    static struct uuid roles[1];
    struct scene *s = calloc(1, sizeof(*s));
    struct authorizer_options options = {.rules = *fixture_rules(), .cache_entries = 64};

    assert_non_null(s);
    s->keys_path = fixture_path("keys.json");
    s->path = fixture_path("vouched-revocations.json");
    (void)fixture_keys();
    write_text(s->path, "{\"tokens\":[\"revoked\"],\"persons\":[{\"tid\":\"" OTHER_TENANT
                        "\",\"oid\":\"" PERSON "\"}]}");
    roles[0] = uuid_of(READER);
    options.rules.roles = roles;
    options.rules.role_count = 1;
    options.key_set_path = s->keys_path;
    options.revocations_path = s->path;
    assert_int_equal(authorizer_new(&s->authorizer, &options, s->message), 0);
    assert_int_equal(wire_input_init(&s->input), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    authorizer_destroy(&s->authorizer);
    wire_input_release(&s->input);
    wire_output_release(&s->output);
    free(s->path);
    free(s->keys_path);
    free(s);
    return 0;
}

static struct vouched_claims usual(void)
{
    return (struct vouched_claims){.tid = uuid_of(TENANT),
                                   .oid = uuid_of(PERSON),
                                   .scp = TEXT(READ_ALL),
                                   .is_delegated = true,
                                   .exp = NOW_SECONDS + 3600};
}

static int check_at(struct scene *s, const struct vouched_claims *vouched, int64_t now_ms)
{
    struct claims claims;

    return authorizer_check_vouched(s->authorizer, vouched, (struct wall){now_ms}, &claims);
}

static void they_say_what_a_token_would(void **state)
{
    struct scene *s = *state;
    struct vouched_claims vouched = usual();
    char *payload = fixture_payload("nbf", "1");
    char *token = mint_token(fixture_mint(MINT_EDDSA), payload);
    struct claims claims;
    struct claims of_token;

    vouched.has_uti = true;
    vouched.uti = TEXT("made-up-1");
    vouched.has_azp = true;
    vouched.azp = uuid_of(MINT_APPLICATION_ID);
    assert_int_equal(authorizer_check_vouched(s->authorizer, &vouched, NOW, &claims), 0);
    assert_int_equal(authorizer_check(s->authorizer, text_of(token), NOW, &of_token), 0);
    assert_true(uuid_equal(&claims.tenant_id, &of_token.tenant_id));
    assert_true(uuid_equal(&claims.object_id, &of_token.object_id));
    assert_true(claims.has_application_id);
    assert_true(uuid_equal(&claims.application_id, &of_token.application_id));
    assert_int_equal(claims.is_delegated, of_token.is_delegated);
    assert_int_equal(claims.lacks_role, of_token.lacks_role);
    assert_int_equal(claims.scopes.bits, of_token.scopes.bits);
    assert_int_equal(claims.expires.ms, of_token.expires.ms);
    assert_int_equal(claims.valid_until.ms, of_token.valid_until.ms);
    assert_string_equal(claims.token_id, of_token.token_id);
    free(token);
    free(payload);
}

static void they_expire_when_a_token_would(void **state)
{
    struct scene *s = *state;
    struct vouched_claims vouched = usual();
    int64_t end_ms = ((int64_t)NOW_SECONDS + 3600 + 60) * 1000;

    assert_int_equal(check_at(s, &vouched, end_ms - 1), 0);
    assert_int_equal(check_at(s, &vouched, end_ms), -ERROR_CLAIMS_EXPIRED);
    vouched.exp = 9007199254740991;
    assert_int_equal(check_at(s, &vouched, INT64_MAX), -ERROR_CLAIMS_EXPIRED);
    assert_int_equal(check_at(s, &vouched, NOW.ms), 0);
    vouched.exp = 1;
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_CLAIMS_EXPIRED);
}

static void applications_and_personal_accounts_are_refused(void **state)
{
    struct scene *s = *state;
    struct vouched_claims vouched = usual();

    vouched.is_delegated = false;
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_APPLICATION_TOKEN);
    vouched = usual();
    vouched.scp = TEXT("");
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_APPLICATION_TOKEN);
    vouched = usual();
    vouched.tid = uuid_of(PERSONAL);
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_PERSONAL_ACCOUNT);
    vouched.is_delegated = false;
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_PERSONAL_ACCOUNT);
}

static void revocations_hold_for_them(void **state)
{
    struct scene *s = *state;
    struct vouched_claims vouched = usual();

    vouched.tid = uuid_of(OTHER_TENANT);
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_PERSON_REVOKED);
    vouched = usual();
    vouched.has_uti = true;
    vouched.uti = TEXT("revoked");
    assert_int_equal(check_at(s, &vouched, NOW.ms), -ERROR_TOKEN_REVOKED);
    vouched.uti = TEXT("revoked2");
    assert_int_equal(check_at(s, &vouched, NOW.ms), 0);
}

/* As they come from the wire, because a list cannot be put into a struct by hand. */
static bool lacks_role(struct scene *s, const char *const *roles, uint32_t count)
{
    struct vouched_claims vouched = usual();
    struct vouched_claims read;
    struct wire_output list = WIRE_OUTPUT_INIT;
    struct wire_error error;
    struct claims claims;

    for (uint32_t i = 0; i < count; i++)
        wire_text(&list, text_of(roles[i]));
    vouched.has_wids = true;
    vouched.wids =
        (struct wire_list){.encoded = list.data, .encoded_bytes = list.size_bytes, .count = count};
    wire_output_clear(&s->output);
    vouched_claims_encode(&vouched, &s->output);
    assert_int_equal(s->output.error, 0);
    assert_int_equal(wire_parse(&s->input, s->output.data, s->output.size_bytes, &error), 0);
    assert_int_equal(vouched_claims_decode(&s->input.root, &read, &error), 0);
    assert_int_equal(authorizer_check_vouched(s->authorizer, &read, NOW, &claims), 0);
    wire_output_release(&list);
    return claims.lacks_role;
}

static void a_required_role_must_be_among_theirs(void **state)
{
    struct scene *s = *state;
    static const char *const both[] = {ADMIN, READER};

    assert_true(lacks_role(s, both, 0));
    assert_true(lacks_role(s, both, 1));
    assert_false(lacks_role(s, both, 2));
    assert_false(lacks_role(s, both + 1, 1));
}

/* Handlers read the members that all requests have through any of their structs. */
static void every_request_begins_alike(void **state)
{
    (void)state;
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        union any_request request = {0};
        struct wire_error error;
        struct wire_input input;
        struct wire_output output = WIRE_OUTPUT_INIT;
        struct vouched_claims vouched = usual();
        struct ping_request *common = &request.ping;
        const msgpack_object *found;

        common->request_id = TEXT("r");
        common->has_token = true;
        common->token = TEXT("t");
        common->has_claims = true;
        common->claims = vouched;
        codec_encode(request_schemas[kind], &request, &output);
        assert_int_equal(wire_input_init(&input), 0);
        if (output.error == 0 && wire_parse(&input, output.data, output.size_bytes, &error) == 0) {
            found = wire_find(&input.root, "claims");
            assert_non_null(found);
            assert_int_equal(found->type, MSGPACK_OBJECT_MAP);
            assert_non_null(wire_find(found, "oid"));
            assert_non_null(wire_find(&input.root, "token"));
        } else {
            fail_msg("%s", request_schemas[kind]->name);
        }
        wire_input_release(&input);
        wire_output_release(&output);
    }
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(they_say_what_a_token_would),
        ROW(they_expire_when_a_token_would),
        ROW(applications_and_personal_accounts_are_refused),
        ROW(revocations_hold_for_them),
        ROW(a_required_role_must_be_among_theirs),
        cmocka_unit_test(every_request_begins_alike),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
