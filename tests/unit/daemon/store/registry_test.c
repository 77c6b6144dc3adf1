// SPDX-License-Identifier: MIT
#include "daemon/store/registry.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

#define PROFILE                                                                                    \
    "SELECT user_id, upn, name, home FROM people"                                                  \
    " WHERE tenant = :tenant_id AND user_id = :user_id"
#define LIST                                                                                       \
    "SELECT user_id, upn, name, home FROM people"                                                  \
    " WHERE tenant = :tenant_id AND user_id > :after ORDER BY user_id LIMIT :limit"

#define PEOPLE                                                                                     \
    "WITH t(value) AS (VALUES(1), (2)), u(value) AS (SELECT 1 UNION ALL"                           \
    " SELECT value + 1 FROM u WHERE value < 9) INSERT INTO people SELECT"                          \
    " printf('00000000-0000-0000-0000-0000000000%02x', t.value),"                                  \
    " printf('00000000-0000-0000-0000-0000000000%02x', u.value),"                                  \
    " printf('u%d@t%d.example.org', u.value, t.value), 'Name ' || u.value,"                        \
    " '00000000-0000-0000-0000-0000000000ff' FROM t, u"

struct fixture {
    char root[TEMPORARY_BUFFER];
    char path[TEMPORARY_BUFFER + 16];
    char message[REGISTRY_MESSAGE_BYTES];
    struct registry *registry;
    struct registry_options options;
};

static struct uuid uuid_of(uint8_t number)
{
    struct uuid uuid;

    memset(uuid.bytes, 0, sizeof uuid.bytes);
    uuid.bytes[15] = number;
    return uuid;
}

static int change(struct fixture *fixture, const char *sql)
{
    sqlite3 *database = NULL;
    int rc = sqlite3_open(fixture->path, &database);

    if (fixture->registry) {
        registry_rest(fixture->registry); /* as the daemon does at the end of each turn */
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(database, sql, NULL, NULL, NULL);
    }
    sqlite3_close(database);
    return rc;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (!fixture || temporary_make(fixture->root)) {
        free(fixture);
        return -1;
    }
    snprintf(fixture->path, sizeof fixture->path, "%s/people.db", fixture->root);
    fixture->options = (struct registry_options){.database = fixture->path,
                                                 .profile_statement = TEXT(PROFILE),
                                                 .list_statement = TEXT(LIST),
                                                 .busy_timeout_ms = 10};
    *state = fixture;
    return change(fixture, "CREATE TABLE people(tenant TEXT, user_id TEXT, upn TEXT, name TEXT, "
                           "home TEXT);" PEOPLE) == SQLITE_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    int rc;

    registry_close(&fixture->registry);
    rc = temporary_remove(fixture->root);
    free(fixture);
    return rc;
}

static void must_open(struct fixture *fixture)
{
    if (registry_open(&fixture->registry, &fixture->options, fixture->message)) {
        fail_msg("%s", fixture->message);
    }
}

static void a_profile_is_found_within_its_tenant_only(void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid other = uuid_of(3);
    struct uuid user = uuid_of(4);
    struct profile profile;

    must_open(fixture);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), 0);
    assert_true(text_equal(profile.user_principal_name, TEXT("u4@t1.example.org")));
    assert_true(text_equal(profile.display_name, TEXT("Name 4")));
    assert_true(uuid_equal(&profile.user_id, &user));
    assert_int_equal(profile.home_tenant_id.bytes[15], 0xff);
    assert_int_equal(registry_find(fixture->registry, &other, &user, &profile), -ERROR_NOT_FOUND);
    user = uuid_of(10);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), -ERROR_NOT_FOUND);
}

static void a_remembered_profile_is_forgotten_when_the_operator_writes_or_a_second_is_over(
    void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid other = uuid_of(2);
    struct uuid user = uuid_of(4);
    struct uuid nobody = uuid_of(10);
    struct mono now = {5000};

    must_open(fixture);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(registry_has(fixture->registry, &tenant, &user, now), 0);
            assert_int_equal(registry_has(fixture->registry, &other, &user, now), 0);
            assert_int_equal(registry_has(fixture->registry, &tenant, &nobody, now),
                             -ERROR_NOT_FOUND);
        }
        registry_rest(fixture->registry);
    }
    assert_int_equal(change(fixture, "DELETE FROM people WHERE tenant LIKE '%1'"), SQLITE_OK);
    now.ms++;
    assert_int_equal(registry_has(fixture->registry, &tenant, &user, now), -ERROR_NOT_FOUND);
    assert_int_equal(registry_has(fixture->registry, &other, &user, now), 0);

    registry_close(&fixture->registry);
    fixture->options.profile_statement =
        TEXT("SELECT user_id, upn, name, home FROM people WHERE tenant = :tenant_id"
             " AND user_id = :user_id AND random() % 2 = 0");
    must_open(fixture);
    for (int i = 0; i < 100; i++) {
        now.ms += 1000;
        registry_rest(fixture->registry);
        if (registry_has(fixture->registry, &other, &user, now)) {
            return; /* asked again */
        }
    }
    fail_msg("an old verdict is still given");
}

