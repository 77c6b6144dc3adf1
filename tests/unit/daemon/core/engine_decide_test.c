// SPDX-License-Identifier: MIT
/* Operations that await approval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/daemon/core/world.h"

static void offers(struct world *world, size_t count)
{
    world_beat(world, 1, 8, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, count);
}

static void assert_decided(const struct world *world, size_t index, uint64_t by)
{
    const struct record *record = &world->stored[index];
    struct uuid person = number_uuid(by);

    assert_true(record->has_decided_by);
    assert_memory_equal(&record->decided_by, &person, sizeof person);
    assert_int_equal(record->decided.ms, world->now.wall.ms);
}

static void nothing_is_offered_before_it_is_approved(void **state)
{
    struct world *world = *state;
    size_t index = world_accept_manual(world, 1);

    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_AWAITING_APPROVAL);
    offers(world, 0);
    world_restart(world);
    offers(world, 0);
    world_decide(world, index, true, 77);
    assert_int_equal(world->last_kind, EVENT_KIND_APPROVED);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_QUEUED);
    assert_decided(world, index, 77);
    offers(world, 1);
    world_started(world, 1, &world->offers[0]);
    world_done(world, 1, &world->offers[0]);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_DONE);
    assert_int_equal(world->stored[index].approval, OPERATION_APPROVAL_MANUAL);
}

static void an_operation_that_is_denied_has_failed_for_good(void **state)
{
    struct world *world = *state;
    size_t index = world_accept_manual(world, 1);

    world_decide(world, index, false, 77);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_FAILED);
    assert_int_equal(world->stored[index].failure, FAILURE_CODE_DENIED);
    assert_false(world->stored[index].failure_is_retryable);
    assert_int_equal(world->stored[index].completed.ms, world->now.wall.ms);
    assert_int_equal(world->stored[index].attempt, 0);
    assert_decided(world, index, 77);
    offers(world, 0);
}

static void a_decision_counts_once_and_only_while_it_is_awaited(void **state)
{
    struct world *world = *state;
    size_t approved = world_accept_manual(world, 1);
    size_t denied = world_accept_manual(world, 1);
    size_t automatic = world_accept(world, 1);
    size_t changes;

    world_decide(world, approved, true, 77);
    world_decide(world, denied, false, 77);
    changes = world->changes;
    for (size_t index = 0; index < 3; index++) {
        world_decide(world, index, true, 78);
        world_decide(world, index, false, 78);
    }
    assert_int_equal(world->changes, changes);
    assert_false(world->stored[automatic].has_decided_by);
    assert_decided(world, approved, 77);
}

static void an_operation_that_awaits_approval_can_be_cancelled(void **state)
{
    struct world *world = *state;
    size_t index = world_accept_manual(world, 1);

    world_cancel(world, index, 77);
    assert_int_equal(world->stored[index].failure, FAILURE_CODE_CANCELLED);
    world_decide(world, index, true, 78);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_FAILED);
    assert_false(world->stored[index].has_decided_by);
    offers(world, 0);
}

static void the_due_time_runs_while_approval_is_awaited(void **state)
{
    struct world *world = *state;
    size_t index = world_accept_manual(world, 1);

    world_pass(world, 1000);
    world_due(world);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_AWAITING_APPROVAL);
    assert_int_equal(world->stored[index].overdue.ms, world->now.wall.ms);
    world_decide(world, index, true, 77);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_QUEUED);
    index = world_accept_manual(world, 1);
    world_pass(world, 1000);
    world_due(world);
    world_pass(world, world->options.overdue_ms);
    world_due(world);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_FAILED);
    assert_int_equal(world->stored[index].failure, FAILURE_CODE_OVERDUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_offered_before_it_is_approved),
        TEST(an_operation_that_is_denied_has_failed_for_good),
        TEST(a_decision_counts_once_and_only_while_it_is_awaited),
        TEST(an_operation_that_awaits_approval_can_be_cancelled),
        TEST(the_due_time_runs_while_approval_is_awaited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
