// SPDX-License-Identifier: MIT
/* The engine with the smallest caller there can be: an array for a store and a clock that is moved
 * by hand. It does with an outcome what the daemon's turn does, and checks every change on the way:
 * sequences and revisions go up by one, what has ended never changes, a fence never goes back. */
#ifndef TESTS_UNIT_DAEMON_CORE_WORLD_H
#define TESTS_UNIT_DAEMON_CORE_WORLD_H

#include "daemon/core/engine.h"

#define WORLD_OPERATIONS 1024
#define WORLD_NOTICES    4096
#define WORLD_WORKERS    8

struct world {
    struct engine_options options;
    struct engine engine;
    struct outcome outcome;
    struct now now;
    struct record stored[WORLD_OPERATIONS];
    size_t count;
    int64_t sequence;
    size_t changes; /* applied since the world began */
    enum event_kind last_kind;
    struct job offers[WORLD_OPERATIONS]; /* of the last world_dispatch */
    size_t offer_count;
    struct fence_notice notices[WORLD_NOTICES]; /* since they were last cleared */
    size_t notice_count;
    size_t ticks;
    int code; /* what the engine said to the last report */
};

/* A UUID made from a number; in the order of the numbers. */
struct uuid number_uuid(uint64_t number);

/* xorshift64*, for schedules that can be had again from their seed. */
uint64_t next_random(uint64_t *seed, uint64_t below);

void world_begin(struct world *world);
void world_end(struct world *world);

/* Set-up and tear-down of cmocka: *state is a world. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* The daemon dies and starts again: only the stored records are left. */
void world_restart(struct world *world);

/* Accepts an operation of a tenant; its index. */
size_t world_accept(struct world *world, uint64_t tenant);

/* A heartbeat of a worker with these slots, listing these fences. */
void world_beat(struct world *world, unsigned worker, int64_t slots, const int64_t *fences,
                size_t count);

/* Offers for the free slots; they are in world->offers. */
void world_dispatch(struct world *world);

void world_started(struct world *world, unsigned worker, const struct job *job);
void world_declined(struct world *world, unsigned worker, const struct job *job);
void world_progress(struct world *world, unsigned worker, const struct job *job, double progress);
void world_done(struct world *world, unsigned worker, const struct job *job);
void world_failed(struct world *world, unsigned worker, const struct job *job,
                  enum failure_code code, bool is_retryable);

/* One that awaits approval. */
size_t world_accept_manual(struct world *world, uint64_t tenant);
void world_decide(struct world *world, size_t index, bool is_approved, uint64_t by);

void world_cancel(struct world *world, size_t index, uint64_t by);
void world_revoke(struct world *world, size_t index);
void world_found(struct world *world, unsigned worker, const struct job *job);

/* Looks for what is overdue, if the engine says that there may be something. */
void world_due(struct world *world);

/* Time passes, then a turn's ticks and retries. */
void world_pass(struct world *world, int64_t ms);

/* The stored record of a job's operation. */
struct record *world_record(struct world *world, const struct uuid *id);

/* The last notice about a fence: 1 recorded, 0 superseded, 2 cancelled, -1 none since they were
 * cleared. */
int world_told(const struct world *world, int64_t fence);

#endif
