// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/net/gate_inside.h"
#include "daemon/net/monitor.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

/* Descriptors beside those of connections: files, libzmq's own, and the connections that are
 * accepted before the gate has looked. */
#define SPARE_DESCRIPTORS 4096
/* What the shortest handshake takes: a greeting of 64 bytes and a READY command (ZMTP 3.1). */
#define HANDSHAKE_BYTES 90
/* Events taken of one socket in one look. */
#define LOOK_BUDGET 8192
/* Processor time after which connections are weighed. */
#define BEAT_MS 25

static int reserve_descriptors(const struct gate_limits *limits, char *message)
{
    rlim_t needed = (rlim_t)limits->connections + SPARE_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        snprintf(message, GATE_MESSAGE_BYTES, "no limit of descriptors: %s", strerror(errno));
        return -ERROR_IO;
    }
    if (limit.rlim_cur >= needed) {
        return 0;
    }
    if (limit.rlim_max < needed) {
        snprintf(message, GATE_MESSAGE_BYTES,
                 "connections: %" PRId64
                 " need %ju descriptors, and the process may open %ju; lower "
                 "it, or raise the hard limit (ulimit -Hn, LimitNOFILE= of the unit)",
                 limits->connections, (uintmax_t)needed, (uintmax_t)limit.rlim_max);
        return -ERROR_CONFIGURATION;
    }
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit)) {
        snprintf(message, GATE_MESSAGE_BYTES, "cannot raise the limit of descriptors: %s",
                 strerror(errno));
        return -ERROR_CONFIGURATION;
    }
    return 0;
}

static int follow_pulse(struct gate *gate)
{
    struct epoll_event event = {.events = EPOLLIN};

    return pulse_open(&gate->pulse, BEAT_MS) ||
                   epoll_ctl(gate->descriptor, EPOLL_CTL_ADD, gate->pulse.descriptor, &event)
               ? -ERROR_IO
               : 0;
}

int gate_open(struct gate **gate, const struct gate_limits *limits,
              char message[GATE_MESSAGE_BYTES])
{
    struct gate *g;
    int rc = reserve_descriptors(limits, message);

    if (rc) {
        return rc;
    }
    g = calloc(1, sizeof *g);
    if (g) {
        g->limits = *limits;
        g->room = (size_t)limits->connections + SPARE_DESCRIPTORS;
        g->connections = calloc(g->room, sizeof *g->connections);
        g->young = calloc(g->room, sizeof *g->young);
        g->descriptor = epoll_create1(EPOLL_CLOEXEC);
        g->pulse.descriptor = -1;
    }
    if (!g || !g->connections || !g->young || g->descriptor < 0 || follow_pulse(g)) {
        gate_close(&g);
        snprintf(message, GATE_MESSAGE_BYTES, "out of memory or descriptors");
        return -ERROR_MEMORY;
    }
    for (size_t i = 0; i < g->room; i++) {
        g->connections[i].number = GATE_NOBODY;
    }
    *gate = g;
    return 0;
}

void gate_close(struct gate **gate)
{
    if (!*gate) {
        return;
    }
    if ((*gate)->descriptor >= 0) {
        close((*gate)->descriptor);
    }
    pulse_close(&(*gate)->pulse);
    free((*gate)->connections);
    free((*gate)->young);
    free(*gate);
    *gate = NULL;
}

static void forget(struct gate *gate, struct connection *connection)
{
    if (connection->number == GATE_NOBODY) {
        return;
    }
    gate->open--;
    gate->leaving -= connection->is_leaving ? 1 : 0;
    gate->subscriptions -= connection->subscriptions;
    gate->held_bytes -= connection->held_bytes;
    *connection = (struct connection){.number = GATE_NOBODY};
}

/* All its connections ended with a socket that was watched under this number before. */
static void forget_all(struct gate *gate, size_t number)
{
    for (size_t i = 0; i < gate->room; i++) {
        if (gate->connections[i].number == number) {
            forget(gate, &gate->connections[i]);
        }
    }
}

int gate_watch(struct gate *gate, void *context, void *socket, size_t number)
{
    struct epoll_event event = {.events = EPOLLIN};
    void *monitor =
        monitor_open(context, socket, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED, number);

    if (!monitor) {
        return -ERROR_IO;
    }
    if (epoll_ctl(gate->descriptor, EPOLL_CTL_ADD, monitor_descriptor(monitor), &event)) {
        monitor_close(monitor, socket);
        return -ERROR_IO;
    }
    gate->monitors[number] = monitor;
    return 0;
}

void gate_unwatch(struct gate *gate, void *socket, size_t number)
{
    if (!gate->monitors[number]) {
        return;
    }
    monitor_close(gate->monitors[number], socket);
    gate->monitors[number] = NULL;
    forget_all(gate, number);
}

int gate_descriptor(const struct gate *gate)
{
    return gate->descriptor;
}

struct connection *gate_connection(struct gate *gate, int descriptor)
{
    return descriptor >= 0 && (size_t)descriptor < gate->room ? &gate->connections[descriptor]
                                                              : NULL;
}

/* Only a connection is shut down, whatever the descriptor has become meanwhile: a listening socket
 * would not listen any more. */
void gate_shut_down(struct gate *gate, int descriptor)
{
    struct connection *connection = gate_connection(gate, descriptor);
    int is_listening = 1;
    socklen_t bytes = sizeof is_listening;

    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &bytes) == 0 &&
        !is_listening) {
        (void)shutdown(descriptor, SHUT_RDWR);
    }
    if (connection && !connection->is_leaving) {
        connection->is_leaving = true;
        gate->leaving++;
        gate->subscriptions -= connection->subscriptions;
        connection->subscriptions = 0;
        gate->held_bytes -= connection->held_bytes;
        connection->held_bytes = 0;
    }
}

