// SPDX-License-Identifier: MIT
/* The requests about profiles and about the service itself. */
#include "daemon/page.h"
#include "daemon/requests.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

static int registry_result(struct call *call, int rc)
{
    if (rc == -ERROR_REGISTRY) {
        log_line(LOG_ERROR, "registry_unreadable", "reason=\"%s\"",
                 registry_message(call->daemon->registry));
    }
    return rc;
}

int call_get_profile(struct call *call)
{
    struct get_profile_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_profile = true,
    };
    int rc = registry_find(call->daemon->registry, &call->claims->tenant_id,
                           &call->request->get_profile.user_id, &reply.profile);

    if (!rc) {
        rc = call_count(call);
    }

    if (!rc) {
        call_reply(call, &get_profile_reply_schema, &reply);
    }
    return registry_result(call, rc);
}

struct profile_listing {
    struct page page;
    struct uuid last;
    bool is_full;
};

static int list_profile(void *argument, const struct profile *profile)
{
    struct profile_listing *listing = argument;
    int rc = page_add(&listing->page, profile);

    if (rc == 0) {
        listing->last = profile->user_id;
    }
    listing->is_full = rc == 1;
    return rc;
}

int call_list_profiles(struct call *call)
{
    const struct list_profiles_request *asked = &call->request->list_profiles;
    struct daemon *daemon = call->daemon;
    uint64_t query = page_query(call->claims->tenant_id.bytes, UUID_BYTES);
    struct list_profiles_reply reply = {
        .has_request_id = true,
        .request_id = asked->request_id,
        .status = 200,
    };
    struct profile_listing listing = {.is_full = false};
    struct uuid after;
    char next[PAGE_NEXT_BUFFER];
    int rc = 0;

    if (asked->has_next && page_next_read(asked->next, query, &after)) {
        call->target = "next";
        return -ERROR_NEXT_VALUE;
    }
    page_begin(&listing.page, &daemon->scratch, &profile_schema, asked->top);
    rc = registry_list(daemon->registry, &call->claims->tenant_id, asked->has_next ? &after : NULL,
                       asked->top + 1, list_profile, &listing);
    if (rc) {
        return registry_result(call, rc);
    }
    reply.has_next = listing.is_full;
    if (reply.has_next) {
        page_next_write(next, query, &listing.last);
        reply.next = text_of(next);
    }
    reply.has_value = true;
    reply.value = page_list(&listing.page);
    call_reply(call, &list_profiles_reply_schema, &reply);
    return 0;
}

int call_get_statistics(struct call *call)
{
    struct daemon *daemon = call->daemon;
    struct store_counts counts = store_counts(daemon->store, &call->claims->tenant_id);
    struct get_statistics_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_statistics = true,
        .statistics =
            {
                .awaiting_approval = counts.of[OPERATION_STAGE_AWAITING_APPROVAL],
                .queued = counts.of[OPERATION_STAGE_QUEUED],
                .gathering = counts.of[OPERATION_STAGE_GATHERING],
                .retry_wait = counts.of[OPERATION_STAGE_RETRY_WAIT],
                .complete = counts.of[OPERATION_STAGE_DONE],
                .failed = counts.of[OPERATION_STAGE_FAILED],
                .overdue = counts.overdue,
                .paused = queue_standing(&daemon->engine.queue, &call->claims->tenant_id).is_paused,
                .workers = (int64_t)daemon->engine.pool.workers.count,
                .slots = daemon->engine.pool.slots,
                .sequence = store_sequence(daemon->store),
                .uptime_seconds = (daemon->now.mono.ms - daemon->started.ms) / 1000,
                .version = TEXT(EXPORTD_VERSION),
            },
    };

    call_reply(call, &get_statistics_reply_schema, &reply);
    return 0;
}

int call_ping(struct call *call)
{
    struct ping_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_version = true,
        .version = TEXT(EXPORTD_VERSION),
        .has_date_time = true,
        .date_time = call->daemon->now.wall,
    };

    call_reply(call, &ping_reply_schema, &reply);
    return 0;
}
