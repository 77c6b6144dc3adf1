// SPDX-License-Identifier: MIT
/* What operators do to dispatch: pause, resume, and see what is paused. */
#include "daemon/requests.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

/* From the schema of the pauses. */
#define PAUSED_TENANTS 256

/* Stands for all tenants in the store; no tenant has this id. */
static const struct uuid everybody;

/* The pauses being read from the store. */
struct reading {
    bool has_everything;
    struct wire_output *tenants;
    uint32_t count;
};

static int read_pause(void *argument, const struct store_pause *pause)
{
    struct reading *reading = argument;
    char text[UUID_TEXT_BUFFER];

    if (uuid_equal(&pause->tenant_id, &everybody)) {
        reading->has_everything = true;
        return 0;
    }
    wire_text(reading->tenants, text_of(uuid_format(&pause->tenant_id, text)));
    reading->count++;
    return reading->tenants->error;
}

static int read_pauses(struct daemon *daemon, struct pauses *pauses)
{
    struct reading reading = {.tenants = &daemon->scratch};
    int rc;

    wire_output_clear(&daemon->scratch);
    rc = store_pauses(daemon->store, read_pause, &reading);
    pauses->everything = reading.has_everything;
    pauses->tenants = (struct wire_list){.encoded = daemon->scratch.data,
                                         .encoded_bytes = daemon->scratch.size_bytes,
                                         .count = reading.count};
    return rc;
}

_Static_assert(sizeof(struct pause_dispatch_reply) == sizeof(struct get_pauses_reply) &&
                   sizeof(struct resume_dispatch_reply) == sizeof(struct get_pauses_reply),
               "the three replies have the same members");

static int reply_pauses(struct call *call, const struct schema *schema)
{
    struct get_pauses_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_pauses = true,
    };
    int rc = read_pauses(call->daemon, &reply.pauses);

    if (!rc) {
        call_reply(call, schema, &reply);
    }
    return rc;
}

int call_get_pauses(struct call *call)
{
    return reply_pauses(call, &get_pauses_reply_schema);
}

static void log_change(const struct call *call, const char *event, const struct uuid *tenant_id)
{
    char tenant[UUID_TEXT_BUFFER];
    char caller[UUID_TEXT_BUFFER];

    log_line(LOG_INFO, event, "tenant=%s caller=%s",
             tenant_id ? uuid_format(tenant_id, tenant) : "all",
             uuid_format(&call->claims->object_id, caller));
}

/* The tenant that a request names, or NULL for everybody. */
static int named_tenant(struct call *call, bool has_tenant_id, const struct uuid *tenant_id,
                        const struct uuid **named)
{
    *named = has_tenant_id ? tenant_id : NULL;
    call->target = "tenantId";
    return *named && uuid_equal(*named, &everybody) ? -ERROR_FIELD_VALUE : 0;
}

/* The pauses of tenants by themselves, and whether the wanted one is among them. */
struct tally {
    const struct uuid *wanted; /* or NULL */
    uint32_t count;
    bool is_there;
};

static int count_tenant(void *argument, const struct store_pause *pause)
{
    struct tally *tally = argument;

    tally->count += !uuid_equal(&pause->tenant_id, &everybody);
    tally->is_there |= tally->wanted && uuid_equal(&pause->tenant_id, tally->wanted);
    return 0;
}

/* A failure to write makes the whole turn one that is never spoken of. */
static int keep(struct call *call, int rc)
{
    if (rc) {
        call->daemon->failure = rc;
    }
    return rc;
}

int call_pause_dispatch(struct call *call)
{
    const struct pause_dispatch_request *asked = &call->request->pause_dispatch;
    struct daemon *daemon = call->daemon;
    struct store_pause pause = {.paused_by = call->claims->object_id, .since = daemon->now.wall};
    const struct uuid *tenant_id;
    struct tally tally = {0};
    int rc = named_tenant(call, asked->has_tenant_id, &asked->tenant_id, &tenant_id);

    if (!rc) {
        tally.wanted = tenant_id;
        rc = store_pauses(daemon->store, count_tenant, &tally);
    }
    if (!rc && tenant_id && !tally.is_there && tally.count >= PAUSED_TENANTS) {
        rc = -ERROR_TOO_MANY_PAUSES;
    }
    if (!rc) {
        rc = queue_pause(&daemon->engine.queue, tenant_id, true);
    }
    if (rc) {
        return rc;
    }
    pause.tenant_id = tenant_id ? *tenant_id : everybody;
    rc = keep(call, store_pause(daemon->store, &pause));
    if (!rc) {
        log_change(call, "paused", tenant_id);
        rc = reply_pauses(call, &pause_dispatch_reply_schema);
    }
    return rc;
}

int call_resume_dispatch(struct call *call)
{
    const struct resume_dispatch_request *asked = &call->request->resume_dispatch;
    struct daemon *daemon = call->daemon;
    const struct uuid *tenant_id;
    int rc = named_tenant(call, asked->has_tenant_id, &asked->tenant_id, &tenant_id);

    if (!rc) {
        rc = queue_pause(&daemon->engine.queue, tenant_id, false);
    }
    if (rc) {
        return rc;
    }
    rc = keep(call, store_resume(daemon->store, tenant_id ? tenant_id : &everybody));
    if (!rc) {
        log_change(call, "resumed", tenant_id);
        rc = reply_pauses(call, &resume_dispatch_reply_schema);
    }
    return rc;
}

/* At start. */
static int restore(void *argument, const struct store_pause *pause)
{
    struct daemon *daemon = argument;

    return queue_pause(&daemon->engine.queue,
                       uuid_equal(&pause->tenant_id, &everybody) ? NULL : &pause->tenant_id, true);
}

int pauses_restore(struct daemon *daemon)
{
    return store_pauses(daemon->store, restore, daemon);
}
