// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/stub_inside.h"

#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

const char *stub_requests_endpoint(const struct stub *stub)
{
    return stub->requests_endpoint;
}

const char *stub_status_endpoint(const struct stub *stub)
{
    return stub->status_endpoint;
}

void stub_set_faults(struct stub *stub, const struct stub_faults *faults)
{
    pthread_mutex_lock(&stub->lock);
    stub->faults = *faults;
    pthread_mutex_unlock(&stub->lock);
}

struct stub_counts stub_counts(struct stub *stub)
{
    struct stub_counts counts;

    pthread_mutex_lock(&stub->lock);
    counts = stub->state.counts;
    pthread_mutex_unlock(&stub->lock);
    return counts;
}

void stub_last_token(struct stub *stub, char text[STUB_TEXT_BYTES])
{
    pthread_mutex_lock(&stub->lock);
    memcpy(text, stub->state.last_token, STUB_TEXT_BYTES);
    pthread_mutex_unlock(&stub->lock);
}

void stub_last_key(struct stub *stub, char text[STUB_TEXT_BYTES])
{
    pthread_mutex_lock(&stub->lock);
    memcpy(text, stub->state.last_key, STUB_TEXT_BYTES);
    pthread_mutex_unlock(&stub->lock);
}

void stub_accept(struct stub *stub, char id[UUID_TEXT_BUFFER])
{
    struct uuid user_id;

    stub_check(uuid_parse(TEXT(STUB_USER), &user_id) == 0, "no user");
    pthread_mutex_lock(&stub->lock);
    uuid_format(&stub_make(&stub->state, &user_id)->id, id);
    pthread_mutex_unlock(&stub->lock);
}

bool stub_newest(struct stub *stub, char id[UUID_TEXT_BUFFER])
{
    int count = 0;

    for (int i = 0; i < PATIENCE_MS && count == 0; i++) {
        usleep(1000);
        pthread_mutex_lock(&stub->lock);
        count = stub->state.operation_count;
        if (count > 0) {
            uuid_format(&stub->state.operations[count - 1].id, id);
        }
        pthread_mutex_unlock(&stub->lock);
    }
    return count > 0;
}

static void enqueue(struct stub *stub, const char *topic, const void *bytes, size_t size_bytes)
{
    struct stub_publication_frames *publication = &stub->outbox[stub->outbox_count];

    stub_check(stub->outbox_count < STUB_OUTBOX, "too many publications");
    stub->outbox_count++;
    snprintf(publication->topic, sizeof(publication->topic), "%s", topic);
    publication->payload = WIRE_OUTPUT_INIT;
    wire_append(&publication->payload, bytes, size_bytes);
}

static void enqueue_event(struct stub *stub, const struct event *event)
{
    struct wire_output payload = WIRE_OUTPUT_INIT;
    char topic[UUID_TEXT_BUFFER];

    event_encode(event, &payload);
    stub_check(payload.error == 0, "no event");
    enqueue(stub, uuid_format(&event->operation_id, topic), payload.data, payload.size_bytes);
    wire_output_release(&payload);
}

static void publish_event(struct stub *stub, const struct event *event,
                          enum stub_publication publication)
{
    if (publication == STUB_HOLD) {
        stub_check(stub->held_count < STUB_OUTBOX, "too much is held");
        stub->held[stub->held_count++] = *event;
        return;
    }
    for (int i = 0; i < (publication == STUB_TWICE ? 2 : publication == STUB_PUBLISH); i++) {
        enqueue_event(stub, event);
    }
}

static struct operation *find(struct stub *stub, const char *id)
{
    struct operation *operation;
    struct uuid uuid;

    stub_check(uuid_parse(text_of(id), &uuid) == 0, "not an id");
    operation = stub_find(&stub->state, &uuid);
    stub_check(operation != NULL, "no such operation");
    return operation;
}

void stub_move(struct stub *stub, const char *id, enum operation_stage stage,
               enum stub_publication publication)
{
    struct event event;

    pthread_mutex_lock(&stub->lock);
    event = stub_change(&stub->state, find(stub, id), stage);
    publish_event(stub, &event, publication);
    pthread_mutex_unlock(&stub->lock);
}

void stub_cancel(struct stub *stub, const char *id, enum stub_publication publication)
{
    struct event event;

    pthread_mutex_lock(&stub->lock);
    event = stub_change_cancelled(&stub->state, find(stub, id));
    publish_event(stub, &event, publication);
    pthread_mutex_unlock(&stub->lock);
}

void stub_overdue(struct stub *stub, const char *id, enum stub_publication publication)
{
    struct event event;

    pthread_mutex_lock(&stub->lock);
    event = stub_change_overdue(&stub->state, find(stub, id));
    publish_event(stub, &event, publication);
    pthread_mutex_unlock(&stub->lock);
}

void stub_lose_attempt(struct stub *stub, const char *id)
{
    struct operation *operation;

    pthread_mutex_lock(&stub->lock);
    operation = find(stub, id);
    operation->lost_attempts++;
    stub_change(&stub->state, operation, OPERATION_STAGE_QUEUED);
    pthread_mutex_unlock(&stub->lock);
}

void stub_tick(struct stub *stub, const char *id, double progress,
               enum stub_publication publication)
{
    struct operation *operation;
    struct event event;

    pthread_mutex_lock(&stub->lock);
    operation = find(stub, id);
    operation->progress = progress;
    event = stub_event(operation, EVENT_KIND_PROGRESS);
    publish_event(stub, &event, publication);
    pthread_mutex_unlock(&stub->lock);
}

void stub_release(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    while (stub->held_count > 0) {
        enqueue_event(stub, &stub->held[--stub->held_count]);
    }
    pthread_mutex_unlock(&stub->lock);
}

void stub_publish(struct stub *stub, const char *topic, const void *bytes, size_t size_bytes)
{
    pthread_mutex_lock(&stub->lock);
    enqueue(stub, topic, bytes, size_bytes);
    pthread_mutex_unlock(&stub->lock);
}

static bool is_subscribed(struct stub *stub, const char *id)
{
    bool found = false;

    pthread_mutex_lock(&stub->lock);
    for (int i = 0; i < stub->topic_count; i++) {
        found = found || strcmp(stub->topics[i], id) == 0;
    }
    pthread_mutex_unlock(&stub->lock);
    return found;
}

bool stub_wait_subscribed(struct stub *stub, const char *id)
{
    for (int i = 0; i < PATIENCE_MS && !is_subscribed(stub, id); i++) {
        usleep(1000);
    }
    return is_subscribed(stub, id);
}

bool stub_wait_requests(struct stub *stub, int count)
{
    for (int i = 0; i < PATIENCE_MS && stub_counts(stub).requests < count; i++) {
        usleep(1000);
    }
    return stub_counts(stub).requests >= count;
}

static void set_away(struct stub *stub, bool is_away)
{
    bool is_done = false;

    pthread_mutex_lock(&stub->lock);
    stub->should_be_away = is_away;
    pthread_mutex_unlock(&stub->lock);
    while (!is_done) {
        usleep(1000);
        pthread_mutex_lock(&stub->lock);
        is_done = stub->is_away == is_away;
        pthread_mutex_unlock(&stub->lock);
    }
}

void stub_go_away(struct stub *stub)
{
    set_away(stub, true);
}

void stub_come_back(struct stub *stub)
{
    set_away(stub, false);
}