static void the_operator_can_write_once_the_turn_has_read(void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(4);
    struct profile profile;

    must_open(fixture);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), 0);
    assert_int_equal(change(fixture, "UPDATE people SET name = 'Another'"), SQLITE_OK);
    assert_true(text_equal(profile.display_name, TEXT("Name 4"))); /* still borrowed */
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), 0);
    assert_true(text_equal(profile.display_name, TEXT("Another")));
}

struct seen {
    uint8_t ids[16];
    size_t count;
    int answer;
};

static int see(void *argument, const struct profile *profile)
{
    struct seen *seen = argument;

    seen->ids[seen->count++] = profile->user_id.bytes[15];
    return seen->count == 3 ? seen->answer : 0;
}

static void a_list_goes_on_after_an_id_and_ends_at_the_limit_or_the_visitor(void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(2);
    struct uuid after = uuid_of(4);
    struct seen seen = {.answer = 0};

    must_open(fixture);
    assert_int_equal(registry_list(fixture->registry, &tenant, NULL, 100, see, &seen), 0);
    assert_int_equal(seen.count, 9);
    seen = (struct seen){.answer = 0};
    assert_int_equal(registry_list(fixture->registry, &tenant, &after, 2, see, &seen), 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.ids[0], 5);
    assert_int_equal(seen.ids[1], 6);
    seen = (struct seen){.answer = 1};
    assert_int_equal(registry_list(fixture->registry, &tenant, NULL, 100, see, &seen), 0);
    assert_int_equal(seen.count, 3);
    seen = (struct seen){.answer = -ERROR_MEMORY};
    assert_int_equal(registry_list(fixture->registry, &tenant, NULL, 100, see, &seen),
                     -ERROR_MEMORY);
    assert_int_equal(change(fixture, "DELETE FROM people"), SQLITE_OK);
}

static void a_row_that_is_no_profile_is_an_error_and_not_shown(void **state)
{
    static const char *const changes[] = {
        "UPDATE people SET user_id = 'nobody', home = '' WHERE user_id LIKE '%4'",
        "UPDATE people SET home = 'x' WHERE user_id LIKE '%4'",
        "UPDATE people SET home = NULL WHERE user_id LIKE '%4'",
        "UPDATE people SET name = CAST(x'ff00ff' AS TEXT) WHERE user_id LIKE '%4'",
        "UPDATE people SET upn = printf('%.*c', 321, 'x') WHERE user_id LIKE '%4'",
    };
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(4);
    struct profile profile;

    must_open(fixture);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct seen seen = {.answer = 0};

        assert_int_equal(change(fixture, changes[i]), SQLITE_OK);
        assert_int_equal(registry_list(fixture->registry, &tenant, NULL, 100, see, &seen),
                         -ERROR_REGISTRY);
        assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile),
                         i == 0 ? -ERROR_NOT_FOUND : -ERROR_REGISTRY);
        assert_true(i == 0 || registry_message(fixture->registry)[0]);
        assert_null(strstr(registry_message(fixture->registry), "example.org"));
        assert_int_equal(change(fixture, "DELETE FROM people;" PEOPLE), SQLITE_OK);
    }
}

static void a_statement_that_answers_for_another_user_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(9);
    struct profile profile;

    fixture->options.profile_statement =
        TEXT("SELECT user_id, upn, name, home FROM people WHERE tenant = :tenant_id"
             " AND user_id <= :user_id ORDER BY user_id LIMIT 1");
    must_open(fixture);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), -ERROR_REGISTRY);
}

static void a_registry_that_is_locked_or_gone_says_try_again(void **state)
{
    struct fixture *fixture = *state;
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(4);
    struct seen seen = {.answer = 0};
    struct profile profile;
    sqlite3 *writer = NULL;

    must_open(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), -ERROR_REGISTRY);
    assert_int_equal(registry_list(fixture->registry, &tenant, NULL, 9, see, &seen),
                     -ERROR_REGISTRY);
    assert_int_equal(sqlite3_exec(writer, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(writer);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), 0);
    assert_int_equal(change(fixture, "DROP TABLE people"), SQLITE_OK);
    assert_int_equal(registry_find(fixture->registry, &tenant, &user, &profile), -ERROR_REGISTRY);
}

