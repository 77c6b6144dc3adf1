// SPDX-License-Identifier: MIT
/* What a new row of the log may be. The legal moves are written down here a second time, on
 * purpose. */
#include <stdio.h>
#include <string.h>

#include "tests/simulation/bundles.h"
#include "tests/simulation/checks.h"

#define AT(stage) (1U << OPERATION_STAGE_##stage)
#define UNENDED   (AT(AWAITING_APPROVAL) | AT(QUEUED) | AT(GATHERING) | AT(RETRY_WAIT))

static const struct {
    bool is_known;
    unsigned from;
    unsigned to;
    int attempts; /* that it adds */
} moves[EVENT_KIND_COUNT] = {
    [EVENT_KIND_ACCEPTED] = {true, 0, AT(QUEUED) | AT(AWAITING_APPROVAL), 0},
    [EVENT_KIND_APPROVED] = {true, AT(AWAITING_APPROVAL), AT(QUEUED), 0},
    [EVENT_KIND_STARTED] = {true, AT(QUEUED), AT(GATHERING), 1},
    [EVENT_KIND_RETRY_WAIT] = {true, AT(GATHERING), AT(RETRY_WAIT), 0},
    [EVENT_KIND_REQUEUED] = {true, AT(GATHERING) | AT(RETRY_WAIT), AT(QUEUED), 0},
    [EVENT_KIND_COMPLETED] = {true, AT(GATHERING), AT(DONE), 0},
    [EVENT_KIND_FAILED] = {true, UNENDED, AT(FAILED), 0},
    [EVENT_KIND_OVERDUE] = {true, UNENDED, UNENDED, 0},
};

static const enum operation_status statuses[OPERATION_STAGE_COUNT] = {
    [OPERATION_STAGE_AWAITING_APPROVAL] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_QUEUED] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_RETRY_WAIT] = OPERATION_STATUS_NOT_STARTED,
    [OPERATION_STAGE_GATHERING] = OPERATION_STATUS_RUNNING,
    [OPERATION_STAGE_DONE] = OPERATION_STATUS_COMPLETE,
    [OPERATION_STAGE_FAILED] = OPERATION_STATUS_FAILED,
};

static bool is_next(const struct evidence *evidence)
{
    return evidence->event->sequence == model_sequence() + 1 ||
           checks_detail("%lld follows %lld", (long long)evidence->event->sequence,
                         (long long)model_sequence());
}

static bool is_next_revision(const struct evidence *evidence)
{
    int64_t before = evidence->before ? evidence->before->newest.revision : 0;

    return evidence->event->revision == before + 1 ||
           checks_detail("sequence %lld: %lld follows %lld", (long long)evidence->event->sequence,
                         (long long)evidence->event->revision, (long long)before);
}

static bool stays_terminal(const struct evidence *evidence)
{
    return !evidence->before || !model_is_terminal(&evidence->before->newest) ||
           checks_detail("%s after %s", event_kind_name(evidence->event->kind),
                         operation_stage_name(evidence->before->newest.stage));
}

static bool is_legal(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;
    const struct model_event *before = evidence->before ? &evidence->before->newest : NULL;
    unsigned from = before ? 1U << before->stage : 0;
    bool is_from =
        before ? (moves[event->kind].from & from) != 0 : event->kind == EVENT_KIND_ACCEPTED;

    bool is_moved = event->kind != EVENT_KIND_OVERDUE || (before && before->stage == event->stage);

    return (moves[event->kind].is_known && is_from && is_moved &&
            (moves[event->kind].to & (1U << event->stage)) &&
            event->attempt == (before ? before->attempt : 0) + moves[event->kind].attempts) ||
           checks_detail("sequence %lld: %s from %s to %s, attempt %lld",
                         (long long)event->sequence, event_kind_name(event->kind),
                         before ? operation_stage_name(before->stage) : "nothing",
                         operation_stage_name(event->stage), (long long)event->attempt);
}

static bool status_fits(const struct evidence *evidence)
{
    return evidence->event->status == statuses[evidence->event->stage] ||
           checks_detail("%s in %s", operation_status_name(evidence->event->status),
                         operation_stage_name(evidence->event->stage));
}

static bool keeps_origin(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;
    const struct model_event *before = evidence->before ? &evidence->before->newest : event;

    return uuid_equal(&event->tenant_id, &before->tenant_id) &&
           uuid_equal(&event->user_id, &before->user_id) &&
           uuid_equal(&event->requested_by, &before->requested_by) &&
           event->has_key == before->has_key &&
           memcmp(event->key_digest, before->key_digest, sizeof event->key_digest) == 0;
}

static bool key_is_new(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;

    return evidence->before || !event->has_key || !model_key(&event->tenant_id, event->key_digest);
}

static bool starts_newest_offer(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;

    return event->kind != EVENT_KIND_STARTED ||
           (evidence->before && event->fence == evidence->before->offered_fence &&
            event->fence > evidence->before->started_fence) ||
           checks_detail(
               "fence %llx, offered %llx, started before %llx", (unsigned long long)event->fence,
               (unsigned long long)(evidence->before ? evidence->before->offered_fence : 0),
               (unsigned long long)(evidence->before ? evidence->before->started_fence : 0));
}

static bool keeps_fence(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;

    return event->kind == EVENT_KIND_STARTED || event->kind == EVENT_KIND_ACCEPTED ||
           (evidence->before && event->fence == evidence->before->started_fence) ||
           checks_detail("%s: fence %llx", event_kind_name(event->kind),
                         (unsigned long long)event->fence);
}

static bool has_its_bundle(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;
    const struct bundle_identity bundle = {event->tenant_id, event->operation_id, event->fence};
    char url[BUNDLES_URL_BUFFER];

    if (event->kind != EVENT_KIND_COMPLETED) {
        return !event->has_location;
    }
    return event->has_location && strcmp(event->location, bundles_url(&bundle, url)) == 0 &&
           bundles_have(&bundle);
}

static bool failure_fits(const struct evidence *evidence)
{
    const struct model_event *event = evidence->event;

    return event->kind == EVENT_KIND_OVERDUE ||
           event->has_failure ==
               (event->kind == EVENT_KIND_FAILED || event->kind == EVENT_KIND_RETRY_WAIT ||
                (event->kind == EVENT_KIND_REQUEUED)) ||
           checks_detail("%s, failure %d", event_kind_name(event->kind), event->has_failure);
}

static bool is_chained(const struct evidence *evidence)
{
    return evidence->event->is_chained ||
           checks_detail("sequence %lld", (long long)evidence->event->sequence);
}

static const struct check rows[] = {
    {3, "events are numbered from 1 without a gap", is_next},
    {9, "the hash of an event follows from the event before it", is_chained},
    {3, "the revisions of an operation are numbered from 1 without a gap", is_next_revision},
    {3, "a terminal state never changes", stays_terminal},
    {3, "every event is a legal move", is_legal},
    {3, "the status is the one of the stage", status_fits},
    {3, "an event says why exactly when something failed", failure_fits},
    {1, "an operation keeps its tenant, user, caller and key", keeps_origin},
    {2, "a key makes one operation", key_is_new},
    {4, "only the newest offer of an operation starts", starts_newest_offer},
    {4, "only the newest started fence changes an operation", keeps_fence},
    {4, "an operation is complete by a bundle of its newest fence that is there", has_its_bundle},
};

const struct checks checks_event = {rows, sizeof rows / sizeof rows[0]};
