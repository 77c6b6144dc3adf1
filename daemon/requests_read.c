// SPDX-License-Identifier: MIT
/* The requests that read operations and events. */
#include "daemon/page.h"
#include "daemon/requests.h"
#include "daemon/show.h"
#include "schemas/base/errors.h"

/* Rows that one list request looks at: filters may drop most of them, and other callers wait
 * meanwhile. */
#define EXAMINED_OPERATIONS 2000
#define EXAMINED_EVENTS     5000

int call_read_operation(struct call *call, const struct uuid *id, struct record *record,
                        struct text *result)
{
    int rc = store_get_of(call->daemon->store, &call->claims->tenant_id, id, record, result);

    return rc ? rc : call_count(call);
}

int call_receipt(const struct call *call, int64_t sequence, char text[CHAIN_TEXT_BUFFER],
                 struct receipt *receipt)
{
    uint8_t hash[CHAIN_HASH_BYTES];
    int rc = sequence > 0 ? store_hash(call->daemon->store, sequence, hash) : -ERROR_DAMAGED;

    if (!rc) {
        *receipt = (struct receipt){sequence, {chain_format(hash, text), CHAIN_TEXT_BYTES}};
    }
    return rc;
}

int call_show(struct call *call, const struct record *record, struct text result,
              struct operation *operation)
{
    struct daemon *daemon = call->daemon;
    int rc = show_operation(record, result, engine_attempt(&daemon->engine, &record->id),
                            &daemon->result_input, operation);

    if (!rc && record->has_decided_by) {
        rc = store_reason(daemon->store, &record->id, &operation->decision_reason);
        operation->has_decision_reason = operation->decision_reason.size_bytes > 0;
    }
    return rc;
}

int call_get_operation(struct call *call)
{
    struct daemon *daemon = call->daemon;
    struct get_operation_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_operation = true,
    };
    struct record record;
    struct text result;
    int rc =
        call_read_operation(call, &call->request->get_operation.operation_id, &record, &result);

    if (!rc) {
        rc = call_show(call, &record, result, &reply.operation);
    }
    if (rc) {
        return rc;
    }
    reply.has_retry_after = !record_is_terminal(&record);
    reply.retry_after = daemon->settings.values.operations.retry_after_seconds;
    call_reply(call, &get_operation_reply_schema, &reply);
    return 0;
}

struct listing {
    struct call *call;
    bool has_stage;
    enum operation_stage stage;
    struct page page;
};

static int list_operation(void *argument, enum event_kind kind, const struct record *record,
                          struct text result)
{
    struct listing *listing = argument;
    struct engine *engine = &listing->call->daemon->engine;
    struct operation operation;
    int rc;

    (void)kind;
    if (listing->has_stage &&
        listing->stage != show_stage(record, engine_attempt(engine, &record->id))) {
        return 0;
    }
    rc = call_show(listing->call, record, result, &operation);
    return rc ? rc : page_add(&listing->page, &operation);
}

static uint64_t query_hash(const struct store_query *query,
                           const struct list_operations_request *asked)
{
    struct {
        struct uuid tenant_id;
        struct uuid user_id;
        uint8_t has_user_id;
        uint8_t status; /* 0: any */
        uint8_t stage;  /* likewise */
    } key = {.tenant_id = query->tenant_id};

    if (query->has_user_id) {
        key.user_id = query->user_id;
        key.has_user_id = 1;
    }
    if (query->has_status) {
        key.status = (uint8_t)(query->status + 1);
    }
    if (asked->has_stage) {
        key.stage = (uint8_t)(asked->stage + 1);
    }
    return page_query(&key, sizeof key); /* bytes only, so there is no padding in it */
}

int call_list_operations(struct call *call)
{
    const struct list_operations_request *asked = &call->request->list_operations;
    struct daemon *daemon = call->daemon;
    struct store_query query = {
        .tenant_id = call->claims->tenant_id,
        .has_user_id = asked->has_user_id,
        .user_id = asked->user_id,
        .has_status = asked->has_status,
        .status = asked->status,
        .is_awaiting = asked->has_stage && asked->stage == OPERATION_STAGE_AWAITING_APPROVAL,
        .has_before = asked->has_next,
    };
    struct list_operations_reply reply = {
        .has_request_id = true,
        .request_id = asked->request_id,
        .status = 200,
        .has_sequence = true,
        .sequence = store_sequence(daemon->store),
    };
    struct listing listing = {.call = call, .has_stage = asked->has_stage, .stage = asked->stage};
    struct uuid last;
    char next[PAGE_NEXT_BUFFER];
    int rc = 0;

    if (asked->has_next && page_next_read(asked->next, query_hash(&query, asked), &query.before)) {
        call->target = "next";
        return -ERROR_NEXT_VALUE;
    }
    page_begin(&listing.page, &daemon->scratch, &operation_schema, asked->top);
    rc = store_list(daemon->store, &query, EXAMINED_OPERATIONS, list_operation, &listing, &last,
                    &reply.has_next);
    if (rc) {
        return rc;
    }
    if (reply.has_next) {
        page_next_write(next, query_hash(&query, asked), &last);
        reply.next = text_of(next);
    }
    reply.has_value = true;
    reply.value = page_list(&listing.page);
    call_reply(call, &list_operations_reply_schema, &reply);
    return 0;
}

static int list_event(void *argument, enum event_kind kind, const struct record *record,
                      struct text result)
{
    struct listing *listing = argument;
    struct event event = show_event(kind, record, NULL, record->changed);

    (void)result;
    return page_add(&listing->page, &event);
}

int call_events_since(struct call *call)
{
    const struct events_since_request *asked = &call->request->events_since;
    struct daemon *daemon = call->daemon;
    struct events_since_reply reply = {
        .has_request_id = true,
        .request_id = asked->request_id,
        .status = 200,
        .has_sequence = true,
        .has_more = true,
    };
    struct listing listing = {.call = call};
    int rc;

    page_begin(&listing.page, &daemon->scratch, &event_schema, asked->top);
    rc = store_events(daemon->store, asked->sequence, &call->claims->tenant_id,
                      asked->has_operation_id ? &asked->operation_id : NULL, EXAMINED_EVENTS,
                      list_event, &listing, &reply.sequence);
    if (rc) {
        return rc;
    }
    reply.more = reply.sequence < store_sequence(daemon->store);
    reply.has_value = true;
    reply.value = page_list(&listing.page);
    call_reply(call, &events_since_reply_schema, &reply);
    return 0;
}
