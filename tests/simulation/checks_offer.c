// SPDX-License-Identifier: MIT
/* Offers: each under a fence that was never offered, only to slots that are known to be free. */
#include "daemon/daemon.h"
#include "schemas/codec/codec.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/fairness.h"
#include "tests/simulation/offers.h"
#include "tests/simulation/operator.h"
#include "tests/simulation/site.h"

static struct job offered;

static bool can_be_read(const struct evidence *evidence)
{
    struct wire_error error;

    return job_decode(evidence->root, &offered, &error) == 0;
}

static bool is_queued(const struct evidence *evidence)
{
    const struct model_operation *operation = model_operation(&offered.operation_id);

    (void)evidence;
    return (operation && operation->newest.stage == OPERATION_STAGE_QUEUED &&
            uuid_equal(&operation->newest.tenant_id, &offered.tenant_id) &&
            uuid_equal(&operation->newest.user_id, &offered.user_id) &&
            operation->newest.attempt + 1 == offered.attempt) ||
           checks_detail("fence %llx", (unsigned long long)offered.fence);
}

/* Offers of one turn may leave in another order than their fences were given. */
static bool fence_is_new(const struct evidence *evidence)
{
    const struct model_operation *operation = model_operation(&offered.operation_id);

    (void)evidence;
    return (!offers_have(offered.fence) && offered.fence > operation->offered_fence) ||
           checks_detail("%llx after %llx", (unsigned long long)offered.fence,
                         (unsigned long long)operation->offered_fence);
}

/* When it is made: until it is sent, the disk may be waited for, and slots be taken. Offers that
 * are taken back meanwhile only make more room. */
static bool slot_is_free(const struct evidence *evidence)
{
    static int64_t last_fence;
    const struct engine *engine = &evidence->daemon->engine;
    int64_t fence = (engine->options.start_count << 32) | engine->fence_counter;
    bool is_new = fence != last_fence;

    last_fence = fence;
    return !is_new || (int64_t)engine->attempts.offered <= pool_free(&engine->pool) ||
           checks_detail("%zu offers for %lld slots", engine->attempts.offered,
                         (long long)pool_free(&engine->pool));
}

static bool is_not_paused(const struct evidence *evidence)
{
    (void)evidence;
    return !operator_has_paused(site_tenant_number(&offered.tenant_id));
}

/* Offered or gathered, as far as the daemon knows. */
static bool is_within_cap(const struct evidence *evidence)
{
    const struct attempts *attempts = &evidence->daemon->engine.attempts;
    struct table_link *link = table_each(&attempts->by_fence, NULL);
    int64_t cap = site_cap(site_tenant_number(&offered.tenant_id));
    int64_t running = 0;

    for (; link; link = table_each(&attempts->by_fence, link)) {
        const struct attempt *attempt = TABLE_ENTRY(link, struct attempt, by_fence);
        running += uuid_equal(&attempt->entry.tenant_id, &offered.tenant_id);
    }
    return cap == 0 || running <= cap ||
           checks_detail("%lld of %lld", (long long)running, (long long)cap);
}

static bool is_noted(const struct evidence *evidence)
{
    (void)evidence;
    fairness_offer(&offered);
    offers_note(&offered);
    return true;
}

static const struct check rows[] = {
    {4, "a job can be read", can_be_read},
    {4, "only what is durably queued is offered", is_queued},
    {4, "every offer has a fence of its own, larger than those of its operation before",
     fence_is_new},
    {5, "nothing is offered while it is paused", is_not_paused},
    {6, "no tenant has more in flight than its cap", is_within_cap},
    {4, "offers are noted", is_noted},
};

static const struct check rows_decided[] = {
    {8, "there are never more offers than free slots", slot_is_free},
};

const struct checks checks_decided = {rows_decided, sizeof rows_decided / sizeof rows_decided[0]};
const struct checks checks_offer = {rows, sizeof rows / sizeof rows[0]};
