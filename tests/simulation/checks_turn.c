// SPDX-License-Identifier: MIT
/* What holds after every turn of the daemon: its memory against the log and its own bounds. */
#include "daemon/daemon.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/fairness.h"
#include "tests/simulation/log_reader.h"
#include "tests/simulation/site.h"

static bool overlay_is_bounded(const struct evidence *evidence)
{
    size_t bound = (size_t)evidence->daemon->settings.values.store.overlay_operations;

    return log_reader_overlay() <= bound ||
           checks_detail("%zu of %zu", log_reader_overlay(), bound);
}

static bool pages_are_bounded(const struct evidence *evidence)
{
    const struct queue *queue = &evidence->daemon->engine.queue;

    return queue->held <= queue->tenants.count * QUEUE_PAGE ||
           checks_detail("%zu entries", queue->held);
}

/* A running attempt is the newest of an operation that is being gathered. */
static bool attempt_fits(const struct attempt *attempt)
{
    const struct model_operation *operation = model_operation(&attempt->entry.id);

    if (!operation) {
        return checks_detail("an attempt of no operation");
    }
    if (attempt->is_running) {
        return (operation->newest.stage == OPERATION_STAGE_GATHERING &&
                operation->started_fence == attempt->fence) ||
               checks_detail("fence %llx runs in %s", (unsigned long long)attempt->fence,
                             operation_stage_name(operation->newest.stage));
    }
    return operation->newest.stage == OPERATION_STAGE_QUEUED ||
           checks_detail("fence %llx is offered in %s", (unsigned long long)attempt->fence,
                         operation_stage_name(operation->newest.stage));
}

static bool attempts_fit(const struct evidence *evidence)
{
    const struct attempts *attempts = &evidence->daemon->engine.attempts;
    struct table_link *link = table_each(&attempts->by_fence, NULL);
    size_t running = 0;
    size_t offered = 0;

    for (; link; link = table_each(&attempts->by_fence, link)) {
        const struct attempt *attempt = TABLE_ENTRY(link, struct attempt, by_fence);
        running += attempt->is_running;
        offered += !attempt->is_running;
        if (!attempt_fits(attempt)) {
            return false;
        }
        if (attempts_find_operation(attempts, &attempt->entry.id) != attempt) {
            return checks_detail("two attempts of one operation");
        }
    }
    return (running == attempts->running && offered == attempts->offered) ||
           checks_detail("%zu running and %zu offered", running, offered);
}

static bool gathering_is_leased(const struct evidence *evidence)
{
    const struct attempts *attempts = &evidence->daemon->engine.attempts;
    const struct model_operation *operation;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        const struct attempt *attempt;
        if (operation->newest.stage != OPERATION_STAGE_GATHERING) {
            continue;
        }
        attempt = attempts_find_operation(attempts, &operation->newest.operation_id);
        if (!attempt || !attempt->is_running) {
            return checks_detail("sequence %lld", (long long)operation->newest.sequence);
        }
    }
    return true;
}

static bool counts_are_right(const struct evidence *evidence)
{
    for (unsigned tenant = 0; tenant < SITE_TENANTS; tenant++) {
        struct store_counts counts = store_counts(evidence->daemon->store, site_tenant_id(tenant));
        const struct model_operation *operation;

        for (size_t i = 0; (operation = model_number(i)); i++) {
            if (uuid_equal(&operation->newest.tenant_id, site_tenant_id(tenant))) {
                counts.of[operation->newest.stage]--;
            }
        }
        for (int stage = 0; stage < OPERATION_STAGE_COUNT; stage++) {
            if (counts.of[stage] != 0) {
                return checks_detail("tenant %u, %s: off by %lld", tenant,
                                     operation_stage_name((enum operation_stage)stage),
                                     (long long)counts.of[stage]);
            }
        }
    }
    return true;
}

static bool log_is_read(const struct evidence *evidence)
{
    return store_sequence(evidence->daemon->store) == model_sequence();
}

static bool is_fair(const struct evidence *evidence)
{
    return fairness_turn(evidence->daemon);
}

static const struct check rows[] = {
    {6, "backlogged tenants get their shares, round by round", is_fair},
    {8, "the overlay is bounded", overlay_is_bounded},
    {8, "the pages of the queue are bounded", pages_are_bounded},
    {1, "the sequence is the one of the log", log_is_read},
    {4, "an operation has at most one attempt in flight, under its newest fence", attempts_fit},
    {5, "what is being gathered has a lease that can end", gathering_is_leased},
    {3, "the counts are those of the log", counts_are_right},
};

const struct checks checks_turn = {rows, sizeof rows / sizeof rows[0]};
