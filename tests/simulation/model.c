// SPDX-License-Identifier: MIT
#include "tests/simulation/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (4 * MODEL_OPERATIONS)

static struct model_operation operations[MODEL_OPERATIONS];
static size_t operation_count;
static int slots[SLOTS]; /* number of an operation and 1, by its id */
static struct model_event *events;
static size_t event_count;
static size_t event_room;

void model_reset(void)
{
    operation_count = 0;
    event_count = 0;
    memset(slots, 0, sizeof slots);
}

void model_release(void)
{
    free(events);
    events = NULL;
    event_room = 0;
    model_reset();
}

int64_t model_sequence(void)
{
    return (int64_t)event_count;
}

static size_t slot_of(const struct uuid *id)
{
    uint64_t hash;
    size_t at;

    memcpy(&hash, id->bytes + 8, sizeof hash);
    at = (size_t)((hash * 0x9e3779b97f4a7c15U) >> 40) % SLOTS;
    while (slots[at] && !uuid_equal(&operations[slots[at] - 1].newest.operation_id, id)) {
        at = (at + 1) % SLOTS;
    }
    return at;
}

struct model_operation *model_operation(const struct uuid *id)
{
    size_t at = slot_of(id);

    return slots[at] ? &operations[slots[at] - 1] : NULL;
}

struct model_operation *model_number(size_t number)
{
    return number < operation_count ? &operations[number] : NULL;
}

size_t model_count(void)
{
    return operation_count;
}

static struct model_event *event_new(void)
{
    if (event_count == event_room) {
        event_room = event_room ? event_room * 2 : 1024;
        events = realloc(events, event_room * sizeof *events);
        if (!events) {
            perror("simulate");
            abort();
        }
    }
    return &events[event_count++];
}

void model_add(const struct model_event *event)
{
    size_t at = slot_of(&event->operation_id);
    struct model_operation *operation;

    *event_new() = *event;
    if (!slots[at]) {
        assert(operation_count < MODEL_OPERATIONS);
        operations[operation_count++] = (struct model_operation){0};
        slots[at] = (int)operation_count;
    }
    operation = &operations[slots[at] - 1];
    operation->newest = *event;
    if (event->kind == EVENT_KIND_STARTED) {
        operation->started_fence = event->fence;
    }
    if (event->kind == EVENT_KIND_COMPLETED) {
        operation->completed_fence = event->fence;
    }
}

const struct model_event *model_event(int64_t sequence)
{
    return sequence >= 1 && (size_t)sequence <= event_count ? &events[sequence - 1] : NULL;
}

const struct model_event *model_revision(const struct uuid *operation_id, int64_t revision)
{
    const struct model_operation *operation = model_operation(operation_id);

    if (!operation || operation->newest.revision < revision) {
        return NULL;
    }
    for (int64_t sequence = operation->newest.sequence; sequence >= 1; sequence--) {
        const struct model_event *event = &events[sequence - 1];
        if (event->revision == revision && uuid_equal(&event->operation_id, operation_id)) {
            return event;
        }
    }
    return NULL;
}

const struct model_operation *model_key(const struct uuid *tenant_id,
                                        const uint8_t digest[MODEL_DIGEST_BYTES])
{
    for (size_t i = 0; i < operation_count; i++) {
        const struct model_event *event = &operations[i].newest;
        if (event->has_key && uuid_equal(&event->tenant_id, tenant_id) &&
            memcmp(event->key_digest, digest, MODEL_DIGEST_BYTES) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

bool model_is_terminal(const struct model_event *event)
{
    return event->stage == OPERATION_STAGE_DONE || event->stage == OPERATION_STAGE_FAILED;
}
