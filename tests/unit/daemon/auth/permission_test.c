// SPDX-License-Identifier: MIT
#include "daemon/auth/permission.h"
#include "tests/unit/daemon/auth/fixture.h"

static const enum request_kind guarded[] = {
    REQUEST_KIND_EXPORT_PERSONAL_DATA, REQUEST_KIND_GET_OPERATION,   REQUEST_KIND_LIST_OPERATIONS,
    REQUEST_KIND_GET_PROFILE,          REQUEST_KIND_LIST_PROFILES,   REQUEST_KIND_EVENTS_SINCE,
    REQUEST_KIND_GET_STATISTICS,       REQUEST_KIND_RETRY_OPERATION, REQUEST_KIND_EXPLAIN_OPERATION,
    REQUEST_KIND_CANCEL_OPERATION};

static const enum request_kind for_approvers[] = {REQUEST_KIND_APPROVE_OPERATION,
                                                  REQUEST_KIND_DENY_OPERATION};

static const enum request_kind for_operators[] = {
    REQUEST_KIND_PAUSE_DISPATCH, REQUEST_KIND_RESUME_DISPATCH, REQUEST_KIND_GET_PAUSES};

#define APPROVE "Exports.Approve"

static const struct permission_options narrow = {.admit_read_write_all = false};
static const struct permission_options wide = {.admit_read_write_all = true};

static int check(enum request_kind request, bool is_delegated, const char *scopes,
                 const struct permission_options *options)
{
    struct claims claims = {.is_delegated = is_delegated,
                            .scopes = scope_set_parse(text_of(scopes), TEXT(APPROVE))};

    return permission_check(request, &claims, options);
}

static void expect_everywhere(bool is_delegated, const char *scopes,
                              const struct permission_options *options, int error)
{
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        assert_int_equal(check(guarded[i], is_delegated, scopes, options), -error);
}

static void every_request_has_a_row_and_only_ping_is_open(void **state)
{
    (void)state;
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        const struct permission *row = permission_of((enum request_kind)kind);
        assert_non_null(row->documentation);
        assert_int_equal(row->is_open, kind == REQUEST_KIND_PING);
    }
    assert_int_equal(sizeof(guarded) / sizeof(guarded[0]) +
                         sizeof(for_approvers) / sizeof(for_approvers[0]) +
                         sizeof(for_operators) / sizeof(for_operators[0]) + 1,
                     REQUEST_KIND_COUNT);
}

static void read_all_opens_every_row(void **state)
{
    (void)state;
    expect_everywhere(true, READ_ALL, &narrow, 0);
    expect_everywhere(true, READ_ALL, &wide, 0);
    expect_everywhere(true, READ_WRITE " " READ_ALL, &narrow, 0);
}

static void read_write_all_opens_a_row_only_when_configured(void **state)
{
    (void)state;
    expect_everywhere(true, READ_WRITE, &narrow, ERROR_SCOPE_MISSING);
    expect_everywhere(true, READ_WRITE, &wide, 0);
}

static void scopes_with_similar_names_open_nothing(void **state)
{
    (void)state;
    expect_everywhere(true, "CrossTenantUserProfileSharing.Read", &wide, ERROR_SCOPE_MISSING);
    expect_everywhere(true, "CrossTenantUserProfileSharing.ReadWrite", &wide, ERROR_SCOPE_MISSING);
    expect_everywhere(true, "User.Export.All", &wide, ERROR_SCOPE_MISSING);
    expect_everywhere(true, "", &wide, ERROR_SCOPE_MISSING);
}

static void applications_are_refused_whatever_their_scopes(void **state)
{
    (void)state;
    expect_everywhere(false, READ_ALL, &wide, ERROR_APPLICATION_TOKEN);
    expect_everywhere(false, "", &wide, ERROR_APPLICATION_TOKEN);
}

static void without_a_token_only_ping_is_open(void **state)
{
    (void)state;
    assert_int_equal(permission_check(REQUEST_KIND_PING, NULL, &narrow), 0);
    assert_int_equal(check(REQUEST_KIND_PING, false, "", &narrow), 0);
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        assert_int_equal(permission_check(guarded[i], NULL, &wide), -ERROR_TOKEN_MISSING);
}

