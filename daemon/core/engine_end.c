// SPDX-License-Identifier: MIT
/* Operations that are decided, end or are overdue without a worker's doing. */
#include "daemon/core/engine_inside.h"

/* Ends an operation in whatever stage it is. An offer or an attempt loses its fence with it, so
 * that nothing that is still reported about it counts. */
static void end(struct engine *engine, struct record *record, enum failure_code code,
                bool is_retryable, struct now now, struct outcome *outcome)
{
    struct attempt *attempt = attempts_find_operation(&engine->attempts, &record->id);

    if (attempt) {
        engine_tell(engine, attempt,
                    code == FAILURE_CODE_CANCELLED ? VERDICT_CANCELLED : VERDICT_SUPERSEDED,
                    outcome);
        engine_leave(engine, attempt);
    } else {
        queue_remove(&engine->queue, &record->tenant_id, &record->id);
    }
    record->has_failure = true;
    record->failure = code;
    record->failure_is_retryable = is_retryable;
    engine_change(engine, record, EVENT_KIND_FAILED, NULL, now, outcome);
}

void engine_cancel(struct engine *engine, const struct record *stored, const struct uuid *by,
                   struct now now, struct outcome *outcome)
{
    struct record record = *stored;

    record.has_cancelled_by = true;
    record.cancelled_by = *by;
    end(engine, &record, FAILURE_CODE_CANCELLED, false, now, outcome);
}

void engine_revoke(struct engine *engine, const struct record *stored, struct now now,
                   struct outcome *outcome)
{
    struct record record = *stored;

    /* Who asked is the reason, so the same again is not worth trying. */
    end(engine, &record, FAILURE_CODE_REQUESTER_REVOKED, false, now, outcome);
}

void engine_decide(struct engine *engine, const struct record *stored, bool is_approved,
                   const struct uuid *by, struct now now, struct outcome *outcome)
{
    struct record record = *stored;

    if (!operation_may_move(stored, EVENT_KIND_APPROVED)) {
        return;
    }
    record.has_decided_by = true;
    record.decided_by = *by;
    record.decided = now.wall;
    if (!is_approved) {
        end(engine, &record, FAILURE_CODE_DENIED, false, now, outcome);
        return;
    }
    engine_change(engine, &record, EVENT_KIND_APPROVED, NULL, now, outcome);
    engine_enqueue(engine, &record, outcome);
}

bool engine_due_is_due(const struct engine *engine, struct now now)
{
    return engine->next_due.ms <= now.wall.ms;
}

void engine_due_next(struct engine *engine, struct wall earliest)
{
    engine->next_due = earliest;
}

static struct wall fails_at(const struct engine *engine, const struct record *record)
{
    return (struct wall){record->overdue.ms + engine->options.overdue_ms};
}

void engine_overdue(struct engine *engine, const struct record *stored, struct now now,
                    struct outcome *outcome)
{
    struct attempt *attempt = attempts_find_operation(&engine->attempts, &stored->id);
    struct record record = *stored;

    if (record_is_terminal(stored)) {
        return;
    }
    if (stored->overdue.ms != 0) {
        if (fails_at(engine, stored).ms <= now.wall.ms) {
            end(engine, &record, FAILURE_CODE_OVERDUE, true, now, outcome);
        }
        return;
    }
    /* The time of the report, not the due time, is what the rest is counted from: a clock that was
     * wrong for a moment then fails nothing. */
    record.overdue = now.wall;
    engine_change(engine, &record, EVENT_KIND_OVERDUE, NULL, now, outcome);
    if (attempt && attempt->is_running) {
        attempt->record = record;
    }
}
