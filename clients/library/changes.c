// SPDX-License-Identifier: MIT
/* The calls about what becomes of an operation: cancel, approve, deny, retry and explain. */
#include <string.h>

#include "clients/library/client.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"

enum { REASON_CHARACTERS = 512 };

/* What they have in common: a client, an id, and a place for the result. */
static int check(const struct exportd_client *client, const char *operation_id, const void *result,
                 struct uuid *id, struct exportd_error *error)
{
    failure_clear(error);
    if (!client || !result) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "result" : "client", NULL);
    }
    return client_parse_id(operation_id, "operation_id", id, error);
}

int exportd_cancel(struct exportd_client *client, const char *operation_id,
                   struct exportd_operation *operation, struct exportd_error *error)
{
    struct cancel_operation_request request = {0};
    struct cancel_operation_reply reply;
    int rc = check(client, operation_id, operation, &request.operation_id, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(cancel_operation_request, request),
                         &cancel_operation_reply_schema, &reply, error);
    }
    if (rc == EXPORTD_OK && !reply.has_operation) {
        rc = failure(error, EXPORTD_ERROR_REPLY, "operation", NULL);
    }
    if (rc == EXPORTD_OK) {
        convert_operation(&reply.operation, operation);
    }
    return rc;
}

static int take_reason(const char *given, bool *has_reason, struct text *reason,
                       struct exportd_error *error)
{
    uint32_t characters = 0;

    *has_reason = given != NULL;
    if (!given) {
        return EXPORTD_OK;
    }
    *reason = text_of(given);
    if (text_code_points(*reason, &characters) != 0 || characters < 1 ||
        characters > REASON_CHARACTERS) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "reason",
                       "A reason is 1 to 512 characters of UTF-8.");
    }
    return EXPORTD_OK;
}

/* Of the two decisions, whose replies have the same members. */
static int take_decided(bool has_operation, const struct operation *decided,
                        struct exportd_operation *operation, struct exportd_error *error)
{
    if (!has_operation) {
        return failure(error, EXPORTD_ERROR_REPLY, "operation", NULL);
    }
    convert_operation(decided, operation);
    return EXPORTD_OK;
}

int exportd_approve(struct exportd_client *client, const char *operation_id, const char *reason,
                    struct exportd_operation *operation, struct exportd_error *error)
{
    struct approve_operation_request request = {0};
    struct approve_operation_reply reply;
    int rc = check(client, operation_id, operation, &request.operation_id, error);

    if (rc == EXPORTD_OK) {
        rc = take_reason(reason, &request.has_reason, &request.reason, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(approve_operation_request, request),
                         &approve_operation_reply_schema, &reply, error);
    }
    return rc == EXPORTD_OK ? take_decided(reply.has_operation, &reply.operation, operation, error)
                            : rc;
}

int exportd_deny(struct exportd_client *client, const char *operation_id, const char *reason,
                 struct exportd_operation *operation, struct exportd_error *error)
{
    struct deny_operation_request request = {0};
    struct deny_operation_reply reply;
    bool has_reason = false;
    int rc = check(client, operation_id, operation, &request.operation_id, error);

    if (rc == EXPORTD_OK) {
        rc = take_reason(reason ? reason : "", &has_reason, &request.reason, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(deny_operation_request, request),
                         &deny_operation_reply_schema, &reply, error);
    }
    return rc == EXPORTD_OK ? take_decided(reply.has_operation, &reply.operation, operation, error)
                            : rc;
}

int exportd_retry(struct exportd_client *client, const char *operation_id,
                  struct exportd_accepted *accepted, struct exportd_error *error)
{
    struct retry_operation_request request = {0};
    struct retry_operation_reply reply;
    int rc = check(client, operation_id, accepted, &request.operation_id, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(retry_operation_request, request),
                         &retry_operation_reply_schema, &reply, error);
    }
    if (rc == EXPORTD_OK && !reply.has_operation) {
        rc = failure(error, EXPORTD_ERROR_REPLY, "operation", NULL);
    }
    if (rc != EXPORTD_OK) {
        return rc;
    }
    *accepted = (struct exportd_accepted){0};
    convert_operation(&reply.operation, &accepted->operation);
    if (reply.has_location) {
        CONVERT_TEXT(accepted->location, reply.location);
    }
    accepted->retry_after_seconds = reply.has_retry_after ? reply.retry_after : 0;
    convert_receipt(&reply.receipt, reply.has_receipt, accepted);
    return EXPORTD_OK;
}

static void take_sentences(const struct wire_list *from, struct exportd_explanation *to)
{
    to->sentence_count = 0;
    while (to->sentence_count < from->count && to->sentence_count < EXPORTD_SENTENCES) {
        struct text sentence;

        codec_item(from, (uint32_t)to->sentence_count, &sentence);
        CONVERT_TEXT(to->sentences[to->sentence_count], sentence);
        to->sentence_count++;
    }
}

int exportd_explain(struct exportd_client *client, const char *operation_id,
                    struct exportd_explanation *explanation, struct exportd_error *error)
{
    struct explain_operation_request request = {0};
    struct explain_operation_reply reply;
    int rc = check(client, operation_id, explanation, &request.operation_id, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(explain_operation_request, request),
                         &explain_operation_reply_schema, &reply, error);
    }
    if (rc == EXPORTD_OK && !(reply.has_operation && reply.has_explanation)) {
        rc = failure(error, EXPORTD_ERROR_REPLY, reply.has_operation ? "explanation" : "operation",
                     NULL);
    }
    if (rc == EXPORTD_OK) {
        convert_operation(&reply.operation, &explanation->operation);
        take_sentences(&reply.explanation, explanation);
    }
    return rc;
}
