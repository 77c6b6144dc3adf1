// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/core/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct uuid number_uuid(uint64_t number)
{
    struct uuid uuid = {{0}};

    for (int i = 0; i < 8; i++) {
        uuid.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    }
    return uuid;
}

uint64_t next_random(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (*seed * 0x2545f4914f6cdd1dU >> 20) % below;
}

static const char *name_of(unsigned worker)
{
    static const char names[WORLD_WORKERS][3] = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"};

    assert_true(worker < WORLD_WORKERS);
    return names[worker];
}

static struct uuid instance_of(unsigned worker)
{
    return number_uuid(1000000U + worker);
}

void world_begin(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->options = (struct engine_options){.offer_timeout_ms = 1000,
                                             .lease_ms = 5000,
                                             .attempt_timeout_ms = 100000,
                                             .maximum_attempts = 3,
                                             .maximum_lost_attempts = 3,
                                             .overdue_ms = 50000,
                                             .retry_base_ms = 1000,
                                             .retry_ceiling_ms = 3000,
                                             .retention_ms = 60000,
                                             .start_count = 1,
                                             .seed = 7};
    world->now = (struct now){.mono = {1000000}, .wall = {1700000000000}};
    assert_int_equal(engine_init(&world->engine, &world->options), 0);
}

void world_end(struct world *world)
{
    engine_release(&world->engine);
    outcome_release(&world->outcome);
}

struct record *world_record(struct world *world, const struct uuid *id)
{
    for (size_t i = 0; i < world->count; i++) {
        if (uuid_equal(&world->stored[i].id, id)) {
            return &world->stored[i];
        }
    }
    return NULL;
}

static void apply_change(struct world *world, const struct change *change)
{
    struct record *old = world_record(world, &change->record.id);

    assert_int_equal(change->record.sequence, world->sequence + 1);
    world->sequence++;
    world->changes++;
    world->last_kind = change->kind;
    if (!old) {
        assert_int_equal(change->kind, EVENT_KIND_ACCEPTED);
        assert_int_equal(change->record.revision, 1);
        assert_true(world->count < WORLD_OPERATIONS);
        world->stored[world->count++] = change->record;
        return;
    }
    assert_false(record_is_terminal(old));
    assert_int_equal(change->record.revision, old->revision + 1);
    assert_true(change->record.fence >= old->fence);
    assert_true(change->record.attempt >= old->attempt);
    if (change->kind == EVENT_KIND_STARTED) {
        assert_true(change->record.fence > old->fence);
        assert_int_equal(change->record.attempt, old->attempt + 1);
    }
    *old = change->record;
}

static void apply(struct world *world)
{
    struct outcome *outcome = &world->outcome;

    assert_int_equal(outcome->error, 0);
    for (size_t i = 0; i < outcome->change_count; i++) {
        apply_change(world, &outcome->changes[i]);
    }
    for (size_t i = 0; i < outcome->notice_count; i++) {
        assert_true(world->notice_count < WORLD_NOTICES);
        world->notices[world->notice_count++] = outcome->notices[i];
    }
    world->ticks += outcome->tick_count;
    outcome_clear(outcome);
}

int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    if (!world) {
        return -1;
    }
    world_begin(world);
    *state = world;
    return 0;
}

int world_tear_down(void **state)
{
    world_end(*state);
    free(*state);
    return 0;
}

void world_restart(struct world *world)
{
    bool has_retries = false;

    engine_release(&world->engine);
    world->options.start_count++;
    world->options.last_sequence = world->sequence;
    assert_int_equal(engine_init(&world->engine, &world->options), 0);
    for (size_t i = 0; i < world->count; i++) {
        const struct record *record = &world->stored[i];
        if (record->stage == OPERATION_STAGE_GATHERING) {
            assert_int_equal(engine_restore(&world->engine, record, world->now), 0);
        }
        if (record->stage == OPERATION_STAGE_QUEUED) {
            assert_int_equal(queue_expect(&world->engine.queue, &record->tenant_id), 0);
        }
        has_retries |= record->stage == OPERATION_STAGE_RETRY_WAIT;
    }
    if (has_retries) {
        engine_retry_next(&world->engine, (struct wall){0});
    }
}

