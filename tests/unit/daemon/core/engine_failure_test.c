// SPDX-License-Identifier: MIT
/* Failed attempts, retries, and what is left after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"

/* Offers whatever is queued to worker 1 and has it started. */
static struct job start_one(struct world *world)
{
    struct job job;

    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    job = world->offers[0];
    world_started(world, 1, &job);
    return job;
}

static void a_lost_worker_costs_an_attempt_and_the_last_one_the_operation(void **state)
{
    struct world *world = *state;
    struct job job = {0};

    world_accept(world, 1);
    for (int attempt = 1; attempt <= 3; attempt++) {
        job = start_one(world);
        assert_int_equal(job.attempt, attempt);
        assert_false(world->stored[0].has_failure);
        world_pass(world, 5000);
        assert_int_equal(world->stored[0].failure, FAILURE_CODE_WORKER_LOST);
        assert_int_equal(world->stored[0].attempt, attempt);
        assert_int_equal(world->stored[0].lost_attempts, attempt);
        assert_int_equal(world->stored[0].failed_attempts, 0);
        if (attempt == 2) { /* the first is repeated at once, the second after a wait */
            assert_int_equal(world->stored[0].stage, OPERATION_STAGE_RETRY_WAIT);
            world_pass(world, 2000);
        }
        assert_int_equal(world->stored[0].stage,
                         attempt < 3 ? OPERATION_STAGE_QUEUED : OPERATION_STAGE_FAILED);
    }
    assert_int_equal(world->stored[0].completed.ms, world->now.wall.ms);
    assert_int_equal(world->stored[0].expiration.ms, world->now.wall.ms + 60000);
    world_done(world, 1, &job); /* late, and under the fence that the record still names */
    assert_int_equal(world_told(world, job.fence), 0);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_FAILED);
}

static void a_stopped_worker_does_not_make_the_operation_wait(void **state)
{
    struct world *world = *state;
    struct job job;

    world_accept(world, 1);
    world_accept(world, 1);
    job = start_one(world);
    world->now.mono.ms += 1000;
    world_failed(world, 1, &job, FAILURE_CODE_WORKER_STOPPED, true);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(world->stored[0].failed_attempts + world->stored[0].lost_attempts, 0);
    assert_int_equal(world_told(world, job.fence), 1);
    world_dispatch(world);
    assert_memory_equal(&world->offers[0].operation_id, &job.operation_id, UUID_BYTES);
    world->notice_count = 0;
    world_failed(world, 1, &job, FAILURE_CODE_WORKER_STOPPED, true); /* repeated */
    assert_int_equal(world_told(world, job.fence), 1);
}

static void a_retryable_failure_waits_within_full_jitter_and_comes_back(void **state)
{
    static const int64_t ceilings[] = {1000, 2000, 3000, 3000, 3000};
    int64_t longest[5] = {0};
    struct world *world = *state;

    for (int run = 0; run < 100; run++) {
        size_t index;

        world->engine.options.maximum_attempts = 6;
        index = world_accept(world, 1);
        for (int attempt = 0; attempt < 5; attempt++) {
            struct job job = start_one(world);
            int64_t wait_ms;

            world_failed(world, 1, &job, FAILURE_CODE_SOURCE_UNAVAILABLE, true);
            assert_int_equal(world->stored[index].failure, FAILURE_CODE_SOURCE_UNAVAILABLE);
            if (world->stored[index].stage == OPERATION_STAGE_QUEUED) {
                continue; /* one in a thousand waits is none */
            }
            assert_int_equal(world->stored[index].stage, OPERATION_STAGE_RETRY_WAIT);
            wait_ms = world->stored[index].ready.ms - world->now.wall.ms;
            assert_in_range(wait_ms, 0, ceilings[attempt]);
            longest[attempt] = wait_ms > longest[attempt] ? wait_ms : longest[attempt];
            assert_true(engine_deadline(&world->engine, world->now).ms <=
                        world->now.mono.ms + wait_ms);
            if (wait_ms > 0) {
                world_pass(world, wait_ms - 1);
                assert_int_equal(world->stored[index].stage, OPERATION_STAGE_RETRY_WAIT);
            }
            world_pass(world, 1);
            assert_int_equal(world->stored[index].stage, OPERATION_STAGE_QUEUED);
        }
        world_done(world, 1,
                   &(struct job){.fence = start_one(world).fence,
                                 .operation_id = world->stored[index].id});
        assert_int_equal(world->stored[index].stage, OPERATION_STAGE_DONE);
        assert_false(world->stored[index].has_failure);
    }
    for (int attempt = 0; attempt < 5; attempt++) {
        assert_true(longest[attempt] > ceilings[attempt] * 8 / 10); /* the whole range is used */
    }
}

static void a_failure_that_would_only_repeat_fails_at_once(void **state)
{
    struct world *world = *state;
    struct job job;

    world_accept(world, 1);
    job = start_one(world);
    world_failed(world, 1, &job, FAILURE_CODE_PROFILE_NOT_FOUND, false);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_FAILED);
    assert_int_equal(world->stored[0].failure, FAILURE_CODE_PROFILE_NOT_FOUND);
    assert_false(world->stored[0].failure_is_retryable);
    assert_int_equal(world->stored[0].attempt, 1);
    assert_int_equal(world_told(world, job.fence), 1);
    world->notice_count = 0;
    world_failed(world, 1, &job, FAILURE_CODE_PROFILE_NOT_FOUND, false);
    assert_int_equal(world_told(world, job.fence), 1);
    world_done(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 0);
}

