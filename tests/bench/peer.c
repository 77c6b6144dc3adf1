// SPDX-License-Identifier: MIT
#include "tests/bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/bench/measure.h"
#include "tests/bench/worker_wire.h"

#define HEARTBEAT_NS 500000000U
#define UNRECORDED   256
#define WORKER       "bench"
#define INSTANCE     "be4c4000-0000-4000-8000-000000000001"

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

static const struct worker_name name = {WORKER, INSTANCE};

struct worker {
    void *jobs;
    void *reports;
    void *status;
    int64_t slots;
    struct worker_job results[UNRECORDED]; /* reported and not yet confirmed */
    size_t result_count;
    struct raw_message message;
};

static void send_report(struct worker *worker)
{
    if (zmq_send(worker->reports, worker->message.bytes, worker->message.size, 0) < 0) {
        measure_fail("report");
    }
}

static void report_done(struct worker *worker, const struct worker_job *job)
{
    worker_write_done(&worker->message, &name, job);
    send_report(worker);
}

static void report_heartbeat(struct worker *worker)
{
    int64_t fences[UNRECORDED];
    for (size_t i = 0; i < worker->result_count; i++) {
        fences[i] = worker->results[i].fence;
    }
    worker_write_heartbeat(&worker->message, &name, worker->slots, fences,
                           (uint32_t)worker->result_count);
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
        struct worker_job *job = &worker->results[worker->result_count];
        if (!worker_read_job(worker->message.bytes, worker->message.size, job)) {
            measure_fail("job");
        }
        worker->result_count++;
        worker_write_started(&worker->message, &name, job);
        send_report(worker);
        report_done(worker, job);
    }
}

static void forget(void *context, int64_t fence)
{
    struct worker *worker = context;
    for (size_t i = 0; i < worker->result_count; i++) {
        if (worker->results[i].fence == fence) {
            worker->results[i] = worker->results[--worker->result_count];
            return;
        }
    }
}

static void take_notices(struct worker *worker)
{
    while (receive(worker->status, &worker->message)) {
        worker_read_fences(&worker->message, "recorded", forget, worker);
        worker_read_fences(&worker->message, "superseded", forget, worker);
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
