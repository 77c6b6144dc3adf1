// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/zmtp.h"

#define EVENTS 64

struct thin;

struct connection {
    struct thin *thin;
    bool is_idle;
    uint64_t sent_ns;
    struct zmtp zmtp;
};

struct thin {
    const struct load *load;
    struct connection *connections;
    int epoll;
    uint64_t next_number;
    uint64_t count_from_ns;
    uint64_t end_ns;
    struct samples samples;
};

/* The empty delimiter, then the request. */
static void send_request(struct thin *thin, struct connection *connection)
{
    uint8_t buffer[LOAD_REQUEST_BYTES];
    size_t size = thin->load->request(thin->load->context, thin->next_number++, buffer);
    connection->is_idle = false;
    connection->sent_ns = measure_now_ns();
    zmtp_put(&connection->zmtp, "", 0, true);
    zmtp_put(&connection->zmtp, buffer, size, false);
    zmtp_flush(&connection->zmtp);
}

static bool may_send(const struct thin *thin)
{
    return !thin->load->may_send || thin->load->may_send(thin->load->context);
}

static void send_or_wait(struct thin *thin, struct connection *connection)
{
    connection->is_idle = true;
    if (may_send(thin)) {
        send_request(thin, connection);
    }
}

static void on_frame(void *context, const uint8_t *body, size_t size, bool has_more)
{
    struct connection *connection = context;
    struct thin *thin = connection->thin;
    if (has_more) {
        return;
    }
    uint64_t now = measure_now_ns();
    if (thin->load->reply &&
        !thin->load->reply(thin->load->context, body, size, connection->sent_ns)) {
        (void)fprintf(stderr, "refused: %.*s\n", (int)(size < 400 ? size : 400),
                      (const char *)body);
        exit(EXIT_FAILURE);
    }
    if (now >= thin->count_from_ns && now < thin->end_ns) {
        samples_add(&thin->samples, now - connection->sent_ns);
    }
    send_or_wait(thin, connection);
}

static void on_wake(struct thin *thin)
{
    uint64_t count;
    if (read(thin->load->wake_descriptor, &count, sizeof(count)) < 0 && errno != EAGAIN) {
        measure_fail("eventfd");
    }
    for (unsigned i = 0; i < thin->load->connections; i++) {
        if (thin->connections[i].is_idle) {
            send_or_wait(thin, &thin->connections[i]);
        }
    }
}

static void watch(const struct thin *thin, int descriptor, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(thin->epoll, EPOLL_CTL_ADD, descriptor, &event)) {
        measure_fail("epoll_ctl");
    }
}

static void loop(struct thin *thin)
{
    struct epoll_event events[EVENTS];
    while (measure_now_ns() < thin->end_ns) {
        int count = epoll_wait(thin->epoll, events, EVENTS, 100);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                struct connection *connection = events[i].data.ptr;
                zmtp_receive(&connection->zmtp, on_frame, connection);
            } else {
                on_wake(thin);
            }
        }
    }
}

static void open_connections(struct thin *thin)
{
    thin->connections = calloc(thin->load->connections, sizeof(*thin->connections));
    thin->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!thin->connections || thin->epoll < 0) {
        measure_fail("epoll");
    }
    if (thin->load->may_send) {
        watch(thin, thin->load->wake_descriptor, NULL);
    }
    for (unsigned i = 0; i < thin->load->connections; i++) {
        struct connection *connection = &thin->connections[i];
        connection->thin = thin;
        if (!zmtp_connect(&connection->zmtp, thin->load->endpoint, "REQ")) {
            measure_fail(thin->load->endpoint);
        }
        watch(thin, connection->zmtp.socket, connection);
    }
}

struct measurement load_thin(const struct load *load)
{
    struct thin thin = {.load = load};
    open_connections(&thin);
    thin.count_from_ns = measure_now_ns() + (uint64_t)(load->warm_up_seconds * 1e9);
    thin.end_ns = thin.count_from_ns + (uint64_t)(load->seconds * 1e9);
    for (unsigned i = 0; i < load->connections; i++) {
        send_or_wait(&thin, &thin.connections[i]);
    }
    loop(&thin);
    struct measurement result = {.value = (double)thin.samples.count / load->seconds};
    result.p50_us = samples_percentile_us(&thin.samples, 0.5);
    result.p99_us = samples_percentile_us(&thin.samples, 0.99);
    for (unsigned i = 0; i < load->connections; i++) {
        zmtp_close(&thin.connections[i].zmtp);
    }
    close(thin.epoll);
    free(thin.connections);
    samples_release(&thin.samples);
    return result;
}
