// SPDX-License-Identifier: MIT
/* The offers and running attempts in flight, found by fence and by operation. Pure. */
#ifndef DAEMON_CORE_ATTEMPT_H
#define DAEMON_CORE_ATTEMPT_H

#include "daemon/core/queue.h"
#include "schemas/record.h"

struct attempt {
    struct table_link by_fence;
    struct table_link by_operation;
    int64_t fence;
    struct queue_entry entry;
    struct mono deadline; /* of the offer, then of the lease or the limit */
    bool is_running;      /* otherwise offered */
    /* from here on only when it is running */
    struct record record;
    struct uuid instance; /* of the worker; all zero after a restart until its heartbeat */
    struct mono started;
    double progress;
    int64_t rows;
    int64_t bytes;
};

struct attempts {
    struct table by_fence;
    struct table by_operation;
    size_t offered;
    size_t running;
    struct mono next_deadline; /* no deadline is earlier than this */
};

int attempts_init(struct attempts *attempts); /* -ERROR_MEMORY */
void attempts_release(struct attempts *attempts);

/* A new offer, owned by the attempts; NULL when there is no memory. */
struct attempt *attempts_offer(struct attempts *attempts, const struct queue_entry *entry,
                               int64_t fence, struct mono deadline);

/* Makes an offer, or what was running before a restart, a running attempt with this record. */
void attempts_run(struct attempts *attempts, struct attempt *attempt, const struct record *record,
                  struct mono now);

struct attempt *attempts_find(const struct attempts *attempts, int64_t fence);
struct attempt *attempts_find_operation(const struct attempts *attempts, const struct uuid *id);

/* Any walk over all: start with NULL. The one before may be ended once the next is known. */
struct attempt *attempts_each(const struct attempts *attempts, const struct attempt *previous);

/* Forgets one; the pointer is dead afterwards. */
void attempts_end(struct attempts *attempts, struct attempt *attempt);

/* Sets a deadline; later ones cost nothing. */
void attempts_extend(struct attempts *attempts, struct attempt *attempt, struct mono deadline);

/* Some attempt whose deadline has passed, or NULL. Cheap until next_deadline is reached. */
struct attempt *attempts_overdue(struct attempts *attempts, struct mono now);

#endif
