// SPDX-License-Identifier: MIT
/* Somebody else changed the database: it is reported and named, never guessed around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"
#include "tests/unit/daemon/store/sample.h"

#define SECOND "00000000-0000-0000-0000-000000000002"
#define WHERE  " WHERE id = x'00000000000000000000000000000002'"

static int ignore(void *argument, enum event_kind kind, const struct record *record,
                  struct text result)
{
    (void)argument;
    (void)kind;
    (void)record;
    (void)result;
    return 0;
}

static void damage(struct sample *sample, const char *sql)
{
    sample_put(sample, 300);
    assert_int_equal(store_commit(sample->store), 0);
    sample_close(sample);
    sample_sql(sample, sql);
}

static void assert_refused(struct sample *sample, const char *named)
{
    struct store *store = NULL;

    sample->message[0] = '\0';
    assert_int_equal(store_open(&store, &sample->options, sample->message), -ERROR_DAMAGED);
    assert_null(store);
    if (!strstr(sample->message, named)) {
        fail_msg("\"%s\" does not name %s", sample->message, named);
    }
}

/* Every way to that operation says that it is damaged and which it is. */
static void assert_operation_is_damaged(struct sample *sample)
{
    struct store_query query = {.tenant_id = sample_tenant(1)};
    struct uuid id = number_uuid(2);
    struct record record;
    struct uuid last;
    bool has_more;

    sample_open(sample);
    assert_int_equal(store_get(sample->store, &id, &record, NULL), -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), SECOND));
    assert_int_equal(store_list(sample->store, &query, 1000, ignore, NULL, &last, &has_more),
                     -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), SECOND));
    id = number_uuid(1);
    assert_int_equal(store_get(sample->store, &id, &record, NULL), 0); /* the others are well */
}

static void a_damaged_operation_is_named(void **state)
{
    static const char *const changes[] = {
        "UPDATE operations SET stage = 'nonsense'" WHERE,
        "UPDATE operations SET status = ''" WHERE,
        "UPDATE operations SET user_id = x'0011'" WHERE,
        "UPDATE operations SET requested_by = x''" WHERE,
        "UPDATE operations SET key_digest = x'01'" WHERE,
        "UPDATE operations SET failure = 'none'" WHERE,
        "UPDATE operations SET revision = 0" WHERE,
        "UPDATE operations SET sequence = -3" WHERE,
    };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct sample *sample;

        if (i > 0) {
            assert_int_equal(sample_tear_down(state), 0);
            assert_int_equal(sample_set_up(state), 0);
        }
        sample = *state;
        damage(sample, changes[i]);
        assert_operation_is_damaged(sample);
    }
}

static void a_damaged_operation_in_the_queue_is_named(void **state)
{
    struct sample *sample = *state;
    struct uuid tenant = sample_tenant(1);
    struct wall earliest;

    damage(sample, "UPDATE operations SET stage = 'queued', user_id = x'00'" WHERE);
    sample_open(sample);
    assert_int_equal(store_queued(sample->store, &tenant, 10, ignore, NULL), -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), SECOND));
    sample_close(sample);
    sample_sql(sample, "UPDATE operations SET stage = 'gathering'" WHERE);
    sample_open(sample);
    assert_int_equal(store_gathering(sample->store, ignore, NULL), -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), SECOND));
    sample_close(sample);
    sample_sql(sample, "UPDATE operations SET stage = 'retryWait', ready_ms = 0" WHERE);
    sample_open(sample);
    assert_int_equal(store_retries(sample->store, (struct wall){1}, (struct wall){INT64_MAX}, 10,
                                   ignore, NULL, &earliest),
                     -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), SECOND));
}

