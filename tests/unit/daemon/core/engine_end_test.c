// SPDX-License-Identifier: MIT
/* Operations that are cancelled, overdue or given up without a worker's doing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/daemon/core/world.h"

static struct job offer_one(struct world *world)
{
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    return world->offers[0];
}

static struct job start_one(struct world *world)
{
    struct job job = offer_one(world);

    world_started(world, 1, &job);
    return job;
}

static void assert_cancelled(struct world *world, size_t index)
{
    const struct record *record = &world->stored[index];
    struct uuid person = number_uuid(77);

    assert_int_equal(record->stage, OPERATION_STAGE_FAILED);
    assert_int_equal(record->status, OPERATION_STATUS_FAILED);
    assert_int_equal(record->failure, FAILURE_CODE_CANCELLED);
    assert_true(record->has_cancelled_by);
    assert_memory_equal(&record->cancelled_by, &person, sizeof person);
    assert_int_equal(record->completed.ms, world->now.wall.ms);
    assert_int_equal(record->expiration.ms, world->now.wall.ms + 60000);
}

static void a_queued_operation_that_is_cancelled_is_never_offered(void **state)
{
    struct world *world = *state;
    size_t first = world_accept(world, 1);
    size_t second = world_accept(world, 1);
    struct job job;

    world_cancel(world, first, 77);
    assert_cancelled(world, first);
    job = offer_one(world);
    assert_memory_equal(&job.operation_id, &world->stored[second].id, UUID_BYTES);
    world_beat(world, 1, 2, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
}

static void an_offer_of_a_cancelled_operation_is_answered_when_it_starts(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = offer_one(world);

    assert_true(engine_is_offered(&world->engine, job.fence));
    world_cancel(world, index, 77);
    assert_cancelled(world, index);
    assert_false(engine_is_offered(&world->engine, job.fence));
    assert_int_equal(world->engine.attempts.offered, 0);
    world_started(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 2);
    assert_int_equal(world->stored[index].attempt, 0);
    world_done(world, 1, &job);
    assert_cancelled(world, index);
    world_pass(world, 5000);
    assert_int_equal(world->stored[index].failure, FAILURE_CODE_CANCELLED);
}

static void a_running_attempt_is_told_at_once_and_nothing_of_it_counts(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = start_one(world);

    assert_int_equal(pool_free(&world->engine.pool), 0);
    world_cancel(world, index, 77);
    assert_cancelled(world, index);
    assert_int_equal(world_told(world, job.fence), 2);
    assert_int_equal(pool_free(&world->engine.pool), 1);
    world->notice_count = 0; /* the notice was lost: whatever the worker says is answered again */
    world_beat(world, 1, 1, &job.fence, 1);
    assert_int_equal(world_told(world, job.fence), 0);
    world_done(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 2);
    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, true);
    assert_int_equal(world_told(world, job.fence), 2);
    assert_cancelled(world, index);
}

static void a_retry_wait_that_is_cancelled_does_not_come_back(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = start_one(world);

    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, true);
    world_cancel(world, index, 77);
    assert_cancelled(world, index);
    world_pass(world, 5000);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
}

static void what_is_done_first_is_not_cancelled(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = start_one(world);

    world_done(world, 1, &job);
    world_cancel(world, index, 77); /* the request is refused before; this must be safe as well */
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_DONE);
}

static void an_overdue_operation_is_reported_once_and_goes_on(void **state)
{
    struct world *world = *state;
    size_t queued = world_accept(world, 1);
    size_t running = world_accept(world, 1);
    struct job job;
    int64_t changes;

    world_cancel(world, queued, 77);
    queued = world_accept(world, 2);
    job = start_one(world);
    world_due(world);
    changes = (int64_t)world->changes;
    world_pass(world, 1000);
    world_beat(world, 1, 1, &job.fence, 1);
    world_due(world);
    world_due(world);
    assert_int_equal((int64_t)world->changes, changes + 2);
    assert_int_equal(world->stored[running].overdue.ms, world->now.wall.ms);
    assert_int_equal(world->stored[running].stage, OPERATION_STAGE_GATHERING);
    assert_int_equal(world->stored[queued].overdue.ms, world->now.wall.ms);
    assert_int_equal(world->stored[queued].stage, OPERATION_STAGE_QUEUED);
    world_done(world, 1, &job); /* late is better than never */
    assert_int_equal(world->stored[running].stage, OPERATION_STAGE_DONE);
    assert_true(world->stored[running].overdue.ms != 0);
}

static void what_is_overdue_for_too_long_fails_whatever_it_does(void **state)
{
    struct world *world = *state;
    size_t running = world_accept(world, 1);
    size_t queued = world_accept(world, 2);
    struct job job = start_one(world);

    for (int second = 0; second <= 51; second++) {
        assert_false(record_is_terminal(&world->stored[running]));
        assert_false(record_is_terminal(&world->stored[queued]));
        world_pass(world, 1000);
        world_beat(world, 1, 1, &job.fence, 1);
        world->notice_count = 0;
        world_due(world);
        if (second == 50) {
            break;
        }
    }
    assert_int_equal(world->stored[running].failure, FAILURE_CODE_OVERDUE);
    assert_int_equal(world->stored[queued].failure, FAILURE_CODE_OVERDUE);
    assert_true(world->stored[queued].failure_is_retryable);
    assert_int_equal(world_told(world, job.fence), 0);
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
}

