// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/library/roster.h"

static struct exportd_event event_of(int64_t revision, int64_t attempt, double progress)
{
    return (struct exportd_event){
        .revision = revision, .sequence = revision * 10, .attempt = attempt, .progress = progress};
}

static enum roster_verdict hear(struct roster_entry *entry, int64_t revision, int64_t attempt,
                                double progress)
{
    struct exportd_event event = event_of(revision, attempt, progress);

    return roster_hear(entry, &event);
}

static void each_change_is_shown_once(void **state)
{
    struct roster_entry entry = {0};

    (void)state;
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_DROP);
    assert_int_equal(hear(&entry, 2, 1, 0), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_DROP);
    assert_int_equal(hear(&entry, 2, 1, 0), ROSTER_DROP);
}

static void ticks_are_shown_only_forward(void **state)
{
    struct roster_entry entry = {0};

    (void)state;
    assert_int_equal(hear(&entry, 2, 1, 0), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 2, 1, 10), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 2, 1, 5), ROSTER_DROP);
    assert_int_equal(hear(&entry, 2, 1, 10), ROSTER_DROP);
    assert_int_equal(hear(&entry, 2, 1, 11), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 3, 1, 0), ROSTER_SHOW); /* a new change may go back */
    assert_int_equal(hear(&entry, 2, 1, 99), ROSTER_DROP);
}

static void a_change_within_an_attempt_keeps_its_progress(void **state)
{
    struct roster_entry entry = {0};
    struct exportd_event overdue = event_of(3, 1, 10);
    struct exportd_event requeued = event_of(4, 1, 0);
    struct exportd_event restarted = event_of(5, 2, 5);
    struct roster_entry requeued_missed;

    (void)state;
    overdue.status = EXPORTD_STATUS_RUNNING;
    requeued.status = EXPORTD_STATUS_NOT_STARTED;
    restarted.status = EXPORTD_STATUS_RUNNING;
    assert_int_equal(hear(&entry, 2, 1, 60), ROSTER_SHOW);
    assert_int_equal(roster_hear(&entry, &overdue), ROSTER_SHOW);
    assert_true(overdue.progress == 60 && entry.progress == 60);
    requeued_missed = entry;
    assert_int_equal(roster_hear(&entry, &requeued), ROSTER_SHOW);
    assert_true(requeued.progress == 0 && entry.progress == 0);
    assert_int_equal(roster_learn(&requeued_missed, &restarted), ROSTER_SHOW);
    assert_true(restarted.progress == 5 && requeued_missed.progress == 5);
}

static void a_skipped_revision_needs_the_events_between(void **state)
{
    struct roster_entry entry = {0};
    struct exportd_event missed = event_of(2, 1, 0);
    struct exportd_event next = event_of(3, 1, 50);

    (void)state;
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 3, 1, 50), ROSTER_SKIPPED);
    assert_int_equal(entry.need, ROSTER_NEEDS_EVENTS);
    assert_int_equal(entry.heard_revision, 3);
    assert_int_equal(entry.revision, 1);
    assert_int_equal(roster_learn(&entry, &missed), ROSTER_SHOW);
    assert_int_equal(roster_learn(&entry, &next), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 2, 1, 0), ROSTER_DROP); /* the late one */
    assert_int_equal(hear(&entry, 3, 1, 50), ROSTER_DROP);
    assert_int_equal(entry.sequence, 30);
}

static void a_tick_of_an_unseen_change_needs_the_change(void **state)
{
    struct roster_entry entry = {0};
    struct exportd_event tick = event_of(2, 1, 30);

    (void)state;
    memcpy(tick.kind, "progress", sizeof("progress"));
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_SHOW);
    assert_int_equal(roster_hear(&entry, &tick), ROSTER_SKIPPED);
    assert_int_equal(hear(&entry, 2, 1, 0), ROSTER_SHOW);
    assert_int_equal(roster_hear(&entry, &tick), ROSTER_SHOW);
}

static void a_state_that_was_read_may_skip(void **state)
{
    struct roster_entry entry = {0};
    struct exportd_event read = event_of(9, 3, 20);
    struct exportd_event older = event_of(8, 3, 90);

    (void)state;
    assert_int_equal(hear(&entry, 1, 0, 0), ROSTER_SHOW);
    assert_int_equal(roster_learn(&entry, &read), ROSTER_SHOW);
    assert_int_equal(roster_learn(&entry, &older), ROSTER_DROP);
    assert_int_equal(roster_learn(&entry, &read), ROSTER_DROP);
}

static void a_read_corrects_what_was_made_up(void **state)
{
    struct roster_entry entry = {0};
    struct exportd_event truth = event_of(2, 1, 30);

    (void)state;
    assert_int_equal(hear(&entry, 1000, 7, 99), ROSTER_SHOW);
    assert_int_equal(roster_learn(&entry, &truth), ROSTER_DROP);
    roster_correct(&entry, truth.revision);
    assert_int_equal(roster_learn(&entry, &truth), ROSTER_SHOW);
    assert_int_equal(hear(&entry, 3, 1, 0), ROSTER_SHOW);
}

static void entries_are_found_among_thousands(void **state)
{
    enum { MANY = 3000 };
    struct roster roster = {0};

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t mixed = i * 2654435761U;
        struct uuid id = {{(uint8_t)(mixed >> 24), (uint8_t)(mixed >> 16), (uint8_t)(mixed >> 8),
                           (uint8_t)mixed}};
        struct roster_entry *entry = roster_add(&roster, &id);

        assert_non_null(entry);
        entry->sequence = i;
        assert_ptr_equal(roster_add(&roster, &id), entry);
    }
    assert_int_equal(roster.count, MANY);
    for (size_t i = 1; i < MANY; i++) {
        assert_true(uuid_compare(&roster.entries[i - 1].id, &roster.entries[i].id) < 0);
    }
    while (roster.count > 0) {
        struct uuid id = roster.entries[roster.count / 2].id;

        roster_remove(&roster, roster_find(&roster, &id));
        assert_null(roster_find(&roster, &id));
    }
    roster_release(&roster);
    roster_release(&roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_shown_once),
        cmocka_unit_test(ticks_are_shown_only_forward),
        cmocka_unit_test(a_change_within_an_attempt_keeps_its_progress),
        cmocka_unit_test(a_skipped_revision_needs_the_events_between),
        cmocka_unit_test(a_tick_of_an_unseen_change_needs_the_change),
        cmocka_unit_test(a_state_that_was_read_may_skip),
        cmocka_unit_test(a_read_corrects_what_was_made_up),
        cmocka_unit_test(entries_are_found_among_thousands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