static void assert_event_is_damaged(struct sample *sample, const char *named)
{
    struct uuid tenant = sample_tenant(0);
    int64_t examined;

    sample_open(sample);
    assert_int_equal(store_events(sample->store, 0, &tenant, NULL, 1000, ignore, NULL, &examined),
                     -ERROR_DAMAGED);
    assert_non_null(strstr(store_message(sample->store), named));
    assert_true(examined <= 49);
    assert_int_equal(store_events(sample->store, 60, &tenant, NULL, 1000, ignore, NULL, &examined),
                     0);
    assert_int_equal(examined, sample->event_count);
}

static void a_gap_in_the_log_is_named(void **state)
{
    damage(*state, "DELETE FROM events WHERE sequence = 50");
    assert_event_is_damaged(*state, "event 50 ");
}

static void a_damaged_event_is_named(void **state)
{
    damage(*state, "UPDATE events SET kind = 'happened' WHERE sequence = 50");
    assert_event_is_damaged(*state, "event 50 ");
}

static void damage_in_what_must_be_replayed_stops_the_start(void **state)
{
    struct sample *sample = *state;

    damage(sample, "UPDATE events SET stage = 'nonsense' WHERE sequence = 290;"
                   "UPDATE meta SET value = 280 WHERE name = 'view_sequence'");
    assert_refused(sample, "event 290 ");
    sample_sql(sample, "DELETE FROM events WHERE sequence = 285");
    assert_refused(sample, "event 285 ");
}

static void a_log_that_lost_its_end_stops_the_start(void **state)
{
    damage(*state, "DELETE FROM events WHERE sequence > 297");
    assert_refused(*state, "event 300 ");
}

static void lost_counts_of_starts_stop_the_start(void **state)
{
    damage(*state, "DELETE FROM meta WHERE name = 'start_count'");
    assert_refused(*state, "count of starts");
}

static void damaged_counts_stop_the_start(void **state)
{
    damage(*state, "UPDATE counts SET tenant_id = x'01' WHERE tenant_id ="
                   " (SELECT min(tenant_id) FROM counts) AND stage = 'queued'");
    assert_refused(*state, "counts");
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
    damage(*state, "PRAGMA user_version = 7");
    assert_refused(*state, "format 7");
    sample_sql(*state, "PRAGMA user_version = 6");
    sample_open(*state);
    sample_compare(*state);
}

#define DROP_COLUMNS_OF_6(table) "ALTER TABLE " table " DROP COLUMN acted_by;"
#define DROP_COLUMNS_OF_5(table)                                                                   \
    DROP_COLUMNS_OF_6(table) "ALTER TABLE " table " DROP COLUMN worker;"
#define DROP_COLUMNS_OF_4(table)                                                                   \
    DROP_COLUMNS_OF_5(table)                                                                       \
    "ALTER TABLE " table " DROP COLUMN approval;"                                                  \
    "ALTER TABLE " table " DROP COLUMN decided_by;"                                                \
    "ALTER TABLE " table " DROP COLUMN decided_ms;"
#define DROP_COLUMNS_OF_3(table)                                                                   \
    DROP_COLUMNS_OF_4(table) "ALTER TABLE " table " DROP COLUMN accepted_sequence;"
#define DROP_COLUMNS(table)                                                                        \
    "ALTER TABLE " table " DROP COLUMN failed_attempts;"                                           \
    "ALTER TABLE " table " DROP COLUMN lost_attempts;"                                             \
    "ALTER TABLE " table " DROP COLUMN overdue_ms;"                                                \
    "ALTER TABLE " table " DROP COLUMN retry_of;"                                                  \
    "ALTER TABLE " table " DROP COLUMN cancelled_by;"

/* What the log has of the chain, and the numbers of the accepted events, as if they had always been
 * there. */
static void assert_is_chained(struct sample *sample)
{
    uint8_t expected[CHAIN_HASH_BYTES];
    struct uuid tenant = sample_tenant(0);
    int64_t examined = 0;

    assert_int_equal(store_events(sample->store, 0, &tenant, NULL, 10000, ignore, NULL, &examined),
                     0);
    assert_int_equal(examined, sample->event_count);
    assert_int_equal(store_hash(sample->store, sample->event_count, expected), 0);
}

