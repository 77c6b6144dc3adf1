// SPDX-License-Identifier: MIT
/* What the stub knows (stub_state.c), and its answers (stub_answer.c). No sockets; the caller holds
 * the lock. */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_STUB_STATE_H
#define TESTS_UNIT_CLIENTS_LIBRARY_STUB_STATE_H

#include "tests/unit/clients/library/stub.h"

#define STUB_OPERATIONS 256
#define STUB_EVENTS     4096
#define STUB_PAUSES     256

/* When everything happens, and in which tenant. */
#define STUB_NOW_MS 1795000000000
extern const struct uuid stub_tenant;

struct stub_state {
    struct operation operations[STUB_OPERATIONS];
    char keys[STUB_OPERATIONS][STUB_TEXT_BYTES];
    int operation_count;
    struct event events[STUB_EVENTS];
    int event_count;
    bool is_waiting; /* the next export is told to wait a second */
    bool is_everything_paused;
    struct uuid paused[STUB_PAUSES];
    uint32_t paused_count;
    char last_token[STUB_TEXT_BYTES];
    char last_key[STUB_TEXT_BYTES];
    struct stub_counts counts;
};

/* Appends the answer to a request. error: 0, or an ERROR_x to refuse it with. */
void stub_answer(struct stub_state *state, const void *bytes, size_t size_bytes, int error,
                 struct wire_output *answer);

/* Its parts: a refusal, and the answers of stub_answer_changes.c. */
void stub_refuse(int error, struct text request_id, const char *target, struct wire_output *answer);
void stub_answer_cancel(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer);
void stub_answer_explain(struct stub_state *state, const union any_request *request,
                         struct wire_output *answer);
void stub_answer_retry(struct stub_state *state, const union any_request *request,
                       struct wire_output *answer);
void stub_answer_pause(struct stub_state *state, const union any_request *request,
                       struct wire_output *answer);
void stub_answer_resume(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer);
void stub_answer_pauses(struct stub_state *state, const union any_request *request,
                        struct wire_output *answer);

struct operation *stub_find(struct stub_state *state, const struct uuid *id);
struct operation *stub_make(struct stub_state *state, const struct uuid *user_id);

/* The receipt of the operation's newest event. */
struct receipt stub_receipt(const struct operation *operation);

/* The operation's newest event, made from its state. */
struct event stub_event(const struct operation *operation, enum event_kind kind);

/* Changes the stage and stores the event, which is returned. */
struct event stub_change(struct stub_state *state, struct operation *operation,
                         enum operation_stage stage);

/* Two changes more: cancelled by STUB_PERSON, and overdue, which is no move. */
struct event stub_change_cancelled(struct stub_state *state, struct operation *operation);
struct event stub_change_overdue(struct stub_state *state, struct operation *operation);
int64_t stub_overdue_count(const struct stub_state *state);

#endif
