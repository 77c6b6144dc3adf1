// SPDX-License-Identifier: MIT
/* Every allocation of SQLite fails in turn: the profile is found as it is, or it is said that
 * nobody could look, which another attempt may. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/support/temporary.h"
#include "workers/runtime/registry.h"

#define TENANT "00000000-0000-0000-0000-000000000001"
#define USER   "00000000-0000-0000-0000-000000000002"
#define NAME   "Somebody With A Name That Is Long Enough To Need An Allocation Of Its Own"

struct fixture {
    char root[TEMPORARY_BUFFER];
    char path[TEMPORARY_BUFFER + 16];
    struct registry_settings settings;
};

static struct uuid uuid_of(uint8_t number)
{
    return (struct uuid){{[15] = number}};
}

static void make_people(const struct fixture *fixture, const char *encoding)
{
    char sql[1024];
    sqlite3 *database = NULL;

    snprintf(sql, sizeof sql,
             "PRAGMA encoding = '%s';"
             "CREATE TABLE people(tenant TEXT, user_id TEXT, upn TEXT, name TEXT, home TEXT);"
             "INSERT INTO people VALUES('" TENANT "', '" USER "', 'u@example.org', '" NAME
             "', '" TENANT "'), ('" TENANT "', '" TENANT "', 'broken', 'x', 'no tenant')",
             encoding);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static int set_up(void **state)
{
    static char statement[] = "SELECT user_id, upn, name, home FROM people"
                              " WHERE tenant = :tenant_id AND user_id = :user_id";
    struct fixture *fixture = calloc(1, sizeof *fixture);

    *state = fixture;
    if (!fixture || temporary_make(fixture->root))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/people.db", fixture->root);
    fixture->settings = (struct registry_settings){fixture->path, statement, .busy_timeout_ms = 10};
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    int rc;

    memory_fault_at(0);
    rc = temporary_remove(fixture->root);
    free(fixture);
    return rc;
}

static void assert_is_whole(const struct registry_profile *profile)
{
    struct uuid home = uuid_of(1);

    assert_true(uuid_equal(&profile->home_tenant_id, &home));
    assert_string_equal(profile->user_principal_name, "u@example.org");
    assert_string_equal(profile->display_name, NAME);
}

/* verdict: what is said of this user when there is memory. */
static void fail_each(const struct fixture *fixture, uint8_t number, int verdict)
{
    const atomic_int never = 0;
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(number);
    struct registry_profile profile;
    int unread = 0;
    int allocation = 0;
    int rc;

    do {
        memory_fault_at(++allocation);
        rc = registry_find(&fixture->settings, &tenant, &user, &never, &profile);
        if (rc == -ERROR_REGISTRY)
            unread++;
        else
            assert_int_equal(rc, verdict);
        if (!rc)
            assert_is_whole(&profile);
    } while (memory_fault_struck());
    assert_int_equal(rc, verdict);
    assert_true(unread > 0);
}

static void check(const struct fixture *fixture, const char *encoding)
{
    make_people(fixture, encoding);
    fail_each(fixture, 2, 0);
    fail_each(fixture, 3, -ERROR_NOT_FOUND);
    fail_each(fixture, 1, -ERROR_DAMAGED);
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