static void assert_keeps_its_chain(struct sample *sample, const char *older)
{
    uint8_t before[CHAIN_HASH_BYTES];
    uint8_t after[CHAIN_HASH_BYTES];

    sample->is_automatic = true;
    sample_put(sample, 100);
    assert_int_equal(store_hash(sample->store, 100, before), 0);
    damage(sample, older);
    sample_open(sample);
    sample_compare(sample);
    assert_is_chained(sample);
    assert_int_equal(store_hash(sample->store, 100, after), 0);
    assert_memory_equal(before, after, sizeof after);
    sample->is_automatic = false;
    sample_put(sample, 50);
    sample_close(sample);
    sample_open(sample);
    sample_compare(sample);
    assert_is_chained(sample);
}

static void a_store_of_format_5_keeps_its_chain(void **state)
{
    assert_keeps_its_chain(*state, DROP_COLUMNS_OF_6("events")
                                       DROP_COLUMNS_OF_6("operations") "PRAGMA user_version = 5;");
}

static void a_store_of_format_4_keeps_its_chain(void **state)
{
    assert_keeps_its_chain(*state, DROP_COLUMNS_OF_5("events")
                                       DROP_COLUMNS_OF_5("operations") "PRAGMA user_version = 4;");
}

static void a_store_of_format_3_keeps_its_chain(void **state)
{
    assert_keeps_its_chain(*state, "DROP TABLE reasons;" DROP_COLUMNS_OF_4("events")
                                       DROP_COLUMNS_OF_4("operations") "PRAGMA user_version = 3;");
}

static void a_store_of_format_2_is_chained(void **state)
{
    assert_keeps_its_chain(*state,
                           "DELETE FROM meta WHERE name = 'chained_from';"
                           "ALTER TABLE events DROP COLUMN hash;" DROP_COLUMNS_OF_3("events")
                               DROP_COLUMNS_OF_3("operations") "PRAGMA user_version = 2;");
}

static void damage_in_a_store_of_format_2_is_named(void **state)
{
    damage(*state, "DELETE FROM events WHERE sequence = 120;"
                   "ALTER TABLE events DROP COLUMN hash;" DROP_COLUMNS_OF_3("events")
                       DROP_COLUMNS_OF_3("operations") "PRAGMA user_version = 2;");
    assert_refused(*state, "event 120 ");
}

static void a_changed_number_in_an_event_is_named(void **state)
{
    damage(*state, "UPDATE events SET due_ms = due_ms + 1 WHERE sequence = 50");
    assert_event_is_damaged(*state, "event 50 ");
}

static void a_changed_newest_event_stops_the_start(void **state)
{
    damage(*state, "UPDATE events SET due_ms = due_ms + 1 WHERE sequence = 300");
    assert_refused(*state, "event 300 ");
}

static void a_changed_newest_hash_stops_the_start(void **state)
{
    damage(*state, "UPDATE events SET hash = zeroblob(32) WHERE sequence = 300");
    assert_refused(*state, "event 300 ");
    sample_sql(*state, "UPDATE events SET hash = NULL WHERE sequence = 300");
    assert_refused(*state, "event 300 ");
    sample_sql(*state, "UPDATE events SET hash = NULL WHERE sequence = 299");
    assert_refused(*state, "event 299 ");
}

