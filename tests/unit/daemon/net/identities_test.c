// SPDX-License-Identifier: MIT
/* The table of identities, and whom it admits where. */
#include "daemon/net/admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

#define KEY_A    "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B    "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define TENANT_A "7e4a4700-0000-4000-8000-000000000001"
#define TENANT_B "7e4a4700-0000-4000-8000-000000000002"

static char directory[TEMPORARY_BUFFER];

static int set_up(void **state)
{
    (void)state;
    return temporary_make(directory);
}

static int tear_down(void **state)
{
    (void)state;
    return temporary_remove(directory);
}

static void put(const char *file, const char *metadata, const char *key)
{
    char text[1024];

    snprintf(text, sizeof text, "metadata\n%scurve\n    public-key = \"%s\"\n", metadata, key);
    assert_int_equal(temporary_write(directory, file, text, strlen(text)), 0);
}

static struct identities *load(void)
{
    struct identities *identities = NULL;
    char message[IDENTITIES_MESSAGE_BYTES] = "";

    if (identities_load(&identities, directory, message)) {
        fail_msg("%s", message);
    }
    return identities;
}

static void expect_refusal(const char *says)
{
    struct identities *identities = NULL;
    char message[IDENTITIES_MESSAGE_BYTES] = "";

    assert_int_equal(identities_load(&identities, directory, message), -ERROR_CONFIGURATION);
    assert_null(identities);
    if (!strstr(message, says)) {
        fail_msg("%s", message);
    }
}

static void identities_are_found_by_key_and_by_name(void **state)
{
    struct identities *identities;
    const struct identity *identity;

    (void)state;
    put("a.key", "    name = a\n    roles = client\n", KEY_A);
    put("b.key", "    name = b\n    roles = worker\n", KEY_B);
    put("c.key_secret", "nonsense", KEY_B);
    put(".hidden.key", "nonsense", KEY_B);
    put("a.key~", "nonsense", KEY_B);
    identities = load();
    assert_int_equal(identities_count(identities), 2);
    identity = identities_by_key(identities, TEXT(KEY_B));
    assert_non_null(identity);
    assert_string_equal(identity_name(identity), "b");
    assert_ptr_equal(identities_by_name(identities, TEXT("b")), identity);
    assert_null(identities_by_name(identities, TEXT("c")));
    assert_null(identities_by_name(identities, TEXT("")));
    assert_null(identities_by_key(identities, TEXT("")));
    identities_destroy(&identities);
    identities_destroy(&identities);
}

static void a_directory_that_cannot_be_trusted_is_refused(void **state)
{
    struct identities *identities = NULL;
    char message[IDENTITIES_MESSAGE_BYTES] = "";
    char path[TEMPORARY_BUFFER + 16];

    (void)state;
    assert_int_equal(identities_load(&identities, "/nowhere/identities", message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "/nowhere/identities"));
    put("a.key", "    name = a\n    roles = client\n", KEY_A);
    assert_int_equal(chmod(directory, 0777), 0);
    expect_refusal("others than its owner");
    assert_int_equal(chmod(directory, 0755), 0);
    snprintf(path, sizeof path, "%s/a.key", directory);
    assert_int_equal(chmod(path, 0666), 0);
    expect_refusal("others than its owner");
}

