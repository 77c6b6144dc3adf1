// SPDX-License-Identifier: MIT
#include "tests/bench/journey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/request.h"
#include "tests/bench/worker_wire.h"
#include "tests/bench/zmtp.h"

#define HEARTBEAT_NS 500000000U
#define REPEAT_NS    100000000U
#define WAIT_MS      50
#define EVENTS       128
#define TIMES        65536 /* far more than are ever on the way */
#define TOPIC        "worker/bench"

static const struct worker_name name = {"bench", "be4c4000-0000-4000-8000-000000000001"};

enum end_kind { END_PRODUCER, END_JOBS, END_REPORTS, END_STATUS };

struct walk;

struct end {
    struct walk *walk;
    enum end_kind kind;
    bool is_idle;
    uint64_t sent_ns;
    struct zmtp zmtp;
};

struct result {
    struct worker_job job;
    uint64_t repeat_ns;
};

/* When the request was sent that an operation came of; a later one may take the place. */
struct sent {
    char operation[WORKER_ID_BUFFER];
    uint64_t ns;
};

struct walk {
    const struct journey *journey;
    int epoll;
    unsigned on_the_way;
    uint64_t next_number;
    uint64_t now_ns; /* of this turn */
    uint64_t heartbeat_ns;
    uint64_t count_from_ns;
    uint64_t end_ns;
    size_t result_count;
    struct result results[JOURNEY_WINDOW_MOST];
    struct sent sent[TIMES];
    struct samples samples;
    struct raw_message message;
    struct end jobs;
    struct end reports;
    struct end status;
    struct end producers[JOURNEY_PRODUCERS_MOST];
};

static struct sent *sent_of(struct walk *walk, const char *operation)
{
    char tail[9];
    memcpy(tail, operation + WORKER_ID_BUFFER - 9, 8); /* of a UUIDv7: random */
    tail[8] = '\0';
    return &walk->sent[strtoul(tail, NULL, 16) % TIMES];
}

static void ask_or_rest(struct walk *walk, struct end *producer)
{
    uint8_t buffer[LOAD_REQUEST_BYTES];
    producer->is_idle = walk->on_the_way >= walk->journey->window;
    if (producer->is_idle) {
        return;
    }
    walk->on_the_way++;
    size_t size = walk->journey->request(walk->journey->context, walk->next_number++, buffer);
    producer->sent_ns = measure_now_ns();
    zmtp_put(&producer->zmtp, "", 0, true);
    zmtp_put(&producer->zmtp, buffer, size, false);
    zmtp_flush(&producer->zmtp);
}

static void on_reply(struct walk *walk, struct end *producer, const uint8_t *frame, size_t size)
{
    const char *operation = request_operation(frame, size);
    if (!operation || !request_is_accepted(frame, size)) {
        measure_fail("refused");
    }
    struct sent *sent = sent_of(walk, operation);
    memcpy(sent->operation, operation, sizeof(sent->operation) - 1);
    sent->ns = producer->sent_ns;
    ask_or_rest(walk, producer);
}

static void say(struct walk *walk)
{
    zmtp_put(&walk->reports.zmtp, walk->message.bytes, walk->message.size, false);
}

static void report_done(struct walk *walk, struct result *result)
{
    worker_write_done(&walk->message, &name, &result->job);
    say(walk);
    result->repeat_ns = walk->now_ns + REPEAT_NS;
}

/* An offer may be repeated. */
static void on_job(struct walk *walk, const uint8_t *frame, size_t size)
{
    struct worker_job job;
    if (!worker_read_job(frame, size, &job)) {
        measure_fail("job");
    }
    for (size_t i = 0; i < walk->result_count; i++) {
        if (walk->results[i].job.fence == job.fence) {
            return;
        }
    }
    if (walk->result_count == JOURNEY_WINDOW_MOST) {
        worker_write_declined(&walk->message, &name, &job);
        say(walk);
        return;
    }
    struct result *result = &walk->results[walk->result_count++];
    result->job = job;
    worker_write_started(&walk->message, &name, &job);
    say(walk);
    report_done(walk, result);
}

static void on_recorded(void *context, int64_t fence)
{
    struct walk *walk = context;
    size_t i = 0;
    while (i < walk->result_count && walk->results[i].job.fence != fence) {
        i++;
    }
    if (i == walk->result_count) {
        return;
    }
    struct sent *sent = sent_of(walk, walk->results[i].job.operation);
    if (strcmp(sent->operation, walk->results[i].job.operation) == 0 &&
        walk->now_ns >= walk->count_from_ns && walk->now_ns < walk->end_ns) {
        samples_add(&walk->samples, measure_now_ns() - sent->ns);
    }
    walk->results[i] = walk->results[--walk->result_count];
    walk->on_the_way -= walk->on_the_way > 0;
}

