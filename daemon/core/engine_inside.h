// SPDX-License-Identifier: MIT
/* What the files of the engine share; nobody else includes this. */
#ifndef DAEMON_CORE_ENGINE_INSIDE_H
#define DAEMON_CORE_ENGINE_INSIDE_H

#include "daemon/core/engine.h"

struct queue_entry engine_entry(const struct record *record);

/* Moves a record, counts the sequence and notes the change. What is not legal is left out. */
void engine_change(struct engine *engine, struct record *record, enum event_kind kind,
                   const struct operation_result *result, struct now now, struct outcome *outcome);

/* An offer that nobody began: the operation is the next of its tenant, which does not lose its turn
 * by it. The pointer is dead afterwards. */
void engine_return(struct engine *engine, struct attempt *attempt);

/* An attempt is over, offered or running: its slot and its tenant's share are free. The pointer is
 * dead afterwards. */
void engine_leave(struct engine *engine, struct attempt *attempt);

/* Whether a report of this worker may be about a running attempt. */
bool engine_is_held(const struct attempt *attempt, struct text worker, const struct uuid *instance);

/* Whether this fence was offered in this life of the daemon or, for all that is known, before. */
bool engine_gave_out(const struct engine *engine, int64_t fence);

/* Renews a running attempt's lease, within its limit. */
void engine_lease(struct engine *engine, struct attempt *attempt, struct now now);

/* Puts an operation that is in the stage queued, as far as the store knows, back to the front. */
void engine_requeue(struct engine *engine, const struct queue_entry *entry);

/* A newly queued operation; the error of the outcome when it could not be noted. One that does not
 * fit into memory waits in the store, where the next page finds it. */
void engine_enqueue(struct engine *engine, const struct record *record, struct outcome *outcome);

/* Tells the worker of a running attempt, if it is known. */
void engine_tell(struct engine *engine, const struct attempt *attempt, enum verdict verdict,
                 struct outcome *outcome);

#endif
