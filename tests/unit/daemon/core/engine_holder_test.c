// SPDX-License-Identifier: MIT
/* Whose an attempt is, and what becomes of the reports of everybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"

enum { HONEST = 1, ROGUE = 2 };

static int set_up(void **state)
{
    int rc = world_set_up(state);

    if (!rc) {
        world_accept(*state, 1);
    }
    return rc;
}

static struct job offer_one(struct world *world)
{
    world_beat(world, HONEST, 1, NULL, 0);
    world_dispatch(world);
    assert_int_equal(world->offer_count, 1);
    return world->offers[0];
}

static struct job start_one(struct world *world)
{
    struct job job = offer_one(world);

    world_started(world, HONEST, &job);
    assert_int_equal(world->code, 0);
    return job;
}

/* The rogue says all that can be said of an attempt; each is refused with this code, and moves
 * nothing. */
static void assert_nothing_counts(struct world *world, const struct job *job, int code)
{
    size_t changes = world->changes;
    size_t ticks = world->ticks;

    world_started(world, ROGUE, job);
    assert_int_equal(world->code, code);
    assert_int_equal(world_told(world, job->fence), 0);
    world_progress(world, ROGUE, job, 99);
    assert_int_equal(world->code, code);
    world_failed(world, ROGUE, job, FAILURE_CODE_INTERNAL_ERROR, false);
    assert_int_equal(world->code, code);
    world_done(world, ROGUE, job);
    assert_int_equal(world->code, code);
    world_beat(world, ROGUE, 1, &job->fence, 1);
    assert_int_equal(world->code, code);
    assert_int_equal(world->changes, changes);
    assert_int_equal(world->ticks, ticks);
}

static void an_attempt_is_that_of_the_worker_which_started_it(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    assert_string_equal(world->stored[0].worker, "w1");
    assert_nothing_counts(world, &job, -ERROR_NOT_HOLDER);
    world_declined(world, ROGUE, &job);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    world_done(world, HONEST, &job);
    assert_int_equal(world->code, 0);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
}

static void nobody_else_keeps_a_lease(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    world_pass(world, 4000);
    world_beat(world, ROGUE, 1, &job.fence, 1);
    world_progress(world, ROGUE, &job, 10);
    world_pass(world, 1000);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
}

static void an_attempt_keeps_its_worker_over_a_restart(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    world_restart(world);
    assert_nothing_counts(world, &job, -ERROR_NOT_HOLDER);
    world_beat(world, HONEST, 1, &job.fence, 1);
    assert_int_equal(world->code, 0);
    world_done(world, HONEST, &job);
    assert_int_equal(world->code, 0);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_DONE);
}

static void an_attempt_of_a_store_without_names_is_that_of_the_first_to_list_it(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    world->stored[0].worker[0] = '\0';
    world_restart(world);
    world_beat(world, HONEST, 1, &job.fence, 1);
    assert_int_equal(world->code, 0);
    assert_nothing_counts(world, &job, -ERROR_NOT_HOLDER);
}

static void a_report_with_the_fence_of_another_operation_is_refused(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);
    struct job other = job;

    world_accept(world, 2);
    other.operation_id = world->stored[1].id;
    assert_nothing_counts(world, &other, -ERROR_NOT_HOLDER);
    world_failed(world, HONEST, &other, FAILURE_CODE_INTERNAL_ERROR, false);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    assert_int_equal(world->stored[1].stage, OPERATION_STAGE_QUEUED);
}

static void a_guessed_fence_begins_and_ends_nothing(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);
    struct job guessed = job;

    guessed.operation_id = number_uuid(4711);
    world_started(world, ROGUE, &guessed);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    world_done(world, ROGUE, &guessed);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    world_declined(world, ROGUE, &guessed);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    world_beat(world, ROGUE, 0, &job.fence, 1);
    world_started(world, HONEST, &job);
    assert_int_equal(world->code, 0);
    assert_string_equal(world->stored[0].worker, "w1");
}

static void a_fence_that_was_never_given_out_is_refused(void **state)
{
    struct world *world = *state;
    struct job job = offer_one(world);

    for (int i = 1; i < 4; i++) {
        struct job next = job;

        next.fence = i < 3 ? job.fence + i : job.fence + (1LL << 32);
        assert_nothing_counts(world, &next, -ERROR_NOT_HOLDER);
        world_declined(world, ROGUE, &next);
        assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    }
}

static void who_is_late_is_told_so(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    world_pass(world, 5000);
    assert_int_equal(world->stored[0].stage, OPERATION_STAGE_QUEUED);
    world_done(world, HONEST, &job);
    assert_int_equal(world->code, -ERROR_SUPERSEDED);
    assert_int_equal(world_told(world, job.fence), 0);
    world_beat(world, HONEST, 1, &job.fence, 1);
    assert_int_equal(world->code, -ERROR_SUPERSEDED);
    world_progress(world, HONEST, &job, 10);
    assert_int_equal(world->code, -ERROR_SUPERSEDED);
    world_dispatch(world);
    world_cancel(world, 0, 9);
    world_done(world, HONEST, &job);
    assert_int_equal(world->code, -ERROR_SUPERSEDED);
    assert_int_equal(world_told(world, job.fence), 2);
}

static void a_recorded_result_is_confirmed_to_its_own_worker_only(void **state)
{
    struct world *world = *state;
    struct job job = start_one(world);

    world_done(world, HONEST, &job);
    world_done(world, ROGUE, &job);
    assert_int_equal(world->code, -ERROR_NOT_HOLDER);
    assert_int_equal(world_told(world, job.fence), 0);
    for (int life = 0; life < 2; life++) {
        world_done(world, HONEST, &job);
        assert_int_equal(world->code, 0);
        assert_int_equal(world_told(world, job.fence), 1);
        world_restart(world);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_attempt_is_that_of_the_worker_which_started_it),
        TEST(nobody_else_keeps_a_lease),
        TEST(an_attempt_keeps_its_worker_over_a_restart),
        TEST(an_attempt_of_a_store_without_names_is_that_of_the_first_to_list_it),
        TEST(a_report_with_the_fence_of_another_operation_is_refused),
        TEST(a_guessed_fence_begins_and_ends_nothing),
        TEST(a_fence_that_was_never_given_out_is_refused),
        TEST(who_is_late_is_told_so),
        TEST(a_recorded_result_is_confirmed_to_its_own_worker_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