/* A local peer cannot be asked; his files let him in. */
static bool is_silent(int descriptor)
{
    struct tcp_info information;
    socklen_t bytes = sizeof information;

    memset(&information, 0, sizeof information);
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &information, &bytes) == 0 &&
           information.tcpi_bytes_received < HANDSHAKE_BYTES;
}

/* The oldest of the young that has not said enough, or -1. Who is passed over has spoken, or has
 * been closed: he need not be looked at again. */
static int oldest_silent(struct gate *gate)
{
    while (gate->young_count > 0) {
        const struct young *young = &gate->young[gate->young_first];
        const struct connection *connection = gate_connection(gate, young->descriptor);

        gate->young_first = (gate->young_first + 1) % gate->room;
        gate->young_count--;
        if (connection->number != GATE_NOBODY && !connection->is_leaving &&
            connection->opened_ms == young->opened_ms && is_silent(young->descriptor)) {
            return young->descriptor;
        }
    }
    return -1;
}

static void add_young(struct gate *gate, int descriptor, struct mono now)
{
    while (gate->young_count > 0 &&
           (gate->young_count == gate->room || gate->young[gate->young_first].opened_ms <
                                                   now.ms - gate->limits.handshake_timeout_ms)) {
        gate->young_first = (gate->young_first + 1) % gate->room;
        gate->young_count--;
    }
    gate->young[(gate->young_first + gate->young_count++) % gate->room] =
        (struct young){descriptor, now.ms};
}

static void accepted(struct gate *gate, size_t number, int descriptor, struct mono now)
{
    struct connection *connection = gate_connection(gate, descriptor);
    int victim;

    if (!connection) {
        gate_shut_down(gate, descriptor);
        gate->refusals.connections++;
        return;
    }
    forget(gate, connection); /* its end may be told by another monitor, later */
    *connection = (struct connection){.opened_ms = now.ms,
                                      .weighed_ms = now.ms,
                                      .address = gate_address(descriptor),
                                      .nameless = gate->nameless,
                                      .number = (uint8_t)number};
    gate->open++;
    gate->top = gate->top > (size_t)descriptor ? gate->top : (size_t)descriptor + 1;
    if (gate->open - gate->leaving > (size_t)gate->limits.connections) {
        victim = oldest_silent(gate);
        gate_shut_down(gate, victim < 0 ? descriptor : victim);
        gate->refusals.connections++;
    }
    if (!connection->is_leaving) {
        add_young(gate, descriptor, now);
    }
}

static void disconnected(struct gate *gate, size_t number, int descriptor)
{
    struct connection *connection = gate_connection(gate, descriptor);

    if (connection && connection->number == number) {
        forget(gate, connection);
    }
}

/* Whether nothing more is there. */
static bool look_at(struct gate *gate, size_t number, struct mono now)
{
    uint16_t event;
    int descriptor;

    for (int n = 0; n < LOOK_BUDGET; n++) {
        if (!monitor_next(gate->monitors[number], &event, &descriptor)) {
            return true;
        }
        if (event == ZMQ_EVENT_ACCEPTED) {
            accepted(gate, number, descriptor, now);
        } else if (event == ZMQ_EVENT_DISCONNECTED) {
            disconnected(gate, number, descriptor);
        }
    }
    return false;
}

void gate_look(struct gate *gate, struct mono now)
{
    struct epoll_event event;

    gate->looked_ms = now.ms;
    if (!gate->is_behind && epoll_wait(gate->descriptor, &event, 1, 0) == 0) {
        return;
    }
    gate->is_behind = false;
    gate->must_weigh = pulse_take(&gate->pulse) || gate->must_weigh;
    for (size_t number = 0; number < GATE_SOCKETS; number++) {
        if (gate->monitors[number] && !look_at(gate, number, now)) {
            gate->is_behind = true;
        }
    }
}

static int most_subscribed(const struct gate *gate)
{
    size_t most = 0;
    for (size_t i = 1; i < gate->room; i++) {
        if (gate->connections[i].subscriptions > gate->connections[most].subscriptions) {
            most = i;
        }
    }
    return (int)most;
}

void gate_subscribed(struct gate *gate, int descriptor, size_t size_bytes)
{
    struct connection *connection = gate_connection(gate, descriptor);
    int64_t units = (int64_t)(1 + size_bytes / LIMIT_TOPIC_UNIT_BYTES);

    if (connection && !gate_is_open(connection)) {
        /* Accepted since the last look: with thousands of messages at hand that may be long ago. */
        gate_look(gate, mono_now());
    }
    if (!gate_is_open(connection)) {
        return;
    }
    connection->subscriptions += units;
    gate->subscriptions += units;
    if (connection->subscriptions > gate->limits.subscriptions_per_connection) {
        gate_shut_down(gate, descriptor);
        gate->refusals.subscriptions++;
    }
    if (gate->subscriptions > gate->limits.subscriptions) {
        gate_shut_down(gate, most_subscribed(gate));
        gate->refusals.subscriptions++;
    }
}

size_t gate_connections(const struct gate *gate)
{
    return gate->open;
}

void gate_refusals(struct gate *gate, struct gate_refusals *refusals)
{
    *refusals = gate->refusals;
    gate->refusals = (struct gate_refusals){0};
}
