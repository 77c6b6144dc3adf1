// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/stub_state.h"

#include <stdlib.h>

#include "tests/unit/clients/library/stub_inside.h"

const struct uuid stub_tenant = {{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0x4a, 0xaa, 0x8a, 0xaa}};

struct operation *stub_find(struct stub_state *state, const struct uuid *id)
{
    for (int i = 0; i < state->operation_count; i++) {
        if (uuid_equal(&state->operations[i].id, id)) {
            return &state->operations[i];
        }
    }
    return NULL;
}

static void store_event(struct stub_state *state, struct operation *operation, enum event_kind kind)
{
    if (state->event_count == STUB_EVENTS) {
        abort();
    }
    operation->sequence = state->event_count + 1;
    operation->revision++;
    state->events[state->event_count++] = stub_event(operation, kind);
}

struct operation *stub_make(struct stub_state *state, const struct uuid *user_id)
{
    struct operation *operation = &state->operations[state->operation_count];
    uint8_t random[10] = {0};

    if (state->operation_count == STUB_OPERATIONS) {
        abort();
    }
    random[8] = (uint8_t)(state->operation_count >> 8);
    random[9] = (uint8_t)state->operation_count;
    *operation = (struct operation){.id = uuid_v7(STUB_NOW_MS, random),
                                    .user_id = *user_id,
                                    .status = OPERATION_STATUS_NOT_STARTED,
                                    .stage = OPERATION_STAGE_QUEUED,
                                    .requested_by = *user_id,
                                    .submitted_date_time = {STUB_NOW_MS},
                                    .due_date_time = {STUB_NOW_MS + 1}};
    state->operation_count++;
    state->counts.operations++;
    store_event(state, operation, EVENT_KIND_ACCEPTED);
    return operation;
}

struct receipt stub_receipt(const struct operation *operation)
{
    return (struct receipt){operation->sequence, TEXT(STUB_HEAD)};
}

struct event stub_event(const struct operation *operation, enum event_kind kind)
{
    return (struct event){.sequence = operation->sequence,
                          .operation_id = operation->id,
                          .tenant_id = stub_tenant,
                          .revision = operation->revision,
                          .kind = kind,
                          .status = operation->status,
                          .stage = operation->stage,
                          .progress = operation->progress,
                          .attempt = operation->attempt,
                          .date_time = {STUB_NOW_MS + operation->sequence},
                          .has_failure_code = operation->has_failure,
                          .failure_code = operation->failure.code};
}

struct event stub_change_overdue(struct stub_state *state, struct operation *operation)
{
    double progress = operation->progress;

    operation->overdue = true;
    operation->progress = 0; /* ticks are not stored, so the event does not know of them */
    store_event(state, operation, EVENT_KIND_OVERDUE);
    operation->progress = progress;
    return state->events[state->event_count - 1];
}

int64_t stub_overdue_count(const struct stub_state *state)
{
    int64_t count = 0;

    for (int i = 0; i < state->operation_count; i++) {
        const struct operation *operation = &state->operations[i];

        count += operation->overdue && !operation->has_completed_date_time ? 1 : 0;
    }
    return count;
}

static const struct {
    enum operation_status status;
    enum event_kind kind;
    double progress;
} stages[] = {
    [OPERATION_STAGE_QUEUED] = {OPERATION_STATUS_NOT_STARTED, EVENT_KIND_REQUEUED, 0},
    [OPERATION_STAGE_OFFERED] = {OPERATION_STATUS_NOT_STARTED, EVENT_KIND_REQUEUED, 0},
    [OPERATION_STAGE_GATHERING] = {OPERATION_STATUS_RUNNING, EVENT_KIND_STARTED, 0},
    [OPERATION_STAGE_RETRY_WAIT] = {OPERATION_STATUS_NOT_STARTED, EVENT_KIND_RETRY_WAIT, 0},
    [OPERATION_STAGE_DONE] = {OPERATION_STATUS_COMPLETE, EVENT_KIND_COMPLETED, 100},
    [OPERATION_STAGE_FAILED] = {OPERATION_STATUS_FAILED, EVENT_KIND_FAILED, 50},
};

static void end(struct operation *operation)
{
    operation->has_completed_date_time = true;
    operation->completed_date_time = (struct wall){STUB_NOW_MS + 5000};
    if (operation->stage == OPERATION_STAGE_FAILED) {
        operation->has_failure = true;
        operation->failure = (struct failure){.code = FAILURE_CODE_SOURCE_FAILED,
                                              .message = TEXT("A required source failed.")};
        return;
    }
    operation->has_storage_location = true;
    operation->storage_location = TEXT("https://bundles.example.org/a/b.zip");
    operation->has_bundle = true;
    operation->bundle = (struct bundle){
        .sha256 = TEXT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        .bytes = 4711};
}

struct event stub_change(struct stub_state *state, struct operation *operation,
                         enum operation_stage stage)
{
    operation->stage = stage;
    operation->status = stages[stage].status;
    operation->progress = stages[stage].progress;
    operation->attempt += stage == OPERATION_STAGE_GATHERING ? 1 : 0;
    if (stage == OPERATION_STAGE_DONE || stage == OPERATION_STAGE_FAILED) {
        end(operation);
    }
    store_event(state, operation, stages[stage].kind);
    return state->events[state->event_count - 1];
}

struct event stub_change_cancelled(struct stub_state *state, struct operation *operation)
{
    operation->stage = OPERATION_STAGE_FAILED;
    operation->status = OPERATION_STATUS_FAILED;
    end(operation);
    operation->failure = (struct failure){.code = FAILURE_CODE_CANCELLED,
                                          .message = TEXT("The operation was cancelled.")};
    operation->has_cancelled_by = true;
    stub_check(uuid_parse(TEXT(STUB_PERSON), &operation->cancelled_by) == 0, "no person");
    store_event(state, operation, EVENT_KIND_FAILED);
    return state->events[state->event_count - 1];
}
