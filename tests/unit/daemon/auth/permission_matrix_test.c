// SPDX-License-Identifier: MIT
/* Every cell of role, tenant, request and state of the token, under each configuration, by real
 * tokens. What must come out is written down here a second time, by hand, and not taken from the
 * table that is tested. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/authorizer.h"
#include "daemon/auth/permission.h"
#include "tests/unit/daemon/auth/fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define READER       "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
#define OPERATOR     "0a0a0a0a-0000-4000-8000-00000000000a"
#define REVOKED      "0b0b0b0b-0000-4000-8000-00000000000b"

/* Who may: anybody, an operator, or whoever has one of these scopes. */
enum opener {
    KEY_ANYBODY = 1,
    KEY_OPERATOR = 2,
    KEY_READ_ALL = 4,
    KEY_READ_WRITE_ALL = 8, /* where the configuration admits it */
    KEY_APPROVER = 16
};

static const struct {
    const char *request;
    int keys;
} requests[] = {
    {"approveOperation.request", KEY_APPROVER},
    {"cancelOperation.request", KEY_READ_ALL | KEY_READ_WRITE_ALL | KEY_APPROVER},
    {"denyOperation.request", KEY_APPROVER},
    {"eventsSince.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"explainOperation.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"exportPersonalData.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"getOperation.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"getPauses.request", KEY_OPERATOR},
    {"getProfile.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"getStatistics.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"listOperations.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"listProfiles.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {"pauseDispatch.request", KEY_OPERATOR},
    {"ping.request", KEY_ANYBODY},
    {"resumeDispatch.request", KEY_OPERATOR},
    {"retryOperation.request", KEY_READ_ALL | KEY_READ_WRITE_ALL},
};

static const struct role {
    const char *person;
    const char *scp; /* NULL: an application */
    const char *wids;
    int keys;
} roles[] = {
    {PERSON, READ_ALL, "[\"" READER "\"]", KEY_READ_ALL},
    {PERSON, READ_WRITE, "[\"" READER "\"]", KEY_READ_WRITE_ALL},
    {PERSON, READ_ALL " " READ_WRITE, "[\"" READER "\"]", KEY_READ_ALL | KEY_READ_WRITE_ALL},
    {PERSON, "Exports.Approve", "[\"" READER "\"]", KEY_APPROVER},
    {PERSON, READ_ALL " Exports.Approve", "[\"" READER "\"]", KEY_READ_ALL | KEY_APPROVER},
    {PERSON, "CrossTenantUserProfileSharing.Read", "[\"" READER "\"]", 0},
    {PERSON, "CrossTenantUserProfileSharing.ReadWrite User.Export.All", "[\"" READER "\"]", 0},
    {OPERATOR, "User.Read", "[\"" READER "\"]", KEY_OPERATOR},
    {OPERATOR, READ_ALL, "[\"" READER "\"]", KEY_OPERATOR | KEY_READ_ALL},
    {PERSON, READ_ALL, "[]", KEY_READ_ALL},
    {PERSON, NULL, "[\"" READER "\"]", KEY_READ_ALL},
};

/* Operators are named for the first; the last is the one of all personal accounts. */
static const char *const tenants[] = {TENANT, OTHER_TENANT, PERSONAL};

enum state {
    STATE_GOOD,
    STATE_ABSENT,
    STATE_EXPIRED,
    STATE_NOT_YET,
    STATE_ANOTHER_SIGNATURE,
    STATE_ANOTHER_AUDIENCE,
    STATE_ANOTHER_ISSUER,
    STATE_TOKEN_REVOKED,
    STATE_PERSON_REVOKED,
    STATE_REMEMBERED,
    STATE_COUNT
};

static const struct {
    bool admit_read_write_all;
    bool requires_role;
} configurations[] = {{false, false}, {true, false}, {false, true}, {true, true}};

static char *payload_of(const struct role *role, const char *tenant, enum state state)
{
    char *text = fixture_payload("wids", role->wids);
    json_t *object = json_loads(text, 0, NULL);
    char *issuer = fixture_format("https://login.example.org/%s/v2.0", tenant);

    free(text);
    json_object_set_new(object, "tid", json_string(tenant));
    json_object_set_new(object, "iss", json_string(issuer));
    json_object_set_new(object, "oid",
                        json_string(state == STATE_PERSON_REVOKED ? REVOKED : role->person));
    if (role->scp)
        json_object_set_new(object, "scp", json_string(role->scp));
    else
        json_object_del(object, "scp");
    if (state == STATE_EXPIRED)
        json_object_set_new(object, "exp", json_integer(NOW_SECONDS - 60));
    if (state == STATE_NOT_YET)
        json_object_set_new(object, "nbf", json_integer(NOW_SECONDS + 61));
    if (state == STATE_ANOTHER_AUDIENCE)
        json_object_set_new(object, "aud", json_string("api://other"));
    if (state == STATE_ANOTHER_ISSUER)
        json_object_set_new(object, "iss", json_string("https://login.example.net/"));
    if (state == STATE_TOKEN_REVOKED)
        json_object_set_new(object, "uti", json_string("revoked"));
    text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    free(issuer);
    return text;
}

/* 401 before 403, as the order of refusals says. */
static int expected(int request, const struct role *role, int tenant, enum state state,
                    int configuration)
{
    static const int at_once[STATE_COUNT] = {
        [STATE_EXPIRED] = ERROR_TOKEN_EXPIRED,
        [STATE_NOT_YET] = ERROR_TOKEN_NOT_YET_VALID,
        [STATE_ANOTHER_SIGNATURE] = ERROR_TOKEN_SIGNATURE,
        [STATE_ANOTHER_ISSUER] = ERROR_TOKEN_ISSUER,
    };
    int wanted = requests[request].keys;

    if (at_once[state])
        return at_once[state];
    if (state == STATE_ABSENT)
        return wanted == KEY_ANYBODY ? 0 : ERROR_TOKEN_MISSING;
    if (tenant == 2)
        return ERROR_PERSONAL_ACCOUNT;
    if (state == STATE_ANOTHER_AUDIENCE)
        return ERROR_TOKEN_AUDIENCE;
    if (!role->scp)
        return ERROR_APPLICATION_TOKEN;
    if (state == STATE_TOKEN_REVOKED)
        return ERROR_TOKEN_REVOKED;
    if (state == STATE_PERSON_REVOKED && tenant == 0)
        return ERROR_PERSON_REVOKED;
    if (wanted == KEY_ANYBODY)
        return 0;
    if (wanted == KEY_OPERATOR &&
        !(role->keys & KEY_OPERATOR && tenant == 0 && state != STATE_PERSON_REVOKED))
        return ERROR_OPERATOR_NEEDED;
    if (!configurations[configuration].admit_read_write_all)
        wanted &= ~KEY_READ_WRITE_ALL;
    if (!(wanted & role->keys))
        return ERROR_SCOPE_MISSING;
    return configurations[configuration].requires_role && strcmp(role->wids, "[]") == 0
               ? ERROR_ROLE_MISSING
               : 0;
}

struct scene {
    struct authorizer *authorizers[2]; /* without and with a required role */
    struct wire_input input;
    struct wire_output output;
    struct exportd_configuration_permissions permissions;
    struct mint *stranger;
};

static void name_the_operator(struct scene *s)
{
    struct exportd_configuration_permissions_operators row;
    struct exportd_configuration_permissions named = {.has_operators = true};
    struct wire_output list = WIRE_OUTPUT_INIT;
    struct wire_error error;

    assert_int_equal(uuid_parse(TEXT(TENANT), &row.tenant_id), 0);
    assert_int_equal(uuid_parse(TEXT(OPERATOR), &row.object_id), 0);
    exportd_configuration_permissions_operators_encode(&row, &list);
    named.operators =
        (struct wire_list){.item = &exportd_configuration_permissions_operators_schema,
                           .encoded = list.data,
                           .encoded_bytes = list.size_bytes,
                           .count = 1};
    exportd_configuration_permissions_encode(&named, &s->output);
    assert_int_equal(wire_parse(&s->input, s->output.data, s->output.size_bytes, &error), 0);
    assert_int_equal(
        exportd_configuration_permissions_decode(&s->input.root, &s->permissions, &error), 0);
    wire_output_release(&list);
}

static void open_authorizers(struct scene *s, const struct uuid *role)
{
    char message[KEY_SET_MESSAGE_BYTES];
    char *keys = fixture_path("keys.json");
    char *revocations = fixture_path("matrix-revocations.json");
    FILE *file = fopen(revocations, "we");

    (void)fixture_keys();
    assert_non_null(file);
    (void)fputs("{\"tokens\":[\"revoked\"],\"persons\":[{\"tid\":\"" TENANT "\",\"oid\":\"" REVOKED
                "\"}]}",
                file);
    assert_int_equal(fclose(file), 0);
    for (int i = 0; i < 2; i++) {
        struct authorizer_options options = {.rules = *fixture_rules(),
                                             .key_set_path = keys,
                                             .revocations_path = revocations,
                                             .cache_entries = 4096};
        options.rules.roles = role;
        options.rules.role_count = (size_t)i;
        assert_int_equal(authorizer_new(&s->authorizers[i], &options, message), 0);
    }
    free(revocations);
    free(keys);
}

static char *token_of(struct scene *s, const struct role *role, const char *tenant,
                      enum state state)
{
    char *payload = payload_of(role, tenant, state);
    struct mint *mint = state == STATE_ANOTHER_SIGNATURE ? s->stranger : fixture_mint(MINT_EDDSA);
    char *token = mint_token(mint, payload);

    free(payload);
    return token;
}

static int decide(struct scene *s, int request, const char *token, enum state state,
                  int configuration)
{
    struct permission_options options = {.admit_read_write_all =
                                             configurations[configuration].admit_read_write_all,
                                         .operators = &s->permissions.operators};
    struct claims claims;
    int rc = 0;

    for (int i = 0; rc == 0 && state != STATE_ABSENT && i <= (state == STATE_REMEMBERED); i++)
        rc = authorizer_check(s->authorizers[configurations[configuration].requires_role],
                              text_of(token), NOW, &claims);
    return rc ? rc
              : permission_check((enum request_kind)request, state == STATE_ABSENT ? NULL : &claims,
                                 &options);
}

static void every_cell_is_decided_as_written_here(void **state)
{
    struct scene s = {.output = WIRE_OUTPUT_INIT, .stranger = mint_new(MINT_EDDSA, "key-EdDSA")};
    struct uuid role;
    int decisions[ERROR_COUNT] = {0};
    int cells = 0;

    (void)state;
    assert_int_equal(uuid_parse(TEXT(READER), &role), 0);
    assert_int_equal(wire_input_init(&s.input), 0);
    name_the_operator(&s);
    open_authorizers(&s, &role);
    for (int cell = 0; cell < (int)(COUNT(roles) * COUNT(tenants) * STATE_COUNT); cell++) {
        const struct role *who = &roles[cell % (int)COUNT(roles)];
        int tenant = cell / (int)COUNT(roles) % (int)COUNT(tenants);
        enum state how = (enum state)(cell / (int)(COUNT(roles) * COUNT(tenants)));
        char *token = token_of(&s, who, tenants[tenant], how);

        for (int request = 0; request < REQUEST_KIND_COUNT; request++) {
            for (int configuration = 0; configuration < (int)COUNT(configurations);
                 configuration++) {
                int wanted = expected(request, who, tenant, how, configuration);
                int found = decide(&s, request, token, how, configuration);
                if (found != -wanted)
                    print_error("%s, %s, tenant %d, state %d, configuration %d: %s\n",
                                requests[request].request, who->scp ? who->scp : "application",
                                tenant, (int)how, configuration, error_row(found)->inner_code);
                assert_int_equal(found, -wanted);
                decisions[wanted]++;
                cells++;
            }
        }
        free(token);
    }
    print_message("%d cells, %d allowed\n", cells, decisions[0]);
    assert_true(cells >= 1440 && decisions[0] > cells / 20 && decisions[ERROR_ROLE_MISSING] > 0);
    for (int i = 0; i < 2; i++)
        authorizer_destroy(&s.authorizers[i]);
    mint_destroy(&s.stranger);
    wire_input_release(&s.input);
    wire_output_release(&s.output);
}

static void every_request_is_written_down_here(void **state)
{
    (void)state;
    assert_int_equal(COUNT(requests), REQUEST_KIND_COUNT);
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        assert_string_equal(requests[kind].request, request_schemas[kind]->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_written_down_here),
        cmocka_unit_test(every_cell_is_decided_as_written_here),
    };

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
