// SPDX-License-Identifier: MIT
#include "tests/simulation/operator.h"

#include "tests/simulation/agenda.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/random.h"
#include "tests/simulation/site.h"

#define PAUSE_MS   1500
#define AGAIN_MS   4000
#define EVERYTHING SITE_TENANTS
#define QUESTIONS  (SITE_TENANTS + 1)

static struct caller operator;
static bool is_there;
static bool is_resting;
static unsigned resumed; /* of all, while resting */

/* What was asked last, and what is so for certain: of each tenant, and of everything. */
static unsigned subject;
static bool is_pause;
static bool is_paused[QUESTIONS];

static void ask_something(void *owner, int64_t asked);

void operator_reset(void)
{
    is_there = is_resting = false;
    for (unsigned i = 0; i < QUESTIONS; i++) {
        is_paused[i] = false;
    }
}

void operator_release(void)
{
    caller_release(&operator);
    is_there = false;
}

static void ask(unsigned about, bool pauses)
{
    union any_request request = {0};

    subject = about;
    is_pause = pauses;
    request.pause_dispatch.has_tenant_id = about != EVERYTHING;
    if (about != EVERYTHING) {
        request.pause_dispatch.tenant_id = *site_tenant_id(about);
    }
    if (!pauses) {
        is_paused[about] = false; /* in doubt from now on */
    }
    caller_ask(&operator, pauses ? REQUEST_KIND_PAUSE_DISPATCH : REQUEST_KIND_RESUME_DISPATCH,
               &request);
}

_Static_assert(sizeof(struct pause_dispatch_request) == sizeof(struct resume_dispatch_request),
               "one stands for the other");

static void resume_again(void *owner, int64_t number);

/* Over and over: a pause that was sent twice may arrive after all. */
static void go_on_resuming(void)
{
    if (resumed < QUESTIONS) {
        ask(resumed++, false);
    } else {
        agenda_add(AGAIN_MS, resume_again, NULL, 0);
    }
}

static void resume_again(void *owner, int64_t number)
{
    (void)owner;
    (void)number;
    resumed = 0;
    go_on_resuming();
}

static void heard(struct caller *caller, int64_t status, const msgpack_object *reply)
{
    (void)reply;
    if (status != 200) {
        checks_fail(9, "an operator pauses and resumes", "%lld", (long long)status);
    }
    if (is_resting) {
        go_on_resuming();
        return;
    }
    agenda_add(random_between(1, PAUSE_MS), ask_something, caller, (int64_t)caller->asked);
}

static void ask_something(void *owner, int64_t asked)
{
    struct caller *caller = owner;

    if (!is_resting && !caller->is_waiting && (int64_t)caller->asked == asked) {
        ask((unsigned)random_below(QUESTIONS), random_chance(500));
    }
}

/* What was asked holds from now on, whether the answer arrives or not. */
static void answered(void)
{
    is_paused[subject] = is_pause;
}

void operator_start(void)
{
    is_there = true;
    caller_init(&operator, "operator", 0, 0, heard);
    operator.answered = answered;
    agenda_add(random_between(1, PAUSE_MS), ask_something, &operator, 0);
}

void operator_rest(void)
{
    is_resting = true;
    resumed = 0;
    caller_give_up(&operator);
    if (is_there) {
        go_on_resuming();
    }
}

bool operator_has_rested(void)
{
    return !is_there || (resumed == QUESTIONS && !operator.is_waiting);
}

bool operator_has_paused(unsigned tenant)
{
    return is_there && operator.repeated == 0 &&(is_paused[EVERYTHING] || is_paused[tenant]);
}
