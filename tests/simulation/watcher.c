// SPDX-License-Identifier: MIT
#include "tests/simulation/watcher.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random.h"

#define MAXIMUM_WATCHERS 4
/* A dashboard that hears of no gap asks now and then anyway: the last frame may be the lost one. */
#define LOOK_MS 1500

/* What is shown of an operation, by its number in the model. */
struct shown {
    int64_t revision;
    enum operation_status status;
};

struct watcher {
    struct caller caller; /* first: a link's owner is its caller */
    struct link *frames;
    int64_t since; /* all events up to this one were seen */
    struct shown shown[MODEL_OPERATIONS];
};

static struct watcher watchers[MAXIMUM_WATCHERS];
static size_t count;

void watchers_reset(void)
{
    count = 0;
}

void watchers_release(void)
{
    for (size_t i = 0; i < count; i++) {
        link_close(watchers[i].frames);
        caller_release(&watchers[i].caller);
    }
    count = 0;
}

static struct shown *shown_of(struct watcher *watcher, const struct uuid *id)
{
    const struct model_operation *operation = model_operation(id);

    return operation ? &watcher->shown[operation - model_number(0)] : NULL;
}

static void ask(struct watcher *watcher)
{
    union any_request request = {0};

    if (!watcher->caller.is_waiting) {
        request.events_since.sequence = watcher->since;
        request.events_since.top = 100;
        caller_ask(&watcher->caller, REQUEST_KIND_EVENTS_SINCE, &request);
    }
}

/* Whether the event is the next one of its operation, or an old one. */
static bool show(struct watcher *watcher, const struct event *event)
{
    struct shown *shown = shown_of(watcher, &event->operation_id);

    if (!shown) {
        return true; /* the check of status frames has something to say about it */
    }
    if (event->revision > shown->revision + 1) {
        return false;
    }
    if (event->revision == shown->revision + 1) {
        *shown = (struct shown){event->revision, event->status};
    }
    return true;
}

static void heard(struct caller *caller, int64_t status, const msgpack_object *reply)
{
    struct watcher *watcher = (struct watcher *)caller;
    struct events_since_reply said;
    struct wire_error error;
    struct event event;

    if (status != 200 || events_since_reply_decode(reply, &said, &error)) {
        checks_fail(3, "events since a sequence are answered", "%lld", (long long)status);
        return;
    }
    for (uint32_t i = 0; i < said.value.count; i++) {
        codec_item(&said.value, i, &event);
        if (!show(watcher, &event)) {
            checks_fail(3, "events since a sequence leave no gap", "revision %lld",
                        (long long)event.revision);
        }
    }
    watcher->since = said.sequence > watcher->since ? said.sequence : watcher->since;
    if (said.more) {
        ask(watcher);
    }
}

static void receive(void *owner, struct text topic, struct text payload)
{
    struct watcher *watcher = owner;
    struct wire_error error;
    struct event event;

    (void)topic;
    if (wire_parse(&watcher->caller.input, payload.data, payload.size_bytes, &error) ||
        event_decode(&watcher->caller.input.root, &event, &error)) {
        return; /* a notice to a worker */
    }
    if (uuid_equal(&event.tenant_id, &watcher->caller.tenant_id) && !show(watcher, &event)) {
        ask(watcher);
    }
}

static void look(void *owner, int64_t number)
{
    struct watcher *watcher = owner;

    (void)number;
    ask(watcher);
    agenda_add(LOOK_MS, look, watcher, 0);
}

void watchers_add(unsigned tenant)
{
    struct watcher *watcher = &watchers[count];
    char name[16];

    assert(count < MAXIMUM_WATCHERS);
    watcher->since = 0;
    memset(watcher->shown, 0, sizeof watcher->shown);
    snprintf(name, sizeof name, "watcher%zu", count);
    count++;
    caller_init(&watcher->caller, name, tenant, 0, heard);
    watcher->frames = link_open(LINK_STATUS, watcher, receive);
    link_subscribe(watcher->frames, "");
    agenda_add(random_between(1, LOOK_MS), look, watcher, 0);
}

static bool has_converged(const struct watcher *watcher)
{
    const struct model_operation *operation;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (uuid_equal(&operation->newest.tenant_id, &watcher->caller.tenant_id) &&
            (watcher->shown[i].revision != operation->newest.revision ||
             watcher->shown[i].status != operation->newest.status)) {
            return false;
        }
    }
    return true;
}

bool watchers_have_converged(void)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_converged(&watchers[i])) {
            return false;
        }
    }
    return true;
}
