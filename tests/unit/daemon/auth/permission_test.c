// SPDX-License-Identifier: MIT
#include "daemon/auth/permission.h"
#include "tests/unit/daemon/auth/fixture.h"

static const enum request_kind guarded[] = {
    REQUEST_KIND_EXPORT_PERSONAL_DATA, REQUEST_KIND_GET_OPERATION, REQUEST_KIND_LIST_OPERATIONS,
    REQUEST_KIND_GET_PROFILE,          REQUEST_KIND_LIST_PROFILES, REQUEST_KIND_EVENTS_SINCE,
    REQUEST_KIND_GET_STATISTICS};

static const struct permission_options narrow = {.admit_read_write_all = false};
static const struct permission_options wide = {.admit_read_write_all = true};

static int check(enum request_kind request, bool is_delegated, const char *scopes,
                 const struct permission_options *options)
{
    struct claims claims = {.is_delegated = is_delegated,
                            .scopes = scope_set_parse(text_of(scopes))};

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
    assert_int_equal(sizeof(guarded) / sizeof(guarded[0]) + 1, REQUEST_KIND_COUNT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_has_a_row_and_only_ping_is_open),
        cmocka_unit_test(read_all_opens_every_row),
        cmocka_unit_test(read_write_all_opens_a_row_only_when_configured),
        cmocka_unit_test(scopes_with_similar_names_open_nothing),
        cmocka_unit_test(applications_are_refused_whatever_their_scopes),
        cmocka_unit_test(without_a_token_only_ping_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
