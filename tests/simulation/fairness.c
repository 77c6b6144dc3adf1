// SPDX-License-Identifier: MIT
#include "tests/simulation/fairness.h"

#include "daemon/daemon.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/model.h"
#include "tests/simulation/site.h"

/* Queued operations that a tenant must have beyond what is in flight, to count as backlogged. */
#define BACKLOG 8

/* How far one may be ahead: the span begins and ends within a round. */
#define ROUNDS 2.0

static bool is_on;
static bool is_begun;                 /* the span */
static bool is_turn_offering;         /* something was offered in this turn */
static int64_t offered[SITE_TENANTS]; /* since all were backlogged */
static int64_t queued[SITE_TENANTS];

void fairness_watch(bool is_watching)
{
    is_on = is_watching;
    is_begun = false;
    is_turn_offering = false;
    for (unsigned i = 0; i < SITE_TENANTS; i++) {
        offered[i] = 0;
    }
}

static void count_queued(void)
{
    const struct model_operation *operation;

    for (unsigned i = 0; i < SITE_TENANTS; i++) {
        queued[i] = 0;
    }
    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (operation->newest.stage == OPERATION_STAGE_QUEUED && operation->offered_fence == 0) {
            queued[site_tenant_number(&operation->newest.tenant_id)]++;
        }
    }
}

static bool all_are_backlogged(void)
{
    for (unsigned i = 0; i < site_active_tenants(); i++) {
        if (queued[i] < BACKLOG) {
            return false;
        }
    }
    return true;
}

/* Operations, not offers: one that comes back is owed to its tenant, and takes nobody's turn. */
void fairness_offer(const struct job *job)
{
    const struct model_operation *operation = model_operation(&job->operation_id);

    is_turn_offering = is_on;
    if (operation->offered_fence == 0) {
        offered[site_tenant_number(&job->tenant_id)]++;
    }
}

/* Declined or unsent, and not offered again yet: its tenant is owed a job. */
static bool is_back(const struct daemon *daemon, const struct model_operation *operation)
{
    return operation->newest.stage == OPERATION_STAGE_QUEUED && operation->offered_fence != 0 &&
           !engine_attempt(&daemon->engine, &operation->newest.operation_id);
}

static bool is_anything_back(const struct daemon *daemon)
{
    const struct model_operation *operation;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (is_back(daemon, operation)) {
            return true;
        }
    }
    return false;
}

static bool is_ahead(unsigned tenant)
{
    for (unsigned i = 0; i < site_active_tenants(); i++) {
        double rounds = (double)offered[tenant] / (double)site_weight(tenant);
        double others = (double)offered[i] / (double)site_weight(i);
        if (rounds - others > ROUNDS) {
            checks_detail("tenant %u has had %lld, tenant %u %lld", tenant,
                          (long long)offered[tenant], i, (long long)offered[i]);
            return true;
        }
    }
    return false;
}

bool fairness_turn(const struct daemon *daemon)
{
    if (!is_turn_offering) {
        return true;
    }
    is_turn_offering = false;
    count_queued();
    if (!all_are_backlogged()) {
        fairness_watch(true);
        return true;
    }
    if (!is_begun) {
        fairness_watch(true); /* from the next turn on */
        is_begun = !is_anything_back(daemon);
        return true;
    }
    for (unsigned i = 0; i < site_active_tenants(); i++) {
        if (is_ahead(i)) {
            return false;
        }
    }
    return true;
}
