// SPDX-License-Identifier: MIT
#include "tests/simulation/approver.h"

#include <stdio.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random.h"
#include "tests/simulation/receipts.h"
#include "tests/simulation/site.h"

#define PAUSE_MS      1200
#define APPROVED      800 /* of a thousand */
#define WITH_A_REASON 500

struct approver {
    struct caller caller;     /* first: it is also this */
    struct uuid operation_id; /* decided about last */
};

static struct approver approvers[SITE_TENANTS];

void approvers_reset(void)
{
    for (unsigned i = 0; i < SITE_TENANTS; i++) {
        approvers[i] = (struct approver){0};
    }
}

void approvers_release(void)
{
    for (unsigned i = 0; i < SITE_TENANTS; i++) {
        caller_release(&approvers[i].caller);
    }
}

static void look(void *owner, int64_t asked)
{
    struct approver *approver = owner;
    union any_request request = {0};

    if (approver->caller.is_waiting || (int64_t)approver->caller.asked != asked) {
        return;
    }
    request.list_operations.has_stage = true;
    request.list_operations.stage = OPERATION_STAGE_AWAITING_APPROVAL;
    request.list_operations.top = random_between(1, 5);
    caller_ask(&approver->caller, REQUEST_KIND_LIST_OPERATIONS, &request);
}

static void look_later(struct approver *approver)
{
    agenda_add(random_between(1, PAUSE_MS), look, approver, (int64_t)approver->caller.asked);
}

static void decide(struct approver *approver)
{
    union any_request request = {0};
    bool is_approved = random_chance(APPROVED);

    if (is_approved) {
        request.approve_operation.operation_id = approver->operation_id;
        request.approve_operation.has_reason = random_chance(WITH_A_REASON);
        request.approve_operation.reason = TEXT("because");
    } else {
        request.deny_operation.operation_id = approver->operation_id;
        request.deny_operation.reason = TEXT("because not");
    }
    caller_ask(&approver->caller,
               is_approved ? REQUEST_KIND_APPROVE_OPERATION : REQUEST_KIND_DENY_OPERATION,
               &request);
}

static void heard_list(struct approver *approver, int64_t status, const msgpack_object *reply)
{
    struct list_operations_reply said;
    struct wire_error error;
    struct operation operation;

    if (status != 200 || list_operations_reply_decode(reply, &said, &error)) {
        checks_fail(9, "an approver sees what awaits approval", "%lld", (long long)status);
        return;
    }
    for (uint32_t i = 0; i < said.value.count; i++) {
        codec_item(&said.value, i, &operation);
        if (operation.stage != OPERATION_STAGE_AWAITING_APPROVAL) {
            checks_fail(3, "only what awaits approval is listed as such", "%s",
                        operation_stage_name(operation.stage));
        }
    }
    if (said.value.count == 0) {
        look_later(approver);
        return;
    }
    codec_item(&said.value, (uint32_t)random_below(said.value.count), &operation);
    approver->operation_id = operation.id;
    decide(approver);
}

/* What was cancelled or ended overdue meanwhile is not decided any more. */
static void heard_decision(struct approver *approver, int64_t status, const msgpack_object *reply)
{
    struct approve_operation_reply said; /* the reply to a denial has the same members */
    struct wire_error error = {0};
    const struct model_operation *operation = model_operation(&approver->operation_id);
    bool is_decided = operation && operation->newest.stage != OPERATION_STAGE_AWAITING_APPROVAL;

    if (!is_decided ||
        (status != 200 && !(status == 409 && model_is_terminal(&operation->newest)))) {
        checks_fail(3, "what awaits approval is decided when an approver says so", "%lld, %s",
                    (long long)status,
                    operation ? operation_stage_name(operation->newest.stage) : "unknown");
        return;
    }
    if (status == 200) {
        if (approve_operation_reply_decode(reply, &said, &error) || !said.has_receipt) {
            checks_fail(2, "a decision is acknowledged with a receipt", "%s", error.field);
            return;
        }
        receipts_keep(&said.receipt);
    }
    look_later(approver);
}

static void heard(struct caller *caller, int64_t status, const msgpack_object *reply)
{
    struct approver *approver = (struct approver *)caller;

    if (caller->kind == REQUEST_KIND_LIST_OPERATIONS) {
        heard_list(approver, status, reply);
    } else {
        heard_decision(approver, status, reply);
    }
}

void approvers_start(void)
{
    char name[32];

    for (unsigned i = 0; i < site_active_tenants(); i++) {
        if (site_needs_approval(i)) {
            snprintf(name, sizeof name, "approver-%u", i);
            caller_init(&approvers[i].caller, name, i, SITE_APPROVER, heard);
            look_later(&approvers[i]);
        }
    }
}