static void a_clock_that_was_wrong_for_a_moment_fails_nothing(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);

    world->now.wall.ms += 315360000000; /* ten years */
    world_due(world);
    assert_true(world->stored[index].overdue.ms != 0);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_QUEUED);
    world->now.wall.ms -= 315360000000;
    world_due(world);
    world_pass(world, 60000);
    world_due(world);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_QUEUED);
}

static void an_attempt_has_a_limit_however_alive_its_worker_is(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job job = start_one(world);

    for (int second = 0; second < 99; second++) {
        world_pass(world, 1000);
        world_beat(world, 1, 1, &job.fence, 1);
        world_progress(world, 1, &job, 50);
    }
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_GATHERING);
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms);
    engine_due_next(&world->engine, (struct wall){INT64_MAX});
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms + 1000);
    world_pass(world, 1000);
    assert_int_equal(world->stored[index].failure, FAILURE_CODE_TIME_LIMIT);
    assert_int_equal(world->stored[index].failed_attempts, 1);
    assert_int_equal(world_told(world, job.fence), 0);
}

static void a_wait_from_before_the_clock_was_set_back_ends(void **state)
{
    struct world *world = *state;
    struct job job;
    size_t index = world_accept(world, 1);

    job = start_one(world);
    world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, true);
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_RETRY_WAIT);
    world->now.wall.ms -= 3600000;
    assert_true(engine_retry_is_due(&world->engine, world->now));
    assert_int_equal(engine_deadline(&world->engine, world->now).ms, world->now.mono.ms);
}

static void a_found_bundle_is_kept_only_when_it_is_the_recorded_one(void **state)
{
    struct world *world = *state;
    size_t index = world_accept(world, 1);
    struct job stale = start_one(world);
    struct job job;

    world_found(world, 2, &stale);
    assert_int_equal(world_told(world, stale.fence), -1); /* it may still be reported */
    world_pass(world, 5000);
    world_found(world, 2, &stale);
    assert_int_equal(world_told(world, stale.fence), 0);
    job = start_one(world);
    world_done(world, 1, &job);
    world->notice_count = 0;
    world_found(world, 2, &job);
    assert_int_equal(world_told(world, job.fence), 1);
    world_found(world, 2, &stale);
    assert_int_equal(world_told(world, stale.fence), 0);
    job.operation_id = number_uuid(123456);
    world->notice_count = 0;
    world_found(world, 2, &job);
    assert_int_equal(world_told(world, job.fence), -1); /* another daemon's */
    assert_int_equal(world->stored[index].stage, OPERATION_STAGE_DONE);
}

static void a_tenant_has_no_more_running_than_it_may(void **state)
{
    struct world *world = *state;
    struct uuid tenant = number_uuid(5001);
    struct job first;

    assert_int_equal(queue_configure(&world->engine.queue, &tenant, 1, 2), 0);
    for (int i = 0; i < 5; i++) {
        world_accept(world, 1);
    }
    world_accept(world, 2);
    world_beat(world, 1, 8, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 3);
    first = world->offers[0];
    assert_int_equal(queue_standing(&world->engine.queue, &tenant).running, 2);
    world_started(world, 1, &first);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
    world_done(world, 1, &first);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    world_restart(world);
    assert_int_equal(queue_standing(&world->engine.queue, &tenant).running, 0); /* offers only */
}

static void a_paused_tenant_is_offered_nothing_and_others_are(void **state)
{
    struct world *world = *state;
    struct uuid tenant = number_uuid(5001);

    world_accept(world, 1);
    world_accept(world, 2);
    assert_int_equal(queue_pause(&world->engine.queue, &tenant, true), 0);
    world_accept(world, 1);
    world_beat(world, 1, 8, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    assert_memory_equal(&world->offers[0].operation_id, &world->stored[1].id, UUID_BYTES);
    assert_int_equal(queue_pause(&world->engine.queue, NULL, true), 0);
    assert_int_equal(queue_pause(&world->engine.queue, &tenant, false), 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 0);
    assert_true(engine_deadline(&world->engine, world->now).ms > world->now.mono.ms);
    assert_int_equal(queue_pause(&world->engine.queue, NULL, false), 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_queued_operation_that_is_cancelled_is_never_offered),
        TEST(an_offer_of_a_cancelled_operation_is_answered_when_it_starts),
        TEST(a_running_attempt_is_told_at_once_and_nothing_of_it_counts),
        TEST(a_retry_wait_that_is_cancelled_does_not_come_back),
        TEST(what_is_done_first_is_not_cancelled),
        TEST(an_overdue_operation_is_reported_once_and_goes_on),
        TEST(what_is_overdue_for_too_long_fails_whatever_it_does),
        TEST(a_clock_that_was_wrong_for_a_moment_fails_nothing),
        TEST(an_attempt_has_a_limit_however_alive_its_worker_is),
        TEST(a_wait_from_before_the_clock_was_set_back_ends),
        TEST(a_found_bundle_is_kept_only_when_it_is_the_recorded_one),
        TEST(a_tenant_has_no_more_running_than_it_may),
        TEST(a_paused_tenant_is_offered_nothing_and_others_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
