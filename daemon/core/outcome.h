// SPDX-License-Identifier: MIT
/* What the engine decided in a step: changes, which the caller stores in this turn, and effects,
 * which it lets out only once they are durable. Growing may fail; the first failure is kept in
 * error, and the caller must not go on then. */
#ifndef DAEMON_CORE_OUTCOME_H
#define DAEMON_CORE_OUTCOME_H

#include "schemas/record.h"

/* A new state of an operation. The result belongs to the report that brought it. */
struct change {
    enum event_kind kind;
    struct record record;
    const struct operation_result *result; /* NULL when the event has none */
};

/* A running attempt has come further; not stored. */
struct progress_tick {
    struct uuid operation_id;
    int64_t fence;
};

/* What a worker is to be told about a fence: its result is durable; it does not count any more; its
 * operation was cancelled. */
enum verdict { VERDICT_RECORDED, VERDICT_SUPERSEDED, VERDICT_CANCELLED };

struct fence_notice {
    char worker[64];
    int64_t fence;
    enum verdict verdict;
};

/* An offer rests on the last event of its operation, and on nothing else of the turn. */
struct offer {
    struct job job;
    int64_t sequence; /* of that event */
};

struct outcome {
    struct change *changes;
    size_t change_count;
    size_t change_capacity;
    struct offer *offers;
    size_t offer_count;
    size_t offer_capacity;
    struct progress_tick *ticks;
    size_t tick_count;
    size_t tick_capacity;
    struct fence_notice *notices;
    size_t notice_count;
    size_t notice_capacity;
    int error; /* 0 or negative */
};

void outcome_clear(struct outcome *outcome); /* empty again, keeps the memory */
void outcome_release(struct outcome *outcome);

void outcome_change(struct outcome *outcome, enum event_kind kind, const struct record *record,
                    const struct operation_result *result);
void outcome_offer(struct outcome *outcome, const struct offer *offer);
void outcome_tick(struct outcome *outcome, const struct uuid *operation_id, int64_t fence);
void outcome_notice(struct outcome *outcome, struct text worker, int64_t fence,
                    enum verdict verdict);

#endif
