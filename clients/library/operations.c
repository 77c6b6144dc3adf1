// SPDX-License-Identifier: MIT
/* The calls that ask for operations and show them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clients/library/client.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"
#include "clients/library/page.h"

enum { KEY_RANDOM_BYTES = 16, KEY_CHARACTERS = 128 };

int exportd_make_key(char key[EXPORTD_KEY_BYTES])
{
    unsigned char random[KEY_RANDOM_BYTES];

    if (!key) {
        return EXPORTD_ERROR_ARGUMENT;
    }
    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return EXPORTD_ERROR_SYSTEM;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(key + 2 * i, 3, "%02x", random[i]);
    }
    return EXPORTD_OK;
}

/* Copies the key that was given, or makes one. */
static int choose_key(const char *given, char key[EXPORTD_KEY_BYTES], struct exportd_error *error)
{
    size_t length = given ? strnlen(given, EXPORTD_KEY_BYTES) : 0;
    int rc;

    if (!given) {
        rc = exportd_make_key(key);
        return rc == EXPORTD_OK ? rc : failure(error, rc, NULL, "No random number.");
    }
    for (size_t i = 0; i < length; i++) {
        if (given[i] < '!' || given[i] > '~') {
            length = 0;
        }
    }
    if (length == 0 || length > KEY_CHARACTERS) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "idempotency_key",
                       "An idempotency key is 1 to 128 printable characters without spaces.");
    }
    memcpy(key, given, length + 1);
    return EXPORTD_OK;
}

/* An answer that means success but lacks what success brings. */
static int incomplete(struct exportd_error *error, const char *member)
{
    return failure(error, EXPORTD_ERROR_REPLY, member, NULL);
}

static int take_accepted(const struct export_personal_data_reply *reply, const char *key,
                         struct exportd_accepted *accepted, struct exportd_error *error)
{
    if (!reply->has_operation) {
        return incomplete(error, "operation");
    }
    convert_operation(&reply->operation, &accepted->operation);
    accepted->location[0] = '\0';
    if (reply->has_location) {
        CONVERT_TEXT(accepted->location, reply->location);
    }
    accepted->retry_after_seconds = reply->has_retry_after ? reply->retry_after : 0;
    memcpy(accepted->idempotency_key, key, EXPORTD_KEY_BYTES);
    convert_receipt(&reply->receipt, reply->has_receipt, accepted);
    return EXPORTD_OK;
}

int exportd_export(struct exportd_client *client, const char *user_id, const char *idempotency_key,
                   struct exportd_accepted *accepted, struct exportd_error *error)
{
    struct export_personal_data_request request = {0};
    struct export_personal_data_reply reply;
    char key[EXPORTD_KEY_BYTES] = "";
    int rc;

    failure_clear(error);
    if (!client || !accepted) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "accepted" : "client", NULL);
    }
    rc = client_parse_id(user_id, "user_id", &request.inbound_shared_user_profile_id, error);
    if (rc == EXPORTD_OK) {
        rc = choose_key(idempotency_key, key, error);
    }
    if (rc != EXPORTD_OK) {
        return rc;
    }
    request.has_idempotency_key = true;
    request.idempotency_key = text_of(key);
    rc = client_call(client, CALL(export_personal_data_request, request),
                     &export_personal_data_reply_schema, &reply, error);
    return rc == EXPORTD_OK ? take_accepted(&reply, key, accepted, error) : rc;
}

int exportd_get(struct exportd_client *client, const char *operation_id,
                struct exportd_operation *operation, struct exportd_error *error)
{
    struct get_operation_request request = {0};
    struct get_operation_reply reply;
    int rc;

    failure_clear(error);
    if (!client || !operation) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "operation" : "client", NULL);
    }
    rc = client_parse_id(operation_id, "operation_id", &request.operation_id, error);
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(get_operation_request, request), &get_operation_reply_schema,
                         &reply, error);
    }
    if (rc == EXPORTD_OK && !reply.has_operation) {
        return incomplete(error, "operation");
    }
    if (rc == EXPORTD_OK) {
        convert_operation(&reply.operation, operation);
    }
    return rc;
}

static int fill_query(const struct exportd_operation_query *query,
                      struct list_operations_request *request, struct exportd_error *error)
{
    int rc = page_top(query->top, &list_operations_request_schema, &request->top, error);

    if (rc == EXPORTD_OK) {
        rc = page_next(query->next, &request->has_next, &request->next, error);
    }
    if (rc != EXPORTD_OK) {
        return rc;
    }
    if (query->status < EXPORTD_STATUS_ANY || query->status > EXPORTD_STATUS_FAILED) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "status", "There is no such status.");
    }
    if (query->status != EXPORTD_STATUS_ANY) {
        request->has_status = true;
        request->status = (enum operation_status)((int)query->status - 1);
    }
    if (query->stage && !operation_stage_of(text_of(query->stage), &request->stage)) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "stage", "There is no such stage.");
    }
    request->has_stage = query->stage != NULL;
    if (!query->user_id) {
        return EXPORTD_OK;
    }
    request->has_user_id = true;
    return client_parse_id(query->user_id, "user_id", &request->user_id, error);
}

static int take_operations(const struct list_operations_reply *reply,
                           struct exportd_operation_page *page, struct exportd_error *error)
{
    struct exportd_operation_page made = {.sequence = reply->has_sequence ? reply->sequence : 0};
    int rc = page_items(&reply->value, sizeof(*made.items), (void **)&made.items, error);

    if (rc != EXPORTD_OK) {
        return rc;
    }
    for (; made.count < reply->value.count; made.count++) {
        struct operation operation;

        codec_item(&reply->value, (uint32_t)made.count, &operation);
        convert_operation(&operation, &made.items[made.count]);
    }
    if (reply->has_next) {
        CONVERT_TEXT(made.next, reply->next);
    }
    *page = made;
    return EXPORTD_OK;
}

int exportd_list(struct exportd_client *client, const struct exportd_operation_query *query,
                 struct exportd_operation_page *page, struct exportd_error *error)
{
    static const struct exportd_operation_query all;
    struct list_operations_request request = {0};
    struct list_operations_reply reply;
    int rc;

    failure_clear(error);
    if (!client || !page) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "page" : "client", NULL);
    }
    rc = fill_query(query ? query : &all, &request, error);
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(list_operations_request, request),
                         &list_operations_reply_schema, &reply, error);
    }
    if (rc == EXPORTD_OK && !reply.has_value) {
        return incomplete(error, "value");
    }
    return rc == EXPORTD_OK ? take_operations(&reply, page, error) : rc;
}

void exportd_operation_page_release(struct exportd_operation_page *page)
{
    if (page) {
        free(page->items);
        *page = (struct exportd_operation_page){0};
    }
}