static size_t accept_as(struct world *world, uint64_t tenant, enum operation_approval approval)
{
    size_t index = world->count;
    struct operation_request request = {.id = number_uuid(index + 1),
                                        .tenant_id = number_uuid(5000 + tenant),
                                        .user_id = number_uuid(9),
                                        .requested_by = number_uuid(8),
                                        .now = world->now.wall,
                                        .due_ms = 1000,
                                        .approval = approval};

    engine_accept(&world->engine, &request, &world->outcome);
    apply(world);
    assert_int_equal(world->count, index + 1);
    return index;
}

size_t world_accept(struct world *world, uint64_t tenant)
{
    return accept_as(world, tenant, OPERATION_APPROVAL_AUTOMATIC);
}

size_t world_accept_manual(struct world *world, uint64_t tenant)
{
    return accept_as(world, tenant, OPERATION_APPROVAL_MANUAL);
}

void world_beat(struct world *world, unsigned worker, int64_t slots, const int64_t *fences,
                size_t count)
{
    struct heartbeat_report report = {
        .worker = text_of(name_of(worker)), .instance = instance_of(worker), .slots = slots};

    engine_hear(&world->engine, &report, world->now);
    for (size_t i = 0; i < count; i++) {
        world->code = engine_renew(&world->engine, &report, fences[i], world->now, &world->outcome);
        apply(world);
    }
}

static void fill_page(struct world *world, const struct uuid *tenant_id)
{
    size_t room = engine_page_room(&world->engine, tenant_id);
    struct record *records = calloc(room, sizeof *records);
    size_t count = 0;

    assert_non_null(records);
    for (size_t i = 0; i < world->count && count < room; i++) {
        if (world->stored[i].stage == OPERATION_STAGE_QUEUED &&
            uuid_equal(&world->stored[i].tenant_id, tenant_id)) {
            records[count++] = world->stored[i];
        }
    }
    engine_fill(&world->engine, tenant_id, records, count, count == room);
    free(records);
}

void world_dispatch(struct world *world)
{
    struct uuid tenant_id;

    while (engine_needs_page(&world->engine, world->now, &tenant_id)) {
        fill_page(world, &tenant_id);
    }
    engine_dispatch(&world->engine, world->now, WORLD_OPERATIONS, &world->outcome);
    world->offer_count = world->outcome.offer_count;
    if (world->offer_count > 0) {
        for (size_t i = 0; i < world->offer_count; i++) {
            world->offers[i] = world->outcome.offers[i].job;
        }
    }
    apply(world);
}

void world_started(struct world *world, unsigned worker, const struct job *job)
{
    world->code =
        engine_started(&world->engine,
                       &(struct started_report){.worker = text_of(name_of(worker)),
                                                .instance = instance_of(worker),
                                                .operation_id = job->operation_id,
                                                .fence = job->fence},
                       world_record(world, &job->operation_id), world->now, &world->outcome);
    apply(world);
}

void world_declined(struct world *world, unsigned worker, const struct job *job)
{
    world->code = engine_declined(&world->engine,
                                  &(struct declined_report){.worker = text_of(name_of(worker)),
                                                            .instance = instance_of(worker),
                                                            .operation_id = job->operation_id,
                                                            .fence = job->fence});
    apply(world);
}

void world_progress(struct world *world, unsigned worker, const struct job *job, double progress)
{
    world->code = engine_progress(&world->engine,
                                  &(struct progress_report){.worker = text_of(name_of(worker)),
                                                            .instance = instance_of(worker),
                                                            .operation_id = job->operation_id,
                                                            .fence = job->fence,
                                                            .progress = progress},
                                  world->now, &world->outcome);
    apply(world);
}