static void a_statement_that_is_not_one_select_of_a_profile_is_refused(void **state)
{
    static const struct {
        const char *sql;
        const char *why;
    } rows[] = {
        {"", "not a SELECT"},
        {"-- nothing", "not a SELECT"},
        {"SELEC", "syntax error"},
        {PROFILE "; DELETE FROM people", "more than one"},
        {"DELETE FROM people WHERE tenant = :tenant_id AND user_id = :user_id", "not a SELECT"},
        {"DELETE FROM people WHERE tenant = :tenant_id AND user_id = :user_id"
         " RETURNING user_id, upn, name, home",
         "not a SELECT"},
        {"EXPLAIN QUERY PLAN " PROFILE, "not a SELECT"},
        {"SELECT user_id FROM people WHERE tenant = :tenant_id AND user_id = :user_id", "four"},
        {"SELECT user_id, upn, name, home FROM people WHERE user_id = :user_id", "parameters"},
        {"SELECT a, b, c, d FROM nowhere", "no such table"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture->options.profile_statement = text_of(rows[i].sql);
        assert_int_equal(registry_open(&fixture->registry, &fixture->options, fixture->message),
                         -ERROR_CONFIGURATION);
        assert_null(fixture->registry);
        assert_non_null(strstr(fixture->message, "registry.profile_statement"));
        if (!strstr(fixture->message, rows[i].why)) {
            fail_msg("%s: %s", rows[i].sql, fixture->message);
        }
    }
    fixture->options.profile_statement = TEXT(PROFILE " ; \n");
    fixture->options.list_statement = TEXT("SELECT 1, 2, 3, 4");
    assert_int_equal(registry_open(&fixture->registry, &fixture->options, fixture->message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(fixture->message, "registry.list_statement"));
    fixture->options.database = "/dev/null/people.db";
    assert_int_equal(registry_open(&fixture->registry, &fixture->options, fixture->message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(fixture->message, "registry.database"));
}

static int find_user(struct fixture *fixture, uint8_t number)
{
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(number);
    struct profile profile;

    registry_rest(fixture->registry);
    return registry_find(fixture->registry, &tenant, &user, &profile);
}

static int has_user(struct fixture *fixture, uint8_t number, struct mono now)
{
    struct uuid tenant = uuid_of(1);
    struct uuid user = uuid_of(number);

    registry_rest(fixture->registry);
    return registry_has(fixture->registry, &tenant, &user, now);
}

/* As somebody does who makes the database anew and moves it there. */
static void another_file_in_its_place_is_read_from_the_next_turn_on(void **state)
{
    struct fixture *fixture = *state;
    char away[sizeof fixture->path + 8];

    must_open(fixture);
    assert_int_equal(has_user(fixture, 1, (struct mono){5000}), 0);
    snprintf(away, sizeof away, "%s.away", fixture->path);
    assert_int_equal(rename(fixture->path, away), 0);
    assert_int_equal(find_user(fixture, 1), -ERROR_REGISTRY);
    assert_non_null(strstr(registry_message(fixture->registry), "No such file"));
    assert_int_equal(change(fixture, "CREATE TABLE other(tenant TEXT)"), SQLITE_OK);
    assert_int_equal(find_user(fixture, 1), -ERROR_REGISTRY);
    assert_non_null(strstr(registry_message(fixture->registry), "no such table"));
    assert_int_equal(remove(fixture->path), 0);
    assert_int_equal(change(fixture, "CREATE TABLE people(tenant TEXT, user_id TEXT, upn TEXT, "
                                     "name TEXT, home TEXT);" PEOPLE
                                     "; DELETE FROM people WHERE upn LIKE 'u1@%'"),
                     SQLITE_OK);
    assert_int_equal(has_user(fixture, 1, (struct mono){5001}), -ERROR_NOT_FOUND);
    assert_int_equal(find_user(fixture, 2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_profile_is_found_within_its_tenant_only),
        TEST(a_remembered_profile_is_forgotten_when_the_operator_writes_or_a_second_is_over),
        TEST(the_operator_can_write_once_the_turn_has_read),
        TEST(another_file_in_its_place_is_read_from_the_next_turn_on),
        TEST(a_list_goes_on_after_an_id_and_ends_at_the_limit_or_the_visitor),
        TEST(a_row_that_is_no_profile_is_an_error_and_not_shown),
        TEST(a_statement_that_answers_for_another_user_is_not_believed),
        TEST(a_registry_that_is_locked_or_gone_says_try_again),
        TEST(a_statement_that_is_not_one_select_of_a_profile_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