/* Format 1 had neither the columns nor the table nor the indexes that are taken away here. */
static void a_store_of_format_1_is_brought_to_this_one(void **state)
{
    struct sample *sample = *state;

    sample->is_automatic = true;
    damage(sample, "DROP INDEX operations_due; DROP INDEX operations_overdue; DROP TABLE pauses;"
                   "DELETE FROM counts WHERE stage = 'overdue';"
                   "ALTER TABLE events DROP COLUMN hash;" DROP_COLUMNS_OF_3("events")
                       DROP_COLUMNS_OF_3("operations") DROP_COLUMNS("events")
                           DROP_COLUMNS("operations") "PRAGMA user_version = 1;");
    for (int64_t i = 0; i < sample->event_count; i++) {
        struct record *record = &sample->events[i].record;

        record->failed_attempts = record->lost_attempts = 0;
        record->overdue.ms = 0;
        record->has_retry_of = record->has_cancelled_by = false;
        record->retry_of = record->cancelled_by = (struct uuid){0};
    }
    sample_open(sample);
    sample_compare(sample);
    assert_is_chained(sample);
    sample_put(sample, 50);
    sample_close(sample);
    sample_open(sample);
    sample_compare(sample);
    assert_is_chained(sample);
}

static int count_pause(void *argument, const struct store_pause *pause)
{
    struct store_pause *last = argument;

    last->since.ms += pause->since.ms;
    last->tenant_id = pause->tenant_id;
    return 0;
}

static void pauses_are_kept_over_restarts_until_they_are_ended(void **state)
{
    struct sample *sample = *state;
    struct store_pause pause = {.tenant_id = sample_tenant(1), .since = {5}};
    struct store_pause everybody = {.since = {70}};
    struct store_pause seen = {0};

    assert_int_equal(store_pause(sample->store, &pause), 0);
    assert_int_equal(store_pause(sample->store, &everybody), 0);
    pause.since.ms = 1000; /* a second time: the first stands */
    assert_int_equal(store_pause(sample->store, &pause), 0);
    sample_close(sample);
    sample_open(sample);
    assert_int_equal(store_pauses(sample->store, count_pause, &seen), 0);
    assert_int_equal(seen.since.ms, 75);
    assert_int_equal(store_resume(sample->store, &everybody.tenant_id), 0);
    assert_int_equal(store_resume(sample->store, &everybody.tenant_id), 0);
    sample_close(sample);
    sample_open(sample);
    seen.since.ms = 0;
    assert_int_equal(store_pauses(sample->store, count_pause, &seen), 0);
    assert_int_equal(seen.since.ms, 5);
    assert_memory_equal(&seen.tenant_id, &pause.tenant_id, UUID_BYTES);
    sample_close(sample);
    sample_sql(sample, "UPDATE pauses SET paused_by = x'00'");
    sample_open(sample);
    assert_int_equal(store_pauses(sample->store, count_pause, &seen), -ERROR_DAMAGED);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    static const char junk[4096] = "this is not a database, it only has its name";
    struct sample *sample = *state;

    sample_close(sample);
    assert_int_equal(temporary_remove(sample->directory), 0);
    assert_int_equal(temporary_directories(sample->directory), 0);
    assert_int_equal(temporary_write(sample->directory, "store.db", junk, sizeof junk), 0);
    assert_refused(sample, "not a database");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_operation_is_named),
        TEST(a_damaged_operation_in_the_queue_is_named),
        TEST(a_gap_in_the_log_is_named),
        TEST(a_damaged_event_is_named),
        TEST(damage_in_what_must_be_replayed_stops_the_start),
        TEST(a_log_that_lost_its_end_stops_the_start),
        TEST(lost_counts_of_starts_stop_the_start),
        TEST(damaged_counts_stop_the_start),
        TEST(a_store_of_a_newer_version_is_refused),
        TEST(a_store_of_format_5_keeps_its_chain),
        TEST(a_store_of_format_4_keeps_its_chain),
        TEST(a_store_of_format_3_keeps_its_chain),
        TEST(a_store_of_format_2_is_chained),
        TEST(damage_in_a_store_of_format_2_is_named),
        TEST(a_changed_number_in_an_event_is_named),
        TEST(a_changed_newest_event_stops_the_start),
        TEST(a_changed_newest_hash_stops_the_start),
        TEST(a_store_of_format_1_is_brought_to_this_one),
        TEST(pauses_are_kept_over_restarts_until_they_are_ended),
        TEST(a_file_that_is_no_database_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
