// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "tests/bench/load.h"

#define REPLY_TIMEOUT_MS 30000

struct caller {
    const struct load *load;
    void *context;
    atomic_uint_fast64_t *next_number;
    uint64_t count_from_ns;
    uint64_t end_ns;
    struct samples samples;
    pthread_t thread;
};

static void *open_socket(const struct caller *caller)
{
    void *socket = zmq_socket(caller->context, ZMQ_REQ);
    int none = 0;
    int timeout = REPLY_TIMEOUT_MS;
    if (!socket || zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) ||
        zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout)) ||
        zmq_connect(socket, caller->load->endpoint)) {
        measure_fail(caller->load->endpoint);
    }
    return socket;
}

static void call(struct caller *caller, void *socket, uint8_t *request, zmq_msg_t *reply)
{
    const struct load *load = caller->load;
    size_t size = load->request(load->context, atomic_fetch_add(caller->next_number, 1), request);
    uint64_t before = measure_now_ns();
    if (zmq_send(socket, request, size, 0) < 0 || zmq_msg_recv(reply, socket, 0) < 0) {
        measure_fail("request");
    }
    uint64_t now = measure_now_ns();
    if (load->reply &&
        !load->reply(load->context, zmq_msg_data(reply), zmq_msg_size(reply), before)) {
        measure_fail("refused");
    }
    if (now >= caller->count_from_ns && now < caller->end_ns) {
        samples_add(&caller->samples, now - before);
    }
}

static void *run(void *argument)
{
    struct caller *caller = argument;
    uint8_t *request = malloc(LOAD_REQUEST_BYTES);
    void *socket = open_socket(caller);
    zmq_msg_t reply;
    zmq_msg_init(&reply);
    if (!request) {
        measure_fail("request");
    }
    while (measure_now_ns() < caller->end_ns) {
        call(caller, socket, request, &reply);
    }
    zmq_msg_close(&reply);
    zmq_close(socket);
    free(request);
    return NULL;
}

struct measurement load_req(const struct load *load)
{
    struct caller *callers = calloc(load->connections, sizeof(*callers));
    void *context = zmq_ctx_new();
    atomic_uint_fast64_t next_number = 0;
    if (!callers || !context) {
        measure_fail("REQ");
    }
    uint64_t start = measure_now_ns() + (uint64_t)(load->warm_up_seconds * 1e9);
    for (unsigned i = 0; i < load->connections; i++) {
        callers[i] = (struct caller){.load = load,
                                     .context = context,
                                     .next_number = &next_number,
                                     .count_from_ns = start,
                                     .end_ns = start + (uint64_t)(load->seconds * 1e9)};
        if (pthread_create(&callers[i].thread, NULL, run, &callers[i])) {
            measure_fail("pthread_create");
        }
    }
    struct samples all = {0};
    for (unsigned i = 0; i < load->connections; i++) {
        pthread_join(callers[i].thread, NULL);
        samples_merge(&all, &callers[i].samples);
        samples_release(&callers[i].samples);
    }
    zmq_ctx_term(context);
    struct measurement result = {.value = (double)all.count / load->seconds};
    result.p50_us = samples_percentile_us(&all, 0.5);
    result.p99_us = samples_percentile_us(&all, 0.99);
    samples_release(&all);
    free(callers);
    return result;
}