static void what_is_wrong_with_an_identity_is_told(void **state)
{
    (void)state;
    put("a.key", "    name = a\n    roles = client\n", KEY_A);
    put("b.key", "    name = a\n    roles = client\n", KEY_B);
    expect_refusal("expected a name of its own");
    put("b.key", "    name = b\n    roles = client\n", KEY_A);
    expect_refusal("expected a key of its own");
    put("b.key", "    roles = client\n", KEY_B);
    expect_refusal("b.key: metadata.name: found nothing");
    put("b.key", "    name = \"two words\"\n    roles = client\n", KEY_B);
    expect_refusal("b.key: metadata.name");
    put("b.key", "    name = b\n", KEY_B);
    expect_refusal("b.key: metadata.roles: found nothing");
    put("b.key", "    name = b\n    roles = root\n", KEY_B);
    expect_refusal("b.key:3: metadata.roles");
    put("b.key", "    name = b\n    roles = worker\n    tenants = " TENANT_A "\n", KEY_B);
    expect_refusal("b.key: metadata.tenants");
    put("b.key", "    name = b\n    roles = client, operator\n    tenants = " TENANT_A "\n", KEY_B);
    expect_refusal("b.key: metadata.tenants");
    put("b.key", "    name = b\n    roles = \"client, vouches\"\n", KEY_B);
    expect_refusal("b.key:3: metadata.tenants: found nothing beside the role vouches");
    put("b.key", "    roles = vouches, operator\n    name = b\n", KEY_B);
    expect_refusal("b.key:2: metadata.tenants: found nothing beside the role vouches");
    put("b.key", "    name = b\n    roles = client\n", KEY_B "\"\n    secret-key = \"" KEY_A);
    expect_refusal("public certificate");
}

static void who_vouches_for_all_says_so(void **state)
{
    static const char *const rows[] = {"vouches", "vouches, operator", "vouches,client"};
    const struct uuid some = {{1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct identities *identities;
        char metadata[128];

        snprintf(metadata, sizeof metadata, "    name = a\n    roles = %s\n    tenants = \"any\"\n",
                 rows[i]);
        put("a.key", metadata, KEY_A);
        identities = load();
        assert_true(identity_serves_tenant(identities_each(identities, NULL), &some));
        identities_destroy(&identities);
    }
}

static struct uuid tenant(const char *text)
{
    struct uuid id;

    assert_int_equal(uuid_parse(text_of(text), &id), 0);
    return id;
}

static void every_socket_is_opened_by_its_roles_only(void **state)
{
    static const struct {
        const char *role;
        bool opens[SOCKET_COUNT];
    } rows[ROLE_COUNT] = {
        [ROLE_CLIENT] = {"client", {true, false, false, false}},
        [ROLE_VOUCHES] = {"vouches", {true, false, false, false}},
        [ROLE_WORKER] = {"worker", {false, true, true, true}},
        [ROLE_SUBSCRIBER] = {"subscriber", {false, false, false, true}},
        [ROLE_OPERATOR] = {"operator", {true, false, false, false}},
    };

    (void)state;
    for (int role = 0; role < ROLE_COUNT; role++) {
        struct identities *identities;
        struct admission admission = {0};
        const struct identity *identity;
        size_t number = SOCKET_COUNT;
        char metadata[128];
        char domain[ADMISSION_DOMAIN_BUFFER];

        snprintf(metadata, sizeof metadata, "    name = a\n    roles = %s\n    tenants = any\n",
                 rows[role].role);
        put("a.key", metadata, KEY_A);
        admission.identities = identities = load();
        for (int kind = 0; kind < SOCKET_COUNT; kind++) {
            admission_domain((enum socket_kind)kind, NULL, domain);
            assert_int_equal(
                admission_check(&admission, text_of(domain), TEXT(KEY_A), &identity, &number),
                rows[role].opens[kind] ? 0 : -ERROR_IDENTITY_ROLE);
            assert_true(!rows[role].opens[kind] || number == (size_t)kind);
            assert_int_equal(
                admission_check(&admission, text_of(domain), TEXT(KEY_B), &identity, &number),
                -ERROR_IDENTITY_UNKNOWN);
        }
        assert_int_equal(admission_check(&admission, TEXT(""), TEXT(KEY_A), &identity, &number),
                         -ERROR_IDENTITY_ROLE);
        identities_destroy(&identities);
    }
}

static void a_subscriber_of_some_tenants_hears_only_feeds_of_theirs_that_name_him(void **state)
{
    const struct uuid one[] = {tenant(TENANT_A)};
    const struct uuid two[] = {tenant(TENANT_A), tenant(TENANT_B)};
    const struct text names[] = {TEXT("a")};
    const struct text others[] = {TEXT("aa"), TEXT("A")};
    const struct feed feeds[] = {
        {.name = TEXT("one"),
         .tenants = one,
         .tenant_count = 1,
         .identities = names,
         .identity_count = 1},
        {.name = TEXT("on"),
         .tenants = one,
         .tenant_count = 1,
         .identities = others,
         .identity_count = 2},
        {.name = TEXT("two"),
         .tenants = two,
         .tenant_count = 2,
         .identities = names,
         .identity_count = 1},
    };
    static const struct {
        const char *domain;
        int rc;
    } rows[] = {
        {"status", -ERROR_IDENTITY_ROLE},   {"feed/one", 0},
        {"feed/on", -ERROR_IDENTITY_ROLE},  {"feed/two", -ERROR_IDENTITY_ROLE},
        {"feed/", -ERROR_IDENTITY_ROLE},    {"feed/onee", -ERROR_IDENTITY_ROLE},
        {"feed/ONE", -ERROR_IDENTITY_ROLE}, {"one", -ERROR_IDENTITY_ROLE},
    };
    struct identities *identities;
    const struct identity *identity;
    struct admission admission = {.feeds = feeds, .feed_count = 3};
    size_t number = 0;

    (void)state;
    put("a.key", "    name = a\n    roles = subscriber\n    tenants = " TENANT_A "\n", KEY_A);
    admission.identities = identities = load();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (admission_check(&admission, text_of(rows[i].domain), TEXT(KEY_A), &identity, &number) !=
            rows[i].rc) {
            fail_msg("%s", rows[i].domain);
        }
    }
    assert_int_equal(number, SOCKET_COUNT); /* the first feed */
    identity = identities_by_name(identities, TEXT("a"));
    assert_true(identity_serves_tenant(identity, &two[0]));
    assert_false(identity_serves_tenant(identity, &two[1]));
    identities_destroy(&identities);

    put("a.key", "    name = a\n    roles = client,worker\n", KEY_A);
    admission.identities = identities = load();
    assert_int_equal(admission_check(&admission, TEXT("feed/one"), TEXT(KEY_A), &identity, &number),
                     -ERROR_IDENTITY_ROLE);
    identity = identities_by_name(identities, TEXT("a"));
    assert_true(identity_serves_tenant(identity, &two[1]));
    identities_destroy(&identities);
}

