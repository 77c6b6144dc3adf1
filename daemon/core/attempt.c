// SPDX-License-Identifier: MIT
#include "daemon/core/attempt.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

int attempts_init(struct attempts *attempts)
{
    *attempts = (struct attempts){.next_deadline = {INT64_MAX}};
    if (table_init(&attempts->by_fence, 256) || table_init(&attempts->by_operation, 256)) {
        attempts_release(attempts);
        return -ERROR_MEMORY;
    }
    return 0;
}

void attempts_release(struct attempts *attempts)
{
    struct table_link *link;

    while (attempts->by_fence.buckets && (link = table_each(&attempts->by_fence, NULL))) {
        table_remove(&attempts->by_fence, link);
        free(TABLE_ENTRY(link, struct attempt, by_fence));
    }
    table_release(&attempts->by_fence);
    table_release(&attempts->by_operation);
}

struct attempt *attempts_offer(struct attempts *attempts, const struct queue_entry *entry,
                               int64_t fence, struct mono deadline)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    if (!attempt) {
        return NULL;
    }
    attempt->fence = fence;
    attempt->entry = *entry;
    table_insert(&attempts->by_fence, &attempt->by_fence, table_hash_integer(fence));
    table_insert(&attempts->by_operation, &attempt->by_operation, table_hash_uuid(&entry->id));
    attempts->offered++;
    attempts_extend(attempts, attempt, deadline);
    return attempt;
}

void attempts_run(struct attempts *attempts, struct attempt *attempt, const struct record *record,
                  struct mono now)
{
    if (!attempt->is_running) {
        attempt->is_running = true;
        attempts->offered--;
        attempts->running++;
    }
    attempt->record = *record;
    attempt->started = now;
    attempt->entry.attempt = record->attempt;
}

struct attempt *attempts_find(const struct attempts *attempts, int64_t fence)
{
    struct table_link *link = table_find(&attempts->by_fence, table_hash_integer(fence));

    for (; link; link = table_find_next(link)) {
        struct attempt *attempt = TABLE_ENTRY(link, struct attempt, by_fence);
        if (attempt->fence == fence) {
            return attempt;
        }
    }
    return NULL;
}

struct attempt *attempts_find_operation(const struct attempts *attempts, const struct uuid *id)
{
    struct table_link *link = table_find(&attempts->by_operation, table_hash_uuid(id));

    for (; link; link = table_find_next(link)) {
        struct attempt *attempt = TABLE_ENTRY(link, struct attempt, by_operation);
        if (uuid_equal(&attempt->entry.id, id)) {
            return attempt;
        }
    }
    return NULL;
}

struct attempt *attempts_each(const struct attempts *attempts, const struct attempt *previous)
{
    struct table_link *link =
        table_each(&attempts->by_fence, previous ? &previous->by_fence : NULL);

    return link ? TABLE_ENTRY(link, struct attempt, by_fence) : NULL;
}

void attempts_end(struct attempts *attempts, struct attempt *attempt)
{
    if (attempt->is_running) {
        attempts->running--;
    } else {
        attempts->offered--;
    }
    table_remove(&attempts->by_fence, &attempt->by_fence);
    table_remove(&attempts->by_operation, &attempt->by_operation);
    free(attempt);
}

void attempts_extend(struct attempts *attempts, struct attempt *attempt, struct mono deadline)
{
    attempt->deadline = deadline;
    if (deadline.ms < attempts->next_deadline.ms) {
        attempts->next_deadline = deadline;
    }
}

/* Deadlines only move away, so the earliest one is looked for again only when it seems to have
 * passed. */
struct attempt *attempts_overdue(struct attempts *attempts, struct mono now)
{
    struct table_link *link;
    struct mono earliest = {INT64_MAX};

    if (now.ms < attempts->next_deadline.ms) {
        return NULL;
    }
    for (link = table_each(&attempts->by_fence, NULL); link;
         link = table_each(&attempts->by_fence, link)) {
        struct attempt *attempt = TABLE_ENTRY(link, struct attempt, by_fence);
        if (attempt->deadline.ms <= now.ms) {
            return attempt;
        }
        if (attempt->deadline.ms < earliest.ms) {
            earliest = attempt->deadline;
        }
    }
    attempts->next_deadline = earliest;
    return NULL;
}
