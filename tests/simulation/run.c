// SPDX-License-Identifier: MIT
#include "tests/simulation/run.h"

#include <stdlib.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/approver.h"
#include "tests/simulation/bundles.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/daemon_actor.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/fairness.h"
#include "tests/simulation/model.h"
#include "tests/simulation/network.h"
#include "tests/simulation/offers.h"
#include "tests/simulation/operator.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/random.h"
#include "tests/simulation/receipts.h"
#include "tests/simulation/site.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/watcher.h"

/* By then, after the last fault, everything must have ended. */
#define SETTLING_MS 240000
/* And so often each operation may be gathered, one after the other. */
#define WORK 5
/* How often it is looked whether it has. */
#define SETTLED_STEPS 16
/* A daemon whose messages go in circles does many steps in no time. */
#define MAXIMUM_STEPS 400000

static void reset(uint64_t seed)
{
    random_seed(seed);
    clock_reset();
    agenda_clear();
    trace_reset();
    checks_reset();
    model_reset();
    offers_reset();
    bundles_reset();
    network_reset();
    disk_reset();
    daemon_actor_reset();
    clients_reset();
    watchers_reset();
    operator_reset();
    receipts_reset();
    approvers_reset();
    fairness_watch(false);
}

static void release(void)
{
    daemon_actor_release();
    workers_release();
    clients_release();
    watchers_release();
    operator_release();
    approvers_release();
    network_release();
    agenda_clear();
}

void run_prepare(void)
{
    static const struct workers_options nobody = {.poisonous_user = SITE_USERS};

    reset(0);
    workers_reset(&nobody);
    site_choose(0, 1);
    daemon_actor_start();
    daemon_actor_stop();
    disk_keep_template();
    release();
}

static void begin(const struct plan *plan)
{
    site_choose(plan->configuration, plan->tenants);
    if (!plan->is_new_store) {
        disk_use_template();
    }
    network_delay(plan->delay_ms);
    workers_reset(&plan->workers);
    daemon_actor_start();
    workers_start();
    for (unsigned i = 0; i < plan->client_count; i++) {
        clients_add(&plan->clients[i]);
    }
    for (unsigned i = 0; i < plan->watchers; i++) {
        watchers_add(i % plan->tenants);
    }
    if (plan->has_operator) {
        operator_start();
    }
    approvers_start();
    fairness_watch(plan->is_fair);
    faults_start(plan->mean_ms);
}

static bool has_settled(void)
{
    const struct model_operation *operation;
    const struct bundle_file *file;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (!model_is_terminal(&operation->newest)) {
            return false;
        }
    }
    for (size_t i = 0; (file = bundles_file(i)); i++) {
        if (file->is_marked) {
            return false;
        }
    }
    return daemon_actor_is_running() && !clients_are_waiting() && operator_has_rested() &&
           workers_unrecorded() == 0 && !workers_are_gathering() && watchers_have_converged();
}

static bool step(struct run_result *result)
{
    result->steps++;
    return agenda_step() && !checks_violation();
}

static void say_what_is_left(void)
{
    const struct model_operation *operation;
    char id[UUID_TEXT_BUFFER] = "";
    size_t left = 0;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (!model_is_terminal(&operation->newest)) {
            uuid_format(&operation->newest.operation_id, id);
            left++;
        }
    }
    checks_fail(5, "after the faults everything ends in bounded time",
                "%zu operations not ended %s, %zu results not recorded, %s%s%s%s", left, id,
                workers_unrecorded(), daemon_actor_is_running() ? "" : "daemon down ",
                clients_are_waiting() ? "clients wait " : "",
                workers_are_gathering() ? "workers gather " : "",
                watchers_have_converged() ? "" : "watchers show what is not true");
}

static void settle(const struct plan *plan, struct run_result *result)
{
    int64_t deadline_ms =
        clock_now_ms() + SETTLING_MS + plan->workers.gathering_ms * WORK * (int64_t)model_count();

    faults_stop();
    clients_rest();
    operator_rest();
    while (step(result) && (result->steps % SETTLED_STEPS || !has_settled())) {
        if (clock_now_ms() > deadline_ms || result->steps > MAXIMUM_STEPS) {
            say_what_is_left();
        }
    }
}

/* Stops and starts once more: what is stored must be all there is. */
static void conclude(void)
{
    const struct evidence evidence = {.daemon = daemon_actor_daemon()};

    if (!checks_violation()) {
        checks_run(MOMENT_END, &evidence);
    }
    if (!checks_violation()) {
        daemon_actor_stop();
        daemon_actor_start();
    }
    if (!checks_violation() && !daemon_actor_is_running()) {
        checks_fail(9, "the daemon starts after all", "%s", "");
    }
    if (!checks_violation()) {
        receipts_check();
    }
}

static void count(struct run_result *result)
{
    const struct model_operation *operation;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        result->operations++;
        result->complete += operation->newest.stage == OPERATION_STAGE_DONE;
    }
}

struct run_result run_seed(uint64_t seed, int64_t steps)
{
    struct run_result result = {0};
    struct plan plan;

    reset(seed);
    plan = plan_make();
    begin(&plan);
    while (!checks_violation() && result.steps < steps && step(&result)) {
    }
    if (!checks_violation()) {
        settle(&plan, &result);
    }
    if (!checks_violation()) {
        conclude();
    }
    result.virtual_ms = clock_now_ms();
    result.is_violated = checks_violation() != NULL;
    if (result.is_violated) {
        result.violation = *checks_violation();
    }
    count(&result);
    release();
    return result;
}