static void identities_are_equal_when_nothing_of_them_differs(void **state)
{
    static const char *const metadata[] = {
        "    name = a\n    roles = client\n    tenants = " TENANT_A "," TENANT_B "\n",
        "    name = a\n    roles = client\n    tenants = " TENANT_A "\n",
        "    name = a\n    roles = client\n",
        "    name = a\n    roles = client,operator\n",
        "    name = aa\n    roles = client\n",
    };
    struct identities *tables[5];
    struct identities *same;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        put("a.key", metadata[i], KEY_A);
        tables[i] = load();
    }
    put("a.key", "    name = a\n    roles = client\n    tenants = " TENANT_B "," TENANT_A "\n",
        KEY_A);
    same = load();
    assert_true(identity_is_same(identities_each(same, NULL), identities_each(tables[0], NULL)));
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            assert_int_equal(identity_is_same(identities_each(tables[i], NULL),
                                              identities_each(tables[j], NULL)),
                             i == j);
        }
    }
    put("a.key", metadata[2], KEY_B);
    identities_destroy(&same);
    same = load();
    assert_false(identity_is_same(identities_each(same, NULL), identities_each(tables[2], NULL)));
    identities_destroy(&same);
    for (size_t i = 0; i < 5; i++) {
        identities_destroy(&tables[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identities_are_found_by_key_and_by_name),
        TEST(a_directory_that_cannot_be_trusted_is_refused),
        TEST(what_is_wrong_with_an_identity_is_told),
        TEST(who_vouches_for_all_says_so),
        TEST(every_socket_is_opened_by_its_roles_only),
        TEST(a_subscriber_of_some_tenants_hears_only_feeds_of_theirs_that_name_him),
        TEST(identities_are_equal_when_nothing_of_them_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
