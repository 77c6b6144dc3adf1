// SPDX-License-Identifier: MIT
/* Offers, fences and leases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/daemon/core/world.h"

/* One operation, offered to one worker with a slot. */
static struct job offer_one(struct world *world)
{
    world_beat(world, 1, 1, NULL, 0);
    world_accept(world, 1);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    return world->offers[0];
}

static void a_stale_fence_changes_nothing(void **state)
{
    struct world *world = *state;
    struct job old = offer_one(world);
    struct record before;
    struct job new;

    world_pass(world, 1000);
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    new = world->offers[0];
    world_started(world, 1, &new);
    before = world->stored[0];
    world_started(world, 2, &old);
    world_done(world, 2, &old);
    world_failed(world, 2, &old, FAILURE_CODE_SOURCE_FAILED, false);
    world_progress(world, 2, &old, 99);
    world_declined(world, 2, &old);
    assert_memory_equal(&world->stored[0], &before, sizeof before);
    assert_int_equal(world_told(world, old.fence), 0);
    assert_int_equal(world->ticks, 0);
    assert_int_equal(world->engine.attempts.running, 1);
    world_done(world, 1, &new);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
    assert_int_equal(world->stored[0].fence, new.fence);
}

static void a_live_fence_changes_no_other_operation(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);
    struct record before;

    world_started(world, 1, &job);
    before = world->stored[0];
    job.operation_id.bytes[15] ^= 1;
    world_done(world, 1, &job);
    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, false);
    assert_memory_equal(&world->stored[0], &before, sizeof before);
    assert_int_equal(world->engine.attempts.running, 1);
}

static void an_unanswered_offer_is_made_again_under_a_larger_fence(void **state)
{
    struct world *world = *state;
    struct job first = offer_one(world);
    size_t changes = world->changes;

    world_pass(world, 999);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
    world_pass(world, 1);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    assert_true(world->offers[0].fence > first.fence);
    assert_memory_equal(&world->offers[0].operation_id, &first.operation_id, UUID_BYTES);
    assert_int_equal(world->offers[0].attempt, 1);
    assert_int_equal(world->changes, changes); /* offering needs no write */
}

static void a_declined_offer_comes_back_and_others_of_the_tenant_are_not_lost(void **state)
{
    struct world *world = *state;
    struct job declined = offer_one(world);

    world_accept(world, 1);
    world_accept(world, 1);
    world_declined(world, 1, &declined);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0); /* the worker said that it is full */
    world_beat(world, 1, 8, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(&world->offers[i].operation_id, &world->stored[i].id, UUID_BYTES);
        assert_true(world->offers[i].fence > declined.fence);
        world_started(world, 1, &world->offers[i]);
    }
    assert_int_equal(world->engine.attempts.offered, 0);
    assert_int_equal(world->engine.attempts.running, 3);
}

static void a_running_attempt_cannot_be_declined(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    world_declined(world, 1, &job);
    assert_int_equal(world->engine.attempts.running, 1);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
}

static void a_lease_lasts_as_long_as_heartbeats_list_it(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    for (int i = 0; i < 10; i++) {
        world_pass(world, 4900);
        world_beat(world, 1, 1, &job.fence, 1);
    }
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    world_pass(world, 4999);
    world_beat(world, 1, 1, NULL, 0); /* alive, but not at it any more */
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    world_pass(world, 1);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(world->stored[0].failure, FAILURE_CODE_WORKER_LOST);
}

static void progress_renews_a_lease_and_never_goes_back(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);
    const struct attempt *attempt;

    world_progress(world, 1, &job, 10);
    assert_int_equal(world->ticks, 0); /* not started yet */
    world_started(world, 1, &job);
    world_pass(world, 4000);
    world_progress(world, 1, &job, 40);
    world_progress(world, 1, &job, 39);
    world_progress(world, 1, &job, 41);
    attempt = engine_attempt(&world->engine, &world->stored[0].id);
    assert_non_null(attempt);
    assert_true(attempt->progress == 41);
    assert_int_equal(world->ticks, 2);
    world_pass(world, 4999);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    world_pass(world, 1);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    world_started(world, 1, &world->offers[0]);
    attempt = engine_attempt(&world->engine, &world->stored[0].id);
    assert_true(attempt->progress == 0); /* a new attempt starts again */
}

static void done_twice_is_recorded_once_and_answered_twice(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);
    size_t changes;

    world_started(world, 1, &job);
    world_done(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 1);
    changes = world->changes;
    world->notice_count = 0;
    world_done(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 1);
    assert_int_equal(world->notice_count, 1);
    assert_int_equal(world->changes, changes);
}

