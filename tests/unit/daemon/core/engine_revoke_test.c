// SPDX-License-Identifier: MIT
/* Operations whose requester may not ask for exports any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/daemon/core/world.h"

static struct job offer_one(struct world *world)
{
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    return world->offers[0];
}

static void assert_revoked(struct world *world, size_t index)
{
    const struct record *record = &world->stored[index];

    assert_int_equal(record->stage, OPERATION_STAGE_FAILED);
    assert_int_equal(record->status, OPERATION_STATUS_FAILED);
    assert_int_equal(record->failure, FAILURE_CODE_REQUESTER_REVOKED);
    assert_false(record->failure_is_retryable);
    assert_false(record->has_cancelled_by);
    assert_int_equal(record->completed.ms, world->now.wall.ms);
}

static void what_waits_is_never_offered(void **state)
{
    struct world *world = *state;
    size_t queued = world_accept(world, 1);
    size_t awaiting = world_accept_manual(world, 1);
    size_t other = world_accept(world, 1);
    struct job job;

    world_revoke(world, queued);
    world_revoke(world, awaiting);
    assert_revoked(world, queued);
    assert_revoked(world, awaiting);
    world_decide(world, awaiting, true, 77);
    assert_revoked(world, awaiting);
    job = offer_one(world);
    assert_memory_equal(&job.operation_id, &world->stored[other].id, UUID_BYTES);
}

static void an_offer_knows_who_requested_it_and_can_be_taken_back(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = offer_one(world);
    const struct attempt *attempt = engine_attempt(&world->engine, &world->stored[index].id);

    assert_memory_equal(&attempt->entry.requested_by, &world->stored[index].requested_by,
                        UUID_BYTES);
    world_revoke(world, index);
    assert_revoked(world, index);
    assert_false(engine_is_offered(&world->engine, job.fence));
    assert_int_equal(world->engine.attempts.offered, 0);
    world_started(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 0);
    world_done(world, 1, &job);
    assert_revoked(world, index);
}

static void a_running_attempt_is_told_to_stop_and_its_results_are_superseded(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    world_revoke(world, index);
    assert_revoked(world, index);
    assert_int_equal(world_told(world, job.fence), 0);
    assert_int_equal(pool_free(&world->engine.pool), 1);
    world->notice_count = 0;
    world_beat(world, 1, 1, &job.fence, 1);
    assert_int_equal(world_told(world, job.fence), 0);
    world_done(world, 1, &job);
    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, true);
    assert_int_equal(world_told(world, job.fence), 0);
    assert_revoked(world, index);
}

static void what_runs_since_before_a_restart_is_found_with_its_requester(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = offer_one(world);
    const struct attempt *attempt;

    world_started(world, 1, &job);
    world_restart(world);
    attempt = attempts_each(&world->engine.attempts, NULL);
    assert_non_null(attempt);
    assert_memory_equal(&attempt->entry.requested_by, &world->stored[index].requested_by,
                        UUID_BYTES);
    assert_null(attempts_each(&world->engine.attempts, attempt));
    world_revoke(world, index);
    assert_revoked(world, index);
    world_done(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 0);
    assert_revoked(world, index);
}

static void all_in_flight_can_be_ended_in_one_walk(void **state)
{
    struct world *world = *state;
    struct attempt *attempt;
    struct attempt *next;
    size_t count = 0;

    for (int i = 0; i < 300; i++) {
        world_accept(world, (uint64_t)(i % 7));
    }
    world_beat(world, 1, 300, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 300);
    for (attempt = attempts_each(&world->engine.attempts, NULL); attempt; attempt = next, count++) {
        next = attempts_each(&world->engine.attempts, attempt);
        world_revoke(world, (size_t)(world_record(world, &attempt->entry.id) - world->stored));
    }
    assert_int_equal(count, 300);
    for (size_t i = 0; i < 300; i++) {
        assert_revoked(world, i);
    }
}

static void what_has_ended_stays_as_it_is(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = offer_one(world);

    world_done(world, 1, &job);
    world_revoke(world, index);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waits_is_never_offered),
        TEST(an_offer_knows_who_requested_it_and_can_be_taken_back),
        TEST(a_running_attempt_is_told_to_stop_and_its_results_are_superseded),
        TEST(what_runs_since_before_a_restart_is_found_with_its_requester),
        TEST(all_in_flight_can_be_ended_in_one_walk),
        TEST(what_has_ended_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