static void on_frame(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct end *end = context;
    struct walk *walk = end->walk;
    if (has_more) {
        return;
    }
    if (end->kind == END_PRODUCER) {
        on_reply(walk, end, frame, size);
    } else if (end->kind == END_JOBS) {
        on_job(walk, frame, size);
    } else if (end->kind == END_STATUS) {
        raw_clear(&walk->message);
        raw_bytes(&walk->message, frame, size);
        worker_read_fences(&walk->message, "recorded", on_recorded, walk);
        worker_read_fences(&walk->message, "superseded", on_recorded, walk);
    }
}

/* A notice may be lost, so results are repeated; the first are told before the subscription is in
 * force. */
static void on_time(struct walk *walk)
{
    int64_t fences[JOURNEY_WINDOW_MOST];
    for (size_t i = 0; i < walk->result_count; i++) {
        fences[i] = walk->results[i].job.fence;
        if (walk->now_ns >= walk->results[i].repeat_ns) {
            report_done(walk, &walk->results[i]);
        }
    }
    if (walk->now_ns >= walk->heartbeat_ns) {
        worker_write_heartbeat(&walk->message, &name, walk->journey->slots, fences,
                               (uint32_t)walk->result_count);
        say(walk);
        walk->heartbeat_ns = walk->now_ns + HEARTBEAT_NS;
    }
    zmtp_flush(&walk->reports.zmtp);
}

static void turn(struct walk *walk)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(walk->epoll, events, EVENTS, WAIT_MS);
    if (count < 0 && errno != EINTR) {
        measure_fail("epoll");
    }
    walk->now_ns = measure_now_ns();
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        zmtp_receive(&end->zmtp, on_frame, end);
    }
    on_time(walk);
    for (unsigned i = 0; i < walk->journey->producers; i++) {
        if (walk->producers[i].is_idle) {
            ask_or_rest(walk, &walk->producers[i]);
        }
    }
}

static void open_end(struct walk *walk, struct end *end, enum end_kind kind, const char *endpoint)
{
    static const char *const types[] = {
        [END_PRODUCER] = "REQ", [END_JOBS] = "PULL", [END_REPORTS] = "PUSH", [END_STATUS] = "SUB"};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    end->walk = walk;
    end->kind = kind;
    if (!zmtp_connect(&end->zmtp, endpoint, types[kind]) ||
        epoll_ctl(walk->epoll, EPOLL_CTL_ADD, end->zmtp.socket, &event)) {
        measure_fail(endpoint);
    }
}

static void open_ends(struct walk *walk)
{
    const struct journey *journey = walk->journey;
    open_end(walk, &walk->status, END_STATUS, journey->status);
    open_end(walk, &walk->reports, END_REPORTS, journey->reports);
    open_end(walk, &walk->jobs, END_JOBS, journey->jobs);
    zmtp_put(&walk->status.zmtp, "\x01" TOPIC, sizeof(TOPIC), false);
    zmtp_flush(&walk->status.zmtp);
    for (unsigned i = 0; i < journey->producers; i++) {
        open_end(walk, &walk->producers[i], END_PRODUCER, journey->requests);
        walk->producers[i].is_idle = true;
    }
}

static void close_ends(struct walk *walk)
{
    zmtp_close(&walk->status.zmtp);
    zmtp_close(&walk->reports.zmtp);
    zmtp_close(&walk->jobs.zmtp);
    for (unsigned i = 0; i < walk->journey->producers; i++) {
        zmtp_close(&walk->producers[i].zmtp);
    }
}

struct measurement journey_measure(const struct journey *journey)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    if (!walk || journey->producers > JOURNEY_PRODUCERS_MOST ||
        journey->window > JOURNEY_WINDOW_MOST || (walk->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        measure_fail("journey");
    }
    walk->journey = journey;
    open_ends(walk);
    walk->now_ns = measure_now_ns();
    walk->count_from_ns = walk->now_ns + (uint64_t)(journey->warm_up_seconds * 1e9);
    walk->end_ns = walk->count_from_ns + (uint64_t)(journey->seconds * 1e9);
    on_time(walk);
    while (walk->now_ns < walk->end_ns) {
        turn(walk);
    }
    struct measurement result = {.value = (double)walk->samples.count / journey->seconds};
    result.p50_us = samples_percentile_us(&walk->samples, 0.5);
    result.p99_us = samples_percentile_us(&walk->samples, 0.99);
    close_ends(walk);
    close(walk->epoll);
    samples_release(&walk->samples);
    free(walk);
    return result;
}
