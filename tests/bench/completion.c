// SPDX-License-Identifier: MIT
#include "tests/bench/completion.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/support/raw.h"

#define ID_BYTES   36
#define SLOT_COUNT 65536 /* far more than are ever on the way */
#define POLL_MS    100

/* One operation on the way: accepted and not complete, or complete before the reply was read. */
struct slot {
    char operation[ID_BYTES];
    bool is_used;
    uint64_t at_ns; /* sent, or completed */
};

struct completion {
    pthread_t thread;
    pthread_mutex_t lock;
    void *context;
    void *socket;
    int wake;
    unsigned window;
    unsigned on_the_way;
    atomic_bool is_ending;
    char last[ID_BYTES]; /* the operation that was completed last */
    uint64_t begun_ns;
    struct samples samples;
    struct slot slots[SLOT_COUNT];
    struct raw_message event;
};

/* Ids are UUIDv7: the end is random. */
static size_t place_of(const char *operation)
{
    char end[9];
    memcpy(end, operation + ID_BYTES - 8, 8);
    end[8] = '\0';
    return strtoul(end, NULL, 16) % SLOT_COUNT;
}

/* Holds the lock. The first of the two that come about an operation is kept; the second ends it
 * and gets the time of the first. Two of one place at once are so rare that the later is lost. */
static uint64_t meet(struct completion *completion, const char *operation, uint64_t at_ns)
{
    struct slot *slot = &completion->slots[place_of(operation)];
    if (slot->is_used && memcmp(slot->operation, operation, ID_BYTES) == 0) {
        slot->is_used = false;
        return slot->at_ns;
    }
    memcpy(slot->operation, operation, ID_BYTES);
    slot->is_used = true;
    slot->at_ns = at_ns;
    return 0;
}

static void add(struct completion *completion, uint64_t sent_ns, uint64_t done_ns)
{
    if (completion->begun_ns && done_ns >= completion->begun_ns) {
        samples_add(&completion->samples, done_ns > sent_ns ? done_ns - sent_ns : 0);
    }
}

static void on_event(struct completion *completion, const char *operation)
{
    char status[32];
    if (raw_get_text(&completion->event, "status", status, sizeof(status)) ||
        strcmp(status, "complete") != 0) {
        return;
    }
    uint64_t now = measure_now_ns();
    pthread_mutex_lock(&completion->lock);
    uint64_t sent = meet(completion, operation, now);
    if (sent) {
        add(completion, sent, now);
    }
    completion->on_the_way -= completion->on_the_way > 0;
    memcpy(completion->last, operation, ID_BYTES);
    pthread_mutex_unlock(&completion->lock);
    uint64_t one = 1;
    if (write(completion->wake, &one, sizeof(one)) < 0 && errno != EAGAIN) {
        measure_fail("eventfd");
    }
}

/* Takes a message of topic and event; false when none came in time. */
static bool receive(struct completion *completion, char *topic, size_t topic_bytes)
{
    zmq_msg_t frame;
    bool is_first = true;
    int more = 1;
    while (more) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, completion->socket, 0) < 0) {
            zmq_msg_close(&frame);
            return false;
        }
        if (is_first) {
            size_t size = zmq_msg_size(&frame);
            size = size < topic_bytes - 1 ? size : topic_bytes - 1;
            memcpy(topic, zmq_msg_data(&frame), size);
            topic[size] = '\0';
        }
        is_first = false;
        raw_clear(&completion->event);
        raw_bytes(&completion->event, zmq_msg_data(&frame), zmq_msg_size(&frame));
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    return true;
}

static void *run(void *argument)
{
    struct completion *completion = argument;
    char topic[128];
    while (!atomic_load(&completion->is_ending)) {
        if (receive(completion, topic, sizeof(topic)) && strlen(topic) == ID_BYTES) {
            on_event(completion, topic);
        }
    }
    return NULL;
}

struct completion *completion_new(const char *endpoint, unsigned window, int *wake_descriptor)
{
    struct completion *completion = calloc(1, sizeof(*completion));
    if (!completion || pthread_mutex_init(&completion->lock, NULL)) {
        measure_fail("completion");
    }
    int timeout = POLL_MS;
    int none = 0;
    completion->window = window;
    completion->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    completion->context = zmq_ctx_new();
    completion->socket = zmq_socket(completion->context, ZMQ_SUB);
    if (completion->wake < 0 || !completion->socket ||
        zmq_setsockopt(completion->socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout)) ||
        zmq_setsockopt(completion->socket, ZMQ_RCVHWM, &none, sizeof(none)) ||
        zmq_setsockopt(completion->socket, ZMQ_SUBSCRIBE, "", 0) ||
        zmq_connect(completion->socket, endpoint) ||
        pthread_create(&completion->thread, NULL, run, completion)) {
        measure_fail(endpoint);
    }
    *wake_descriptor = completion->wake;
    return completion;
}

static bool is_last(struct completion *completion, const char *operation)
{
    pthread_mutex_lock(&completion->lock);
    bool is = memcmp(completion->last, operation, ID_BYTES) == 0;
    pthread_mutex_unlock(&completion->lock);
    return is;
}

bool completion_settle(struct completion *completion, const char *operation, int timeout_ms)
{
    uint64_t deadline = measure_now_ns() + (uint64_t)timeout_ms * 1000000U;
    struct pollfd item = {.fd = completion->wake, .events = POLLIN};
    while (!is_last(completion, operation)) {
        uint64_t count;
        if (measure_now_ns() >= deadline) {
            return false;
        }
        (void)poll(&item, 1, 10);
        if (read(completion->wake, &count, sizeof(count)) < 0 && errno != EAGAIN) {
            measure_fail("eventfd");
        }
    }
    pthread_mutex_lock(&completion->lock);
    memset(completion->slots, 0, sizeof(completion->slots));
    completion->on_the_way = 0;
    pthread_mutex_unlock(&completion->lock);
    return true;
}

bool completion_may_send(struct completion *completion)
{
    pthread_mutex_lock(&completion->lock);
    bool may = completion->on_the_way < completion->window;
    completion->on_the_way += may;
    pthread_mutex_unlock(&completion->lock);
    return may;
}

void completion_accepted(struct completion *completion, const char *operation, uint64_t sent_ns)
{
    pthread_mutex_lock(&completion->lock);
    uint64_t done = meet(completion, operation, sent_ns);
    if (done) {
        add(completion, sent_ns, done);
    }
    pthread_mutex_unlock(&completion->lock);
}

void completion_begin(struct completion *completion, uint64_t begin_ns)
{
    pthread_mutex_lock(&completion->lock);
    completion->begun_ns = begin_ns;
    pthread_mutex_unlock(&completion->lock);
}

struct measurement completion_end(struct completion **ended)
{
    struct completion *completion = *ended;
    *ended = NULL;
    pthread_mutex_lock(&completion->lock);
    double seconds = (double)(measure_now_ns() - completion->begun_ns) / 1e9;
    struct measurement result = {.value = (double)completion->samples.count / seconds};
    pthread_mutex_unlock(&completion->lock);
    atomic_store(&completion->is_ending, true);
    pthread_join(completion->thread, NULL);
    result.p50_us = samples_percentile_us(&completion->samples, 0.5);
    result.p99_us = samples_percentile_us(&completion->samples, 0.99);
    samples_release(&completion->samples);
    zmq_close(completion->socket);
    zmq_ctx_term(completion->context);
    close(completion->wake);
    pthread_mutex_destroy(&completion->lock);
    free(completion);
    return result;
}