static void the_last_retryable_failure_is_final(void **state)
{
    struct world *world = *state;

    world_accept(world, 1);
    for (int attempt = 1; attempt <= 3; attempt++) {
        struct job job = start_one(world);
        world_failed(world, 1, &job, FAILURE_CODE_SOURCE_FAILED, true);
        world_pass(world, 3000);
    }
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_FAILED);
    assert_int_equal(world->stored[0].failure, FAILURE_CODE_SOURCE_FAILED);
}

static void fences_of_a_later_start_are_larger_than_any_before(void **state)
{
    struct world *world = *state;
    int64_t largest = 0;

    world_accept(world, 1);
    for (int start = 0; start < 4; start++) {
        for (int i = 0; i < 50; i++) {
            world_beat(world, 1, 1, NULL, 0);
            world_dispatch(world);
            assert_true(world->offers[0].fence > largest);
            largest = world->offers[0].fence;
            world_pass(world, 1000);
        }
        world_restart(world);
    }
}

static void after_a_restart_a_worker_that_is_still_at_it_keeps_its_attempt(void **state)
{
    struct world *world = *state;
    struct job job;

    world_accept(world, 1);
    job = start_one(world);
    world_restart(world);
    world_pass(world, 4999);
    world_beat(world, 1, 1, &job.fence, 1);
    assert_int_equal(world_told(world, job.fence), -1);
    assert_int_equal(pool_free(&world->engine.pool), 0);
    world_pass(world, 4999);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_GATHERING);
    world_done(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
    assert_int_equal(world->stored[0].attempt, 1);
    assert_int_equal(world_told(world, job.fence), 1);
}

static void after_a_restart_an_attempt_that_nobody_is_at_is_lost(void **state)
{
    struct world *world = *state;

    world_accept(world, 1);
    start_one(world);
    world_restart(world);
    world_pass(world, 5000);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    assert_int_equal(world->stored[0].failure, FAILURE_CODE_WORKER_LOST);
}

static void after_a_restart_an_offer_of_the_time_before_does_not_count(void **state)
{
    struct world *world = *state;
    struct job job;

    world_accept(world, 1);
    world_beat(world, 1, 1, NULL, 0);
    world_dispatch(world);
    job = world->offers[0];
    world_restart(world);
    world_started(world, 1, &job);
    assert_int_equal(world_told(world, job.fence), 0);
    world_done(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    job = start_one(world);
    world_done(world, 1, &job);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
}

static void a_worker_that_starts_again_takes_the_place_of_its_past(void **state)
{
    struct world *world = *state;
    struct uuid past = number_uuid(1);
    struct uuid present = number_uuid(2);
    struct pool *pool = &world->engine.pool;

    assert_int_equal(pool_hear(pool, &past, TEXT("a"), 4, world->now.mono), 0);
    assert_int_equal(pool_hear(pool, &present, TEXT("a"), 3, world->now.mono), 0);
    assert_null(pool_find(pool, &past));
    assert_int_equal(pool->slots, 3);
    assert_int_equal(pool_free(pool), 3);
    assert_int_equal(pool->workers.count, 1);
}

static void more_workers_than_are_counted_are_refused(void **state)
{
    struct world *world = *state;
    struct pool *pool = &world->engine.pool;
    struct uuid instance;
    char name[32];

    for (uint64_t i = 0; i < POOL_MAXIMUM_WORKERS; i++) {
        instance = number_uuid(i);
        snprintf(name, sizeof name, "worker-%llu", (unsigned long long)i);
        world->now.mono.ms = (int64_t)i;
        assert_int_equal(pool_hear(pool, &instance, text_of(name), 1, world->now.mono), 0);
    }
    instance = number_uuid(999999);
    assert_int_equal(pool_hear(pool, &instance, TEXT("one-more"), 1, world->now.mono), -ERROR_BUSY);
    pool_expire(pool, (struct mono){64});
    assert_int_equal(pool->workers.count, POOL_MAXIMUM_WORKERS - 64);
    assert_int_equal(pool->slots, POOL_MAXIMUM_WORKERS - 64);
    pool_expire(pool, (struct mono){INT64_MAX});
    assert_int_equal(pool->workers.count, 0);
    assert_int_equal(pool->slots, 0);
}

static void no_start_gives_a_fence_that_belongs_to_the_next(void **state)
{
    struct world *world = *state;
    struct engine *engine = &world->engine;
    int64_t first_of_next = (engine->options.start_count + 1) << 32;

    world_accept(world, 1);
    world_accept(world, 1);
    world_beat(world, 1, 2, NULL, 0);
    engine->fence_counter = (INT64_C(1) << 32) - 2;
    engine_dispatch(engine, world->now, 2, &world->outcome);
    assert_int_equal(world->outcome.offer_count, 1);
    assert_int_equal(world->outcome.offers[0].job.fence, first_of_next - 1);
    assert_int_equal(world->outcome.error, -ERROR_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_worker_costs_an_attempt_and_the_last_one_the_operation),
        TEST(a_stopped_worker_does_not_make_the_operation_wait),
        TEST(a_retryable_failure_waits_within_full_jitter_and_comes_back),
        TEST(a_failure_that_would_only_repeat_fails_at_once),
        TEST(the_last_retryable_failure_is_final),
        TEST(no_start_gives_a_fence_that_belongs_to_the_next),
        TEST(fences_of_a_later_start_are_larger_than_any_before),
        TEST(after_a_restart_a_worker_that_is_still_at_it_keeps_its_attempt),
        TEST(after_a_restart_an_attempt_that_nobody_is_at_is_lost),
        TEST(after_a_restart_an_offer_of_the_time_before_does_not_count),
        TEST(a_worker_that_starts_again_takes_the_place_of_its_past),
        TEST(more_workers_than_are_counted_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