void world_done(struct world *world, unsigned worker, const struct job *job)
{
    const struct operation_result result = {0};

    world->code =
        engine_done(&world->engine,
                    &(struct done_report){.worker = text_of(name_of(worker)),
                                          .instance = instance_of(worker),
                                          .operation_id = job->operation_id,
                                          .fence = job->fence},
                    &result, world_record(world, &job->operation_id), world->now, &world->outcome);
    apply(world);
}

void world_failed(struct world *world, unsigned worker, const struct job *job,
                  enum failure_code code, bool is_retryable)
{
    const struct operation_result result = {0};

    world->code = engine_failed(&world->engine,
                                &(struct failed_report){.worker = text_of(name_of(worker)),
                                                        .instance = instance_of(worker),
                                                        .operation_id = job->operation_id,
                                                        .fence = job->fence,
                                                        .code = code,
                                                        .retryable = is_retryable},
                                &result, world_record(world, &job->operation_id), world->now,
                                &world->outcome);
    apply(world);
}

void world_decide(struct world *world, size_t index, bool is_approved, uint64_t by)
{
    struct uuid person = number_uuid(by);

    engine_decide(&world->engine, &world->stored[index], is_approved, &person, world->now,
                  &world->outcome);
    apply(world);
}

void world_cancel(struct world *world, size_t index, uint64_t by)
{
    struct uuid person = number_uuid(by);

    engine_cancel(&world->engine, &world->stored[index], &person, world->now, &world->outcome);
    apply(world);
}

void world_revoke(struct world *world, size_t index)
{
    engine_revoke(&world->engine, &world->stored[index], world->now, &world->outcome);
    apply(world);
}

void world_found(struct world *world, unsigned worker, const struct job *job)
{
    engine_found(&world->engine,
                 &(struct found_report){.worker = text_of(name_of(worker)),
                                        .instance = instance_of(worker),
                                        .operation_id = job->operation_id,
                                        .fence = job->fence},
                 world_record(world, &job->operation_id), &world->outcome);
    apply(world);
}

void world_due(struct world *world)
{
    struct wall earliest = {INT64_MAX};

    if (!engine_due_is_due(&world->engine, world->now)) {
        return;
    }
    for (size_t i = 0; i < world->count; i++) {
        const struct record record = world->stored[i];
        int64_t at_ms =
            record.overdue.ms ? record.overdue.ms + world->options.overdue_ms : record.due.ms;
        if (!record_is_terminal(&record) && at_ms <= world->now.wall.ms) {
            engine_overdue(&world->engine, &record, world->now, &world->outcome);
            at_ms = world->now.wall.ms + world->options.overdue_ms;
            apply(world);
        }
        if (!record_is_terminal(&world->stored[i]) && at_ms < earliest.ms) {
            earliest.ms = at_ms;
        }
    }
    engine_due_next(&world->engine, earliest);
}

static void pass_retries(struct world *world)
{
    struct wall earliest = {INT64_MAX};

    if (!engine_retry_is_due(&world->engine, world->now)) {
        return;
    }
    for (size_t i = 0; i < world->count; i++) {
        const struct record record = world->stored[i];
        if (record.stage != OPERATION_STAGE_RETRY_WAIT) {
            continue;
        }
        if (record.ready.ms <= world->now.wall.ms) {
            engine_retry(&world->engine, &record, world->now, &world->outcome);
        } else if (record.ready.ms < earliest.ms) {
            earliest = record.ready;
        }
    }
    apply(world);
    engine_retry_next(&world->engine, earliest);
}

void world_pass(struct world *world, int64_t ms)
{
    world->now.mono.ms += ms;
    world->now.wall.ms += ms;
    engine_tick(&world->engine, world->now, &world->outcome);
    apply(world);
    pass_retries(world);
}

int world_told(const struct world *world, int64_t fence)
{
    static const int answers[] = {
        [VERDICT_RECORDED] = 1, [VERDICT_SUPERSEDED] = 0, [VERDICT_CANCELLED] = 2};
    int told = -1;

    for (size_t i = 0; i < world->notice_count; i++) {
        if (world->notices[i].fence == fence) {
            told = answers[world->notices[i].verdict];
        }
    }
    return told;
}
