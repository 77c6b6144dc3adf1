// SPDX-License-Identifier: MIT
#include "daemon/core/outcome.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

void outcome_clear(struct outcome *outcome)
{
    outcome->change_count = 0;
    outcome->offer_count = 0;
    outcome->tick_count = 0;
    outcome->notice_count = 0;
    outcome->error = 0;
}

void outcome_release(struct outcome *outcome)
{
    free(outcome->changes);
    free(outcome->offers);
    free(outcome->ticks);
    free(outcome->notices);
    *outcome = (struct outcome){0};
}

/* Room for one more of size_bytes; the place to put it, or NULL with the error latched. */
static void *room(struct outcome *outcome, void *items, size_t *capacity, size_t count,
                  size_t size_bytes)
{
    size_t larger = *capacity ? *capacity * 2 : 32;
    void *grown = items;

    if (outcome->error) {
        return NULL;
    }
    if (count == *capacity) {
        grown = reallocarray(items, larger, size_bytes);
        if (!grown) {
            outcome->error = -ERROR_MEMORY;
            return NULL;
        }
        *capacity = larger;
    }
    return grown;
}

#define APPEND(outcome, items, count, capacity, ...)                                               \
    do {                                                                                           \
        void *grown_ = room((outcome), (outcome)->items, &(outcome)->capacity, (outcome)->count,   \
                            sizeof *(outcome)->items);                                             \
        if (grown_) {                                                                              \
            (outcome)->items = grown_;                                                             \
            (outcome)->items[(outcome)->count++] = __VA_ARGS__;                                    \
        }                                                                                          \
    } while (0)

void outcome_change(struct outcome *outcome, enum event_kind kind, const struct record *record,
                    const struct operation_result *result)
{
    APPEND(outcome, changes, change_count, change_capacity,
           (struct change){.kind = kind, .record = *record, .result = result});
}

void outcome_offer(struct outcome *outcome, const struct offer *offer)
{
    APPEND(outcome, offers, offer_count, offer_capacity, *offer);
}

void outcome_tick(struct outcome *outcome, const struct uuid *operation_id, int64_t fence)
{
    APPEND(outcome, ticks, tick_count, tick_capacity,
           (struct progress_tick){.operation_id = *operation_id, .fence = fence});
}

void outcome_notice(struct outcome *outcome, struct text worker, int64_t fence,
                    enum verdict verdict)
{
    struct fence_notice notice = {.fence = fence, .verdict = verdict};

    if (text_copy(worker, notice.worker, sizeof notice.worker)) {
        return; /* the decoder bounds names; one that is longer is nobody's topic */
    }
    APPEND(outcome, notices, notice_count, notice_capacity, notice);
}
