// SPDX-License-Identifier: MIT
/* Every allocation of SQLite fails in turn: whoever is there is found, or it is said that nobody
 * could look. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/store/registry.h"
#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/support/temporary.h"

#define TENANT "00000000-0000-0000-0000-000000000001"
#define HOME   "00000000-0000-0000-0000-0000000000ff"
#define USERS  3

struct fixture {
    char root[TEMPORARY_BUFFER];
    char path[TEMPORARY_BUFFER + 16];
    struct registry *registry;
};

static struct uuid uuid_of(uint8_t number)
{
    return (struct uuid){{[15] = number}};
}

static void must_open(struct fixture *fixture, const char *encoding)
{
    static const char profile[] = "SELECT user_id, upn, name, home FROM people"
                                  " WHERE tenant = :tenant_id AND user_id = :user_id";
    static const char list[] = "SELECT user_id, upn, name, home FROM people"
                               " WHERE tenant = :tenant_id AND user_id > :after"
                               " ORDER BY user_id LIMIT :limit";
    char message[REGISTRY_MESSAGE_BYTES];
    char sql[1024];
    const struct registry_options options = {.database = fixture->path,
                                             .profile_statement = text_of(profile),
                                             .list_statement = text_of(list),
                                             .busy_timeout_ms = 10};
    sqlite3 *database = NULL;

    snprintf(fixture->path, sizeof fixture->path, "%s/people.db", fixture->root);
    snprintf(sql, sizeof sql,
             "PRAGMA encoding = '%s';"
             "CREATE TABLE people(tenant TEXT, user_id TEXT, upn TEXT, name, home TEXT);"
             "WITH u(value) AS (VALUES(1), (2), (3)) INSERT INTO people SELECT '" TENANT "',"
             " printf('00000000-0000-0000-0000-0000000000%%02x', value),"
             " printf('u%%d@example.org', value), 7000 + value, '" HOME "' FROM u",
             encoding);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    if (registry_open(&fixture->registry, &options, message)) {
        fail_msg("%s", message);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    *state = fixture;
    return fixture && temporary_make(fixture->root) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    int rc;

    memory_fault_at(0);
    registry_close(&fixture->registry);
    rc = temporary_remove(fixture->root);
    free(fixture);
    return rc;
}

static void assert_is_user(const struct profile *profile, uint8_t number)
{
    struct uuid user = uuid_of(number);
    char text[32];

    assert_true(uuid_equal(&profile->user_id, &user));
    snprintf(text, sizeof text, "u%u@example.org", (unsigned)number);
    assert_true(text_equal(profile->user_principal_name, text_of(text)));
    snprintf(text, sizeof text, "%u", 7000U + number);
    assert_true(text_equal(profile->display_name, text_of(text)));
}

/* The number of allocations that failed. */
static int fail_each_of_finding(struct registry *registry)
{
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(2);
    struct profile profile;
    int number = 0;
    int rc;

    do {
        memory_fault_at(++number);
        rc = registry_find(registry, &tenant, &user, &profile);
        if (rc) {
            assert_int_equal(rc, -ERROR_REGISTRY);
            assert_non_null(strstr(registry_message(registry), "memory"));
        } else {
            assert_is_user(&profile, 2);
        }
        registry_rest(registry);
    } while (memory_fault_struck());
    assert_int_equal(rc, 0);
    return number - 1;
}

struct seen {
    uint8_t number;
};

static int see(void *argument, const struct profile *profile)
{
    struct seen *seen = argument;

    assert_is_user(profile, ++seen->number);
    return 0;
}

static int fail_each_of_listing(struct registry *registry)
{
    struct uuid tenant = uuid_of(1);
    struct seen seen;
    int number = 0;
    int rc;

    do {
        seen.number = 0;
        memory_fault_at(++number);
        rc = registry_list(registry, &tenant, NULL, 10, see, &seen);
        if (rc) {
            assert_int_equal(rc, -ERROR_REGISTRY);
        } else {
            assert_int_equal(seen.number, USERS);
        }
        registry_rest(registry);
    } while (memory_fault_struck());
    assert_int_equal(rc, 0);
    return number - 1;
}

static void check(struct fixture *fixture, const char *encoding)
{
    must_open(fixture, encoding);
    assert_true(fail_each_of_finding(fixture->registry) > 0);
    assert_true(fail_each_of_listing(fixture->registry) > 0);
}

static void nobody_is_missing_or_without_a_name_for_want_of_memory(void **state)
{
    check(*state, "UTF-8");
}

/* Each text is converted, which takes memory. */
static void nobody_is_missing_or_without_a_name_in_a_database_in_utf_16(void **state)
{
    check(*state, "UTF-16le");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_missing_or_without_a_name_for_want_of_memory),
        TEST(nobody_is_missing_or_without_a_name_in_a_database_in_utf_16),
    };

    memory_fault_of_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
