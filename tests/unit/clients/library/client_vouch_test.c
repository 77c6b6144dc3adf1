// SPDX-License-Identifier: MIT
/* Claims instead of a token, as they leave the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/library/client.h"
#include "schemas/codec/codec.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define PERSON "22222222-2222-4222-8222-222222222222"
#define OTHER  "33333333-3333-4333-8333-333333333333"

struct fixture {
    struct exportd_client *client;
    struct exportd_error error;
    struct wire_input input;
    struct exchange exchange;
    struct get_statistics_request sent; /* refers to both */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct exportd_options options = {.requests_endpoint = "ipc:///nonexistent/exportd",
                                      .token = "a.b.c"};

    if (!f || wire_input_init(&f->input) != 0) {
        return -1;
    }
    *state = f;
    return exportd_open(&f->client, &options, &f->error);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    exchange_end(&f->exchange);
    exportd_close(&f->client);
    wire_input_release(&f->input);
    free(f);
    return 0;
}

/* What a request would be sent with. */
static void prepare(struct fixture *f)
{
    struct get_statistics_request request = {0};
    struct wire_error wrong;

    exchange_end(&f->exchange);
    assert_int_equal(client_prepare(f->client, &f->client->channel, &f->exchange,
                                    CALL(get_statistics_request, request), &f->error),
                     EXPORTD_OK);
    assert_int_equal(
        wire_parse(&f->input, f->exchange.request.data, f->exchange.request.size_bytes, &wrong), 0);
    assert_int_equal(get_statistics_request_decode(&f->input.root, &f->sent, &wrong), 0);
}

static const char *const roles[] = {OTHER, PERSON, NULL};

static struct exportd_claims everything(void)
{
    return (struct exportd_claims){.tenant_id = TENANT,
                                   .person_id = PERSON,
                                   .scopes = "One Two",
                                   .expires = 1800000000,
                                   .actor_id = OTHER,
                                   .application_id = OTHER,
                                   .token_id = "u-1",
                                   .roles = roles};
}

static void claims_go_instead_of_the_token(void **state)
{
    struct fixture *f = *state;
    struct exportd_claims claims = everything();
    char text[UUID_TEXT_BUFFER];
    struct uuid role;

    prepare(f);
    assert_true(f->sent.has_token && !f->sent.has_claims);
    assert_int_equal(exportd_vouch(f->client, &claims, &f->error), EXPORTD_OK);
    prepare(f);
    assert_true(!f->sent.has_token && f->sent.has_claims);
    assert_string_equal(uuid_format(&f->sent.claims.tid, text), TENANT);
    assert_string_equal(uuid_format(&f->sent.claims.oid, text), PERSON);
    assert_true(text_equal(f->sent.claims.scp, TEXT("One Two")));
    assert_int_equal(f->sent.claims.exp, 1800000000);
    assert_true(f->sent.claims.is_delegated && f->sent.claims.has_azp && f->sent.claims.has_uti);
    assert_string_equal(uuid_format(&f->sent.claims.azp, text), OTHER);
    assert_true(f->sent.claims.has_act);
    assert_string_equal(uuid_format(&f->sent.claims.act, text), OTHER);
    assert_true(text_equal(f->sent.claims.uti, TEXT("u-1")));
    assert_int_equal(f->sent.claims.wids.count, 2);
    codec_item(&f->sent.claims.wids, 1, &role);
    assert_string_equal(uuid_format(&role, text), PERSON);
}

static void the_next_claims_take_their_place_and_none_bring_the_token_back(void **state)
{
    struct fixture *f = *state;
    struct exportd_claims claims = everything();

    assert_int_equal(exportd_vouch(f->client, &claims, &f->error), EXPORTD_OK);
    claims = (struct exportd_claims){.tenant_id = OTHER,
                                     .person_id = PERSON,
                                     .scopes = "",
                                     .expires = 1,
                                     .is_application = true};
    assert_int_equal(exportd_vouch(f->client, &claims, &f->error), EXPORTD_OK);
    prepare(f);
    assert_false(f->sent.claims.is_delegated || f->sent.claims.has_act || f->sent.claims.has_azp ||
                 f->sent.claims.has_uti || f->sent.claims.has_wids);
    assert_int_equal(exportd_vouch(f->client, NULL, &f->error), EXPORTD_OK);
    prepare(f);
    assert_true(f->sent.has_token && !f->sent.has_claims);
}

static void what_the_service_would_refuse_is_told_at_once_and_changes_nothing(void **state)
{
    static const char *const bad_roles[] = {"Global Reader", NULL};
    struct fixture *f = *state;
    struct exportd_claims good = everything();
    struct exportd_claims rows[10];
    static const char *const targets[] = {
        "tenant_id", "tenant_id", "person_id", "scopes",         "exp",
        "exp",       "uti",       "roles",     "application_id", "actor_id"};

    assert_int_equal(exportd_vouch(f->client, &good, &f->error), EXPORTD_OK);
    for (size_t i = 0; i < 10; i++) {
        rows[i] = good;
    }
    rows[0].tenant_id = NULL;
    rows[1].tenant_id = "common";
    rows[2].person_id = NULL;
    rows[3].scopes = NULL;
    rows[4].expires = 0;
    rows[5].expires = INT64_MAX;
    rows[6].token_id = "a b";
    rows[7].roles = bad_roles;
    rows[8].application_id = "portal";
    rows[9].actor_id = "somebody";
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(exportd_vouch(f->client, &rows[i], &f->error), EXPORTD_ERROR_ARGUMENT);
        assert_string_equal(f->error.target, targets[i]);
        prepare(f);
        assert_true(f->sent.has_claims && f->sent.claims.has_azp);
    }
    assert_int_equal(exportd_vouch(NULL, &good, &f->error), EXPORTD_ERROR_ARGUMENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(claims_go_instead_of_the_token),
        TEST(the_next_claims_take_their_place_and_none_bring_the_token_back),
        TEST(what_the_service_would_refuse_is_told_at_once_and_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
