// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define GREETING_BYTES 64
#define INPUT_BYTES    131072
#define EVENTS         64
#define FLAG_MORE      1
#define FLAG_LONG      2
#define FLAG_COMMAND   4

struct connection {
    int socket;
    bool is_idle;
    uint64_t sent_ns;
    size_t input_size;
    uint8_t input[INPUT_BYTES];
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

static void write_all(int socket, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t written = send(socket, at, size, MSG_NOSIGNAL);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
            struct pollfd item = {.fd = socket, .events = POLLOUT};
            (void)poll(&item, 1, -1);
            continue;
        }
        if (written < 0) {
            measure_fail("send");
        }
        at += written;
        size -= (size_t)written;
    }
}

static void read_all(int socket, void *bytes, size_t size)
{
    if (recv(socket, bytes, size, MSG_WAITALL) != (ssize_t)size) {
        measure_fail("handshake");
    }
}

/* Greeting of ZMTP 3.0 with the NULL mechanism, then READY with the socket type. */
static void shake_hands(int socket)
{
    uint8_t greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, [10] = 3, [12] = 'N', 'U', 'L', 'L'};
    static const uint8_t ready[] = "\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REQ";
    write_all(socket, greeting, sizeof(greeting));
    write_all(socket, ready, sizeof(ready) - 1);
    uint8_t head[2];
    uint8_t body[255];
    read_all(socket, greeting, sizeof(greeting));
    read_all(socket, head, sizeof(head));
    read_all(socket, body, head[1]);
    if (head[0] != FLAG_COMMAND || memcmp(body, "\x05READY", 6) != 0) {
        measure_fail("handshake");
    }
}

static int connect_to(const char *endpoint)
{
    int port = 0;
    if (sscanf(endpoint, "tcp://127.0.0.1:%d", &port) != 1) { // NOLINT(cert-err34-c): ours
        measure_fail(endpoint);
    }
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    if (handle < 0 || connect(handle, (struct sockaddr *)&address, sizeof(address)) ||
        setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes))) {
        measure_fail(endpoint);
    }
    shake_hands(handle);
    if (fcntl(handle, F_SETFL, O_NONBLOCK)) {
        measure_fail("fcntl");
    }
    return handle;
}

/* The empty delimiter, then the request in a long frame. */
static void send_request(struct thin *thin, struct connection *connection)
{
    uint8_t buffer[11 + LOAD_REQUEST_BYTES] = {FLAG_MORE, 0, FLAG_LONG};
    size_t size = thin->load->request(thin->load->context, thin->next_number++, buffer + 11);
    for (unsigned i = 0; i < 8; i++) {
        buffer[3 + i] = (uint8_t)((uint64_t)size >> (8 * (7 - i)));
    }
    connection->is_idle = false;
    connection->sent_ns = measure_now_ns();
    write_all(connection->socket, buffer, 11 + size);
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

static void on_reply(struct thin *thin, struct connection *connection, const uint8_t *body,
                     size_t size)
{
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

/* PING is answered, or the server takes us for dead. */
static void on_command(struct connection *connection, const uint8_t *body, size_t size)
{
    if (size < 7 || size > 64 || memcmp(body, "\x04PING", 5) != 0) {
        return;
    }
    uint8_t pong[2 + 64] = {FLAG_COMMAND, (uint8_t)(size - 2), 4, 'P', 'O', 'N', 'G'};
    memcpy(pong + 7, body + 7, size - 7);
    write_all(connection->socket, pong, size);
}

/* Takes one frame from the input; returns its bytes, or 0 when it is not complete yet. */
static size_t take_frame(struct thin *thin, struct connection *connection, const uint8_t *bytes,
                         size_t available)
{
    size_t head = available && (bytes[0] & FLAG_LONG) ? 9 : 2;
    if (available < head) {
        return 0;
    }
    uint64_t size = bytes[1];
    for (unsigned i = 2; i < head; i++) {
        size = size << 8 | bytes[i];
    }
    if (size > INPUT_BYTES - head) {
        measure_fail("a frame that is too long");
    }
    if (available < head + size) {
        return 0;
    }
    if (bytes[0] & FLAG_COMMAND) {
        on_command(connection, bytes + head, size);
    } else if (!(bytes[0] & FLAG_MORE)) {
        on_reply(thin, connection, bytes + head, size);
    }
    return head + size;
}

static void on_readable(struct thin *thin, struct connection *connection)
{
    ssize_t size = recv(connection->socket, connection->input + connection->input_size,
                        sizeof(connection->input) - connection->input_size, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (size <= 0) {
        measure_fail("the server closed the connection");
    }
    connection->input_size += (size_t)size;
    size_t offset = 0;
    size_t taken;
    while ((taken = take_frame(thin, connection, connection->input + offset,
                               connection->input_size - offset)) > 0) {
        offset += taken;
    }
    connection->input_size -= offset;
    memmove(connection->input, connection->input + offset, connection->input_size);
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
                on_readable(thin, events[i].data.ptr);
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
        thin->connections[i].socket = connect_to(thin->load->endpoint);
        watch(thin, thin->connections[i].socket, &thin->connections[i]);
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
        close(thin.connections[i].socket);
    }
    close(thin.epoll);
    free(thin.connections);
    samples_release(&thin.samples);
    return result;
}
