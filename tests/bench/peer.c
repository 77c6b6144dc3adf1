// SPDX-License-Identifier: MIT
#include "tests/bench/peer.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/bench/measure.h"
#include "tests/support/raw.h"

#define HEARTBEAT_NS 500000000U
#define UNRECORDED   256
#define WORKER       "bench"
#define INSTANCE     "be4c4000-0000-4000-8000-000000000001"
#define DIGEST       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ID_BUFFER    64

static void *open_peer(void *context, int type, const char *endpoint)
{
    void *socket = zmq_socket(context, type);
    int none = 0;
    if (!socket || zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) ||
        (type == ZMQ_ROUTER ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint))) {
        measure_fail(endpoint);
    }
    return socket;
}

static void run_echo(char *arguments[])
{
    void *context = zmq_ctx_new();
    void *router = open_peer(context, ZMQ_ROUTER, arguments[0]);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (;;) {
        if (zmq_msg_recv(&frame, router, 0) < 0) {
            measure_fail("echo");
        }
        int more = zmq_msg_more(&frame);
        if (zmq_msg_send(&frame, router, more ? ZMQ_SNDMORE : 0) < 0) {
            measure_fail("echo");
        }
    }
}

/* A result that was reported and not yet confirmed. */
struct result {
    int64_t fence;
    char operation[ID_BUFFER];
};

struct worker {
    void *jobs;
    void *reports;
    void *status;
    int64_t slots;
    struct result results[UNRECORDED];
    size_t result_count;
    struct raw_message message;
};

static void send_report(struct worker *worker)
{
    if (zmq_send(worker->reports, worker->message.bytes, worker->message.size, 0) < 0) {
        measure_fail("report");
    }
}

static void begin_report(struct worker *worker, const char *type, uint32_t more)
{
    struct raw_message *message = &worker->message;
    raw_clear(message);
    raw_map(message, 3 + more);
    raw_text_field(message, "type", type);
    raw_text_field(message, "worker", WORKER);
    raw_text_field(message, "instance", INSTANCE);
}

static void about(struct worker *worker, const struct result *result)
{
    raw_text_field(&worker->message, "operationId", result->operation);
    raw_integer_field(&worker->message, "fence", result->fence);
}

static void report_started(struct worker *worker, const struct result *result)
{
    begin_report(worker, "started", 2);
    about(worker, result);
    send_report(worker);
}

static void report_done(struct worker *worker, const struct result *result)
{
    struct raw_message *message = &worker->message;
    char location[128];
    snprintf(location, sizeof(location), "https://bundles.example.org/%s.zip", result->operation);
    begin_report(worker, "done", 5);
    about(worker, result);
    raw_text_field(message, "storageLocation", location);
    raw_text(message, "bundle");
    raw_map(message, 2);
    raw_text_field(message, "sha256", DIGEST);
    raw_integer_field(message, "bytes", 1024);
    raw_text(message, "sources");
    raw_array(message, 1);
    raw_map(message, 6);
    raw_text_field(message, "name", "nothing");
    raw_text_field(message, "state", "empty");
    raw_integer_field(message, "rows", 0);
    raw_integer_field(message, "files", 0);
    raw_integer_field(message, "bytes", 0);
    raw_text_field(message, "reason", "none");
    send_report(worker);
}

static void report_heartbeat(struct worker *worker)
{
    begin_report(worker, "heartbeat", 2);
    raw_integer_field(&worker->message, "slots", worker->slots);
    raw_text(&worker->message, "running");
    raw_array(&worker->message, (uint32_t)worker->result_count);
    for (size_t i = 0; i < worker->result_count; i++) {
        raw_integer(&worker->message, worker->results[i].fence);
    }
    send_report(worker);
}

static void repeat_results(struct worker *worker)
{
    for (size_t i = 0; i < worker->result_count; i++) {
        report_done(worker, &worker->results[i]);
    }
}

/* Receives a message of which the last frame counts; false when there is none. */
static bool receive(void *socket, struct raw_message *message)
{
    int more = 1;
    while (more) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return false;
        }
        raw_clear(message);
        raw_bytes(message, zmq_msg_data(&frame), zmq_msg_size(&frame));
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    return true;
}

static void take_jobs(struct worker *worker)
{
    while (worker->result_count < UNRECORDED && receive(worker->jobs, &worker->message)) {
        struct result *result = &worker->results[worker->result_count];
        if (raw_get_text(&worker->message, "operationId", result->operation, ID_BUFFER) ||
            raw_get_integer(&worker->message, "fence", &result->fence)) {
            measure_fail("job");
        }
        worker->result_count++;
        report_started(worker, result);
        report_done(worker, result);
    }
}

static void forget(struct worker *worker, int64_t fence)
{
    for (size_t i = 0; i < worker->result_count; i++) {
        if (worker->results[i].fence == fence) {
            worker->results[i] = worker->results[--worker->result_count];
            return;
        }
    }
}

static void take_fences(struct worker *worker, const struct raw_message *notice, const char *list)
{
    char path[64];
    int64_t fence;
    for (unsigned i = 0;; i++) {
        snprintf(path, sizeof(path), "%s.%u", list, i);
        if (raw_get_integer(notice, path, &fence)) {
            return;
        }
        forget(worker, fence);
    }
}

static void take_notices(struct worker *worker)
{
    while (receive(worker->status, &worker->message)) {
        take_fences(worker, &worker->message, "recorded");
        take_fences(worker, &worker->message, "superseded");
    }
}

static void run_worker(char *arguments[])
{
    void *context = zmq_ctx_new();
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!context || !worker) {
        measure_fail("worker");
    }
    worker->jobs = open_peer(context, ZMQ_PULL, arguments[0]);
    worker->reports = open_peer(context, ZMQ_PUSH, arguments[1]);
    worker->status = open_peer(context, ZMQ_SUB, arguments[2]);
    worker->slots = strtol(arguments[3], NULL, 10);
    if (zmq_setsockopt(worker->status, ZMQ_SUBSCRIBE, "worker/" WORKER,
                       sizeof("worker/" WORKER) - 1)) {
        measure_fail("worker");
    }
    zmq_pollitem_t items[] = {{.socket = worker->jobs, .events = ZMQ_POLLIN},
                              {.socket = worker->status, .events = ZMQ_POLLIN}};
    uint64_t next_ns = 0;
    for (;;) {
        if (measure_now_ns() >= next_ns) {
            report_heartbeat(worker);
            repeat_results(worker);
            next_ns = measure_now_ns() + HEARTBEAT_NS;
        }
        if (zmq_poll(items, 2, HEARTBEAT_NS / 1000000) < 0) {
            measure_fail("poll");
        }
        take_notices(worker);
        take_jobs(worker);
    }
}

int peer_run(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "--echo") == 0) {
        run_echo(argv + 2);
    }
    if (argc == 6 && strcmp(argv[1], "--worker") == 0) {
        run_worker(argv + 2);
    }
    return -1;
}