static void done_without_a_report_of_the_start_counts(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    world_done(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
    assert_int_equal(world->stored[0].attempt, 1);
    assert_int_equal(world->stored[0].revision, 3);
    assert_int_equal(world_told(world, job.fence), 1);
}

static void done_after_the_lease_ran_out_is_superseded(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    world_pass(world, 5000);
    world_done(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(world_told(world, job.fence), 0);
}

static void done_under_an_old_fence_after_a_new_attempt_is_superseded(void **state)
{
    struct world *world = *state;
    struct job old = offer_one(world);

    world_started(world, 1, &old);
    world_pass(world, 5000);
    world_beat(world, 2, 1, NULL, 0);
    world_dispatch(world);
    world_started(world, 2, &world->offers[0]);
    world_done(world, 1, &old);
    assert_int_equal(world_told(world, old.fence), 0);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    assert_int_equal(world->stored[0].fence, world->offers[0].fence);
    world_done(world, 2, &world->offers[0]);
    world_done(world, 1, &old);
    assert_int_equal(world_told(world, old.fence), 0);
    assert_int_equal(world_told(world, world->offers[0].fence), 1);
}

static void a_heartbeat_settles_fences_it_should_not_list_and_starts_no_offer(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);
    const int64_t fences[] = {123, job.fence};

    world_beat(world, 1, 2, fences, 2);
    assert_int_equal(world_told(world, 123), 0);
    assert_int_equal(world_told(world, job.fence), -1);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    world_started(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    assert_int_equal(world->stored[0].fence, job.fence);
    assert_int_equal(pool_free(&world->engine.pool), 1);
}

static void no_more_is_offered_than_there_are_free_slots(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 20; i++) {
        world_accept(world, 1);
    }
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0); /* nobody was heard of */
    world_beat(world, 1, 3, NULL, 0);
    world_beat(world, 2, 2, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 5);
    world_started(world, 1, &world->offers[0]);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
}

static void a_silent_worker_has_no_slots(void **state)
{
    struct world *world = *state;

    world_beat(world, 1, 3, NULL, 0);
    world_accept(world, 1);
    world_pass(world, 10001);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
    assert_int_equal(world->engine.pool.slots, 0);
}

static void an_offer_that_nobody_takes_pauses_and_comes_back(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    engine_unsent(&world->engine, job.fence, world->now);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms + 50);
    world_pass(world, 50);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    assert_memory_equal(&world->offers[0].operation_id, &job.operation_id, UUID_BYTES);
}

static void the_deadline_is_now_while_free_slots_wait_for_offers(void **state)
{
    struct world *world = *state;

    world_beat(world, 1, 8, NULL, 0);
    for (int i = 0; i < 4; i++) {
        world_accept(world, 1);
    }
    engine_dispatch(&world->engine, world->now, 2, &world->outcome);
    assert_int_equal(world->outcome.offer_count, 2);
    outcome_clear(&world->outcome);
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms);
    world_dispatch(world);
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms + 1000);
}

static void finish_offers(struct world *world)
{
    for (size_t i = 0; i < world->offer_count; i++) {
        world_done(world, 1, &world->offers[i]);
    }
}

/* More is read for a page than fits on it, because what is in flight is passed over. */
static void a_page_read_while_others_are_in_flight_loses_none_of_the_backlog(void **state)
{
    struct world *world = *state;

    world_beat(world, 1, 100, NULL, 0);
    for (int i = 0; i < 100; i++) {
        world_accept(world, 2);
    }
    world_dispatch(world);
    assert_int_equal(world->offer_count, 100); /* and they stay unanswered */
    world_beat(world, 2, QUEUE_PAGE, NULL, 0);
    for (int i = 0; i < QUEUE_PAGE + 200; i++) {
        world_accept(world, 1);
    }
    world_dispatch(world);
    assert_int_equal(world->offer_count, QUEUE_PAGE);
    finish_offers(world);
    world_dispatch(world); /* reads a page: 200 wait in the store, 128 fit */
    assert_int_equal(world->offer_count, QUEUE_PAGE);
    finish_offers(world);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 200 - QUEUE_PAGE);
}

static void a_slot_is_free_again_when_its_attempt_has_ended(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    assert_int_equal(pool_free(&world->engine.pool), 0);
    world_done(world, 1, &job);
    assert_int_equal(pool_free(&world->engine.pool), 1);
    world_accept(world, 1);
    world_dispatch(world);
    job = world->offers[0];
    world_started(world, 1, &job);
    assert_int_equal(pool_free(&world->engine.pool), 0);
    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, false);
    assert_int_equal(pool_free(&world->engine.pool), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stale_fence_changes_nothing),
        TEST(a_live_fence_changes_no_other_operation),
        TEST(an_unanswered_offer_is_made_again_under_a_larger_fence),
        TEST(a_declined_offer_comes_back_and_others_of_the_tenant_are_not_lost),
        TEST(a_running_attempt_cannot_be_declined),
        TEST(a_lease_lasts_as_long_as_heartbeats_list_it),
        TEST(progress_renews_a_lease_and_never_goes_back),
        TEST(done_twice_is_recorded_once_and_answered_twice),
        TEST(done_without_a_report_of_the_start_counts),
        TEST(done_after_the_lease_ran_out_is_superseded),
        TEST(done_under_an_old_fence_after_a_new_attempt_is_superseded),
        TEST(a_heartbeat_settles_fences_it_should_not_list_and_starts_no_offer),
        TEST(no_more_is_offered_than_there_are_free_slots),
        TEST(a_silent_worker_has_no_slots),
        TEST(an_offer_that_nobody_takes_pauses_and_comes_back),
        TEST(the_deadline_is_now_while_free_slots_wait_for_offers),
        TEST(a_page_read_while_others_are_in_flight_loses_none_of_the_backlog),
        TEST(a_slot_is_free_again_when_its_attempt_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
