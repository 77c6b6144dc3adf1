// SPDX-License-Identifier: MIT
/* The stub's answers to what changes operations and dispatch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/clients/library/stub_state.h"

static bool is_cancelled(const struct operation *operation)
{
    return operation->has_failure && operation->failure.code == FAILURE_CODE_CANCELLED;
}

void stub_answer_cancel(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer)
{
    const struct cancel_operation_request *asked = &request->cancel_operation;
    struct operation *operation = stub_find(state, &asked->operation_id);
    struct cancel_operation_reply reply = {.has_request_id = true,
                                           .request_id = asked->request_id,
                                           .status = 200,
                                           .has_operation = true};

    state->counts.cancels++;
    if (!operation) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "operationId", answer);
        return;
    }
    if (operation->has_completed_date_time && !is_cancelled(operation)) {
        stub_refuse(ERROR_OPERATION_ENDED, asked->request_id, "operationId", answer);
        return;
    }
    if (!is_cancelled(operation)) {
        stub_change_cancelled(state, operation);
    }
    reply.operation = *operation;
    reply.has_receipt = true;
    reply.receipt = stub_receipt(operation);
    cancel_operation_reply_encode(&reply, answer);
}

static struct operation *retry(struct stub_state *state, const struct operation *failed)
{
    struct operation *made;

    for (int i = 0; i < state->operation_count; i++) {
        made = &state->operations[i];
        if (made->has_retry_of && uuid_equal(&made->retry_of, &failed->id)) {
            return made;
        }
    }
    made = stub_make(state, &failed->user_id);
    made->has_retry_of = true;
    made->retry_of = failed->id;
    return made;
}

void stub_answer_retry(struct stub_state *state, const union any_request *request,
                       struct wire_output *answer)
{
    const struct retry_operation_request *asked = &request->retry_operation;
    const struct operation *failed = stub_find(state, &asked->operation_id);
    struct retry_operation_reply reply = {.has_request_id = true,
                                          .request_id = asked->request_id,
                                          .status = 202,
                                          .has_operation = true,
                                          .has_location = true,
                                          .location = TEXT("https://api.example.org/o/2"),
                                          .has_retry_after = true,
                                          .retry_after = 60};

    state->counts.retries++;
    if (!failed) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "operationId", answer);
        return;
    }
    if (failed->status != OPERATION_STATUS_FAILED) {
        stub_refuse(ERROR_NOT_FAILED, asked->request_id, "operationId", answer);
        return;
    }
    reply.operation = *retry(state, failed);
    reply.has_receipt = true;
    reply.receipt = stub_receipt(&reply.operation);
    retry_operation_reply_encode(&reply, answer);
}

void stub_answer_explain(struct stub_state *state, const union any_request *request,
                         struct wire_output *answer)
{
    const struct explain_operation_request *asked = &request->explain_operation;
    const struct operation *operation = stub_find(state, &asked->operation_id);
    struct explain_operation_reply reply = {.has_request_id = true,
                                            .request_id = asked->request_id,
                                            .status = 200,
                                            .has_operation = true,
                                            .has_explanation = true};
    struct wire_output sentences = WIRE_OUTPUT_INIT;

    if (!operation) {
        stub_refuse(ERROR_NOT_FOUND, asked->request_id, "operationId", answer);
        return;
    }
    wire_text(&sentences, TEXT(STUB_SENTENCE));
    wire_text(&sentences, text_of(operation_stage_names[operation->stage]));
    reply.operation = *operation;
    reply.explanation = (struct wire_list){
        .encoded = sentences.data, .encoded_bytes = sentences.size_bytes, .count = 2};
    explain_operation_reply_encode(&reply, answer);
    wire_output_release(&sentences);
}

/* What is paused, in the caller's buffer. */
static struct pauses pauses_of(const struct stub_state *state, struct wire_output *tenants)
{
    char text[UUID_TEXT_BUFFER];

    for (uint32_t i = 0; i < state->paused_count; i++) {
        wire_text(tenants, text_of(uuid_format(&state->paused[i], text)));
    }
    return (struct pauses){.everything = state->is_everything_paused,
                           .tenants = {.encoded = tenants->data,
                                       .encoded_bytes = tenants->size_bytes,
                                       .count = state->paused_count}};
}

static uint32_t find_paused(const struct stub_state *state, const struct uuid *tenant_id)
{
    uint32_t i = 0;

    while (i < state->paused_count && !uuid_equal(&state->paused[i], tenant_id)) {
        i++;
    }
    return i;
}

void stub_answer_pause(struct stub_state *state, const union any_request *request,
                       struct wire_output *answer)
{
    const struct pause_dispatch_request *asked = &request->pause_dispatch;
    struct wire_output tenants = WIRE_OUTPUT_INIT;
    struct pause_dispatch_reply reply = {
        .has_request_id = true, .request_id = asked->request_id, .status = 200, .has_pauses = true};

    if (!asked->has_tenant_id) {
        state->is_everything_paused = true;
    } else if (find_paused(state, &asked->tenant_id) == STUB_PAUSES) {
        stub_refuse(ERROR_TOO_MANY_PAUSES, asked->request_id, "tenantId", answer);
        return;
    } else if (find_paused(state, &asked->tenant_id) == state->paused_count) {
        state->paused[state->paused_count++] = asked->tenant_id;
    }
    reply.pauses = pauses_of(state, &tenants);
    pause_dispatch_reply_encode(&reply, answer);
    wire_output_release(&tenants);
}

void stub_answer_resume(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer)
{
    const struct resume_dispatch_request *asked = &request->resume_dispatch;
    uint32_t found = asked->has_tenant_id ? find_paused(state, &asked->tenant_id) : STUB_PAUSES;
    struct wire_output tenants = WIRE_OUTPUT_INIT;
    struct resume_dispatch_reply reply = {
        .has_request_id = true, .request_id = asked->request_id, .status = 200, .has_pauses = true};

    if (!asked->has_tenant_id) {
        state->is_everything_paused = false;
    } else if (found < state->paused_count) {
        state->paused[found] = state->paused[--state->paused_count];
    }
    reply.pauses = pauses_of(state, &tenants);
    resume_dispatch_reply_encode(&reply, answer);
    wire_output_release(&tenants);
}

void stub_answer_pauses(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer)
{
    struct wire_output tenants = WIRE_OUTPUT_INIT;
    struct get_pauses_reply reply = {.has_request_id = true,
                                     .request_id = request->get_pauses.request_id,
                                     .status = 200,
                                     .has_pauses = true};

    reply.pauses = pauses_of(state, &tenants);
    get_pauses_reply_encode(&reply, answer);
    wire_output_release(&tenants);
}
