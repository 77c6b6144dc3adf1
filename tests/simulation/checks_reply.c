// SPDX-License-Identifier: MIT
/* Replies, as far as anybody can judge them; what was asked is for the caller (caller.h). */
#include "schemas/codec/codec.h"
#include "tests/simulation/checks_said.h"
#include "tests/simulation/receipts.h"

static bool operation_fits(const struct evidence *evidence)
{
    const msgpack_object *operation = wire_find(evidence->root, "operation");

    return !operation || operation->type == MSGPACK_OBJECT_NIL ||
           said_operation_fits(operation, evidence->tenant_id);
}

static bool item_fits(const msgpack_object *item, const struct uuid *tenant_id)
{
    if (wire_find(item, "operationId")) {
        return said_event_fits(item, tenant_id);
    }
    if (wire_find(item, "submittedDateTime")) {
        return said_operation_fits(item, tenant_id);
    }
    return true; /* a profile */
}

static bool items_fit(const struct evidence *evidence)
{
    const msgpack_object *value = wire_find(evidence->root, "value");

    for (uint32_t i = 0; value && value->type == MSGPACK_OBJECT_ARRAY && i < value->via.array.size;
         i++) {
        if (!item_fits(&value->via.array.ptr[i], evidence->tenant_id)) {
            return false;
        }
    }
    return true;
}

static bool sequence_is_durable(const struct evidence *evidence)
{
    const msgpack_object *sequence = wire_find(evidence->root, "sequence");

    return !sequence || sequence->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
           sequence->via.u64 <= (uint64_t)model_sequence() ||
           checks_detail("%llu of %lld", (unsigned long long)sequence->via.u64,
                         (long long)model_sequence());
}

/* Nothing a caller of this simulator asks for makes the service fail. */
static bool is_no_failure(const struct evidence *evidence)
{
    const msgpack_object *status = wire_find(evidence->root, "status");

    return status && status->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
           (status->via.u64 < 500 || status->via.u64 == 507 || status->via.u64 == 503);
}

static bool read_receipt(const msgpack_object *object, struct receipt *receipt)
{
    struct wire_error error;

    return receipt_decode(object, receipt, &error) == 0;
}

/* A 200 shows the operation as the receipt's event left it: ended, or with a decision. */
static bool is_newest_shown(const msgpack_object *operation, const struct model_event *event)
{
    const msgpack_object *sequence = wire_find(operation, "sequence");

    return sequence && sequence->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
           (int64_t)sequence->via.u64 == event->sequence &&
           (model_is_terminal(event) || wire_find(operation, "decidedBy"));
}

/* Of the operation's first event when it is accepted, else of the one that is shown. */
static bool receipt_fits(const struct evidence *evidence)
{
    const msgpack_object *object = wire_find(evidence->root, "receipt");
    const msgpack_object *status = wire_find(evidence->root, "status");
    const msgpack_object *operation = wire_find(evidence->root, "operation");
    const msgpack_object *id = operation ? wire_find(operation, "id") : NULL;
    bool is_accepted = status && status->via.u64 == 202;
    const struct model_event *event;
    struct receipt receipt;
    struct uuid uuid;

    if (!object || object->type == MSGPACK_OBJECT_NIL) {
        return !is_accepted || checks_detail("%s", "a 202 without a receipt");
    }
    if (!read_receipt(object, &receipt) || !id || id->type != MSGPACK_OBJECT_STR ||
        uuid_parse((struct text){id->via.str.ptr, id->via.str.size}, &uuid)) {
        return checks_detail("%s", "unreadable");
    }
    event = model_event(receipt.sequence);
    return (event && receipts_is_of(&receipt, event) && uuid_equal(&event->operation_id, &uuid) &&
            (is_accepted ? event->revision == 1 : is_newest_shown(operation, event))) ||
           checks_detail("sequence %lld", (long long)receipt.sequence);
}

static const struct check rows[] = {
    {6, "a reply shows an operation of the caller's tenant, as it is in the log", operation_fits},
    {6, "a list shows what is the caller's tenant's, as it is in the log", items_fit},
    {1, "a reply tells no sequence that is not durable", sequence_is_durable},
    {1, "a receipt is of the event that the reply tells of", receipt_fits},
    {9, "no request makes the service fail", is_no_failure},
};

const struct checks checks_reply = {rows, sizeof rows / sizeof rows[0]};
