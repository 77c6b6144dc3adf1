// SPDX-License-Identifier: MIT
#include "tests/simulation/plan.h"

#include "tests/simulation/random.h"
#include "tests/simulation/site.h"

#define FAIR_SEEDS 80 /* of a thousand */

static struct workers_options plan_workers(void)
{
    static const int64_t gathering_ms[] = {20, 100, 400, 1500, 4000};
    struct workers_options workers = {
        .count = (unsigned)random_between(1, 4),
        .slots = (unsigned)random_between(1, 4),
        .gathering_ms = gathering_ms[random_below(5)],
        .failing = random_chance(500) ? (unsigned)random_below(400) : 0,
        .hopeless = random_chance(500) ? (unsigned)random_below(200) : 0,
        .poisonous_user = random_chance(150) ? (unsigned)random_below(SITE_USERS) : SITE_USERS,
    };

    return workers;
}

/* One client in four seeds floods. */
static struct client_options plan_client(const struct plan *plan, unsigned number)
{
    static const int64_t pause_ms[] = {20, 100, 500};
    struct client_options client = {
        .tenant = (unsigned)random_below(plan->tenants),
        .person = (unsigned)random_below(SITE_PERSONS),
        .pause_ms = pause_ms[random_below(3)],
        .export_weight = (unsigned)random_between(50, 700),
        .exports = (unsigned)random_between(1, 10),
    };

    if (number == 0 && random_chance(250)) {
        client.pause_ms = 3;
        client.export_weight = 950;
        client.exports = random_chance(100) ? 200 : 40;
    }
    return client;
}

static void plan_fair(struct plan *plan)
{
    plan->is_fair = true;
    plan->configuration = (unsigned)random_below(SITE_CONFIGURATIONS - 1);
    plan->tenants = (unsigned)random_between(2, SITE_TENANTS);
    plan->client_count = plan->tenants;
    plan->watchers = 0;
    plan->has_operator = false;
    plan->workers.failing = plan->workers.hopeless = 0;
    plan->workers.poisonous_user = SITE_USERS;
    plan->workers.gathering_ms = 100;
    plan->delay_ms = 2;
    for (unsigned i = 0; i < plan->tenants; i++) {
        plan->clients[i] = (struct client_options){
            .tenant = i, .pause_ms = 2, .export_weight = 1000, .exports = 40};
    }
}

struct plan plan_make(void)
{
    struct plan plan = {
        .configuration = (unsigned)random_below(SITE_CONFIGURATIONS),
        .tenants = (unsigned)random_between(1, SITE_TENANTS),
        .is_new_store = random_chance(200),
        .workers = plan_workers(),
        .client_count = (unsigned)random_between(1, PLAN_CLIENTS),
        .watchers = (unsigned)random_below(3),
        .has_operator = random_chance(250),
        .delay_ms = random_chance(500) ? 3 : random_between(1, 400),
    };

    for (unsigned i = 0; i < plan.client_count; i++) {
        plan.clients[i] = plan_client(&plan, i);
    }
    for (int kind = 0; kind < FAULT_COUNT; kind++) {
        plan.mean_ms[kind] = random_chance(350) ? random_between(500, 15000) : 0;
    }
    if (random_chance(FAIR_SEEDS)) {
        plan_fair(&plan);
        for (int kind = 0; kind < FAULT_COUNT; kind++) {
            plan.mean_ms[kind] = 0;
        }
    }
    return plan;
}
