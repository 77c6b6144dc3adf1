// SPDX-License-Identifier: MIT
#include "tests/simulation/checks_said.h"

#include "schemas/codec/codec.h"
#include "tests/simulation/bundles.h"

enum operation_stage said_stage(enum operation_stage stage)
{
    return stage == OPERATION_STAGE_OFFERED ? OPERATION_STAGE_QUEUED : stage;
}

static bool location_fits(const struct operation *said)
{
    const struct model_operation *operation = model_operation(&said->id);
    const struct bundle_identity bundle = {operation->newest.tenant_id, said->id,
                                           operation->completed_fence};

    if (said->status != OPERATION_STATUS_COMPLETE) {
        return !said->has_storage_location || checks_detail("a location before it is complete");
    }
    return (said->has_storage_location && operation->completed_fence && bundles_have(&bundle)) ||
           checks_detail("no bundle where the location says");
}

bool said_operation_fits(const msgpack_object *object, const struct uuid *tenant_id)
{
    struct operation said;
    struct wire_error error;
    struct model_operation *operation;
    const struct model_event *event;

    if (operation_decode(object, &said, &error)) {
        return checks_detail("an operation that cannot be read: %s", error.field);
    }
    operation = model_operation(&said.id);
    event = model_revision(&said.id, said.revision);
    if (!operation || !event) {
        return checks_detail("an operation or revision %lld that is not in the log",
                             (long long)said.revision);
    }
    if (tenant_id && !uuid_equal(tenant_id, &event->tenant_id)) {
        return checks_detail("an operation of another tenant");
    }
    operation->is_acknowledged = true;
    return (uuid_equal(&said.user_id, &event->user_id) &&
            uuid_equal(&said.requested_by, &event->requested_by) &&
            said.sequence == event->sequence && said.status == event->status &&
            said_stage(said.stage) == event->stage && said.attempt == event->attempt &&
            location_fits(&said)) ||
           checks_detail("revision %lld is %s, said %s", (long long)said.revision,
                         operation_stage_name(event->stage), operation_stage_name(said.stage));
}

bool said_event_fits(const msgpack_object *object, const struct uuid *tenant_id)
{
    struct event said;
    struct wire_error error;
    const struct model_event *event;

    if (event_decode(object, &said, &error)) {
        return checks_detail("an event that cannot be read: %s", error.field);
    }
    event = model_event(said.sequence);
    if (!event) {
        return checks_detail("sequence %lld is not in the log", (long long)said.sequence);
    }
    if (tenant_id && !uuid_equal(tenant_id, &event->tenant_id)) {
        return checks_detail("an event of another tenant");
    }
    return (uuid_equal(&said.operation_id, &event->operation_id) &&
            uuid_equal(&said.tenant_id, &event->tenant_id) && said.revision == event->revision &&
            said.status == event->status && said_stage(said.stage) == event->stage &&
            said.attempt == event->attempt &&
            (said.kind == event->kind || said.kind == EVENT_KIND_PROGRESS ||
             said.kind == EVENT_KIND_SNAPSHOT)) ||
           checks_detail("sequence %lld is %s, said %s", (long long)said.sequence,
                         event_kind_name(event->kind), event_kind_name(said.kind));
}