static void the_approver_scope_opens_cancelling_and_deciding_and_nothing_else(void **state)
{
    struct scope_set nobody = scope_set_parse(TEXT(APPROVE), (struct text){0});

    (void)state;
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        assert_int_equal(check(guarded[i], true, APPROVE, &wide),
                         guarded[i] == REQUEST_KIND_CANCEL_OPERATION ? 0 : -ERROR_SCOPE_MISSING);
    for (size_t i = 0; i < sizeof(for_approvers) / sizeof(for_approvers[0]); i++) {
        assert_int_equal(check(for_approvers[i], true, APPROVE, &narrow), 0);
        assert_int_equal(check(for_approvers[i], true, READ_ALL " " READ_WRITE, &wide),
                         -ERROR_SCOPE_MISSING);
        assert_int_equal(check(for_approvers[i], false, APPROVE, &wide), -ERROR_APPLICATION_TOKEN);
        assert_int_equal(permission_check(for_approvers[i], NULL, &wide), -ERROR_TOKEN_MISSING);
    }
    assert_int_equal(nobody.bits, 0);
    assert_true(scope_set_has(scope_set_parse(TEXT(READ_ALL), TEXT(READ_ALL)), SCOPE_APPROVER));
    assert_false(scope_set_has(scope_set_parse(TEXT(APPROVE "s"), TEXT(APPROVE)), SCOPE_APPROVER));
}

/* A list of operators as the configuration has it. */
static struct wire_list operators(struct wire_output *output)
{
    struct exportd_configuration_permissions_operators row = {.tenant_id = {{1}},
                                                              .object_id = {{2}}};

    exportd_configuration_permissions_operators_encode(&row, output);
    row.object_id.bytes[0] = 3;
    exportd_configuration_permissions_operators_encode(&row, output);
    return (struct wire_list){.item = &exportd_configuration_permissions_operators_schema,
                              .encoded = output->data,
                              .encoded_bytes = output->size_bytes,
                              .count = 2};
}

static void only_the_persons_named_are_operators(void **state)
{
    static const struct {
        uint8_t tenant, person;
        bool is_operator;
    } rows[] = {{1, 2, true}, {1, 3, true}, {2, 2, false}, {1, 1, false}, {3, 1, false}};
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_output whole = WIRE_OUTPUT_INIT;
    struct exportd_configuration_permissions named = {.has_operators = true,
                                                      .operators = operators(&output)};
    struct exportd_configuration_permissions read;
    struct permission_options options = {.admit_read_write_all = true};
    struct wire_input input;
    struct wire_error error;

    (void)state;
    exportd_configuration_permissions_encode(&named, &whole);
    assert_int_equal(wire_input_init(&input), 0);
    assert_int_equal(wire_parse(&input, whole.data, whole.size_bytes, &error), 0);
    assert_int_equal(exportd_configuration_permissions_decode(&input.root, &read, &error), 0);
    options.operators = &read.operators;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct claims claims = {.is_delegated = true,
                                .tenant_id = {{rows[i].tenant}},
                                .object_id = {{rows[i].person}},
                                .scopes = scope_set_of(SCOPE_READ_ALL)};

        for (size_t kind = 0; kind < sizeof(for_operators) / sizeof(for_operators[0]); kind++)
            assert_int_equal(permission_check(for_operators[kind], &claims, &options),
                             rows[i].is_operator ? 0 : -ERROR_OPERATOR_NEEDED);
        claims.is_delegated = false;
        assert_int_equal(permission_check(for_operators[0], &claims, &options),
                         -ERROR_APPLICATION_TOKEN);
        claims.is_delegated = true;
        assert_int_equal(permission_check(for_operators[0], &claims, &narrow),
                         -ERROR_OPERATOR_NEEDED);
    }
    wire_input_release(&input);
    wire_output_release(&output);
    wire_output_release(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_has_a_row_and_only_ping_is_open),
        cmocka_unit_test(read_all_opens_every_row),
        cmocka_unit_test(read_write_all_opens_a_row_only_when_configured),
        cmocka_unit_test(scopes_with_similar_names_open_nothing),
        cmocka_unit_test(applications_are_refused_whatever_their_scopes),
        cmocka_unit_test(without_a_token_only_ping_is_open),
        cmocka_unit_test(the_approver_scope_opens_cancelling_and_deciding_and_nothing_else),
        cmocka_unit_test(only_the_persons_named_are_operators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
