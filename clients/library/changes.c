// SPDX-License-Identifier: MIT
/* The calls about what becomes of an operation: cancel, retry and explain. */
#include <string.h>

#include "clients/library/client.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"

/* What the three have in common: a client, an id, and a place for the result. */
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
