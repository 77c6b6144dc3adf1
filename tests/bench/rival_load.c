// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/rival.h"

#define PAYLOAD_BYTES 400
#define BUFFER_BYTES  2048
#define STAMP_BYTES   20 /* digits of the time of the put, at the front of the payload */
#define CLIENTS_MOST  256
#define EVENTS        64
#define WAIT_MS       100
#define WARM_UP_SHARE 0.3

struct load;

/* One connection, which puts, or takes and acknowledges. */
struct client {
    struct load *load;
    int socket;
    bool is_worker;
    bool is_idle; /* a producer that waits for the window */
    bool acknowledges;
    uint64_t sent_ns;
    size_t size;
    char input[BUFFER_BYTES];
};

struct load {
    enum rival_kind kind;
    int epoll;
    unsigned window; /* 0: there is none */
    unsigned on_the_way;
    uint64_t count_from_ns;
    uint64_t end_ns;
    struct samples samples;
    size_t client_count;
    struct client clients[CLIENTS_MOST];
};

static void send_all(const struct client *client, const char *bytes, size_t size)
{
    /* A request is far smaller than a socket's buffer, and only one is outstanding. */
    if (send(client->socket, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
        measure_fail("send");
    }
}

static void put(struct client *client)
{
    static const char *const heads[RIVAL_COUNT] = {
        [RIVAL_REDIS] = "*3\r\n$5\r\nLPUSH\r\n$4\r\njobs\r\n$400\r\n",
        [RIVAL_BEANSTALKD] = "put 0 0 600 400\r\n"};
    char request[BUFFER_BYTES];
    char payload[PAYLOAD_BYTES + 1];
    client->sent_ns = measure_now_ns();
    snprintf(payload, sizeof(payload), "%0*llu", STAMP_BYTES, (unsigned long long)client->sent_ns);
    for (size_t i = STAMP_BYTES; i < PAYLOAD_BYTES; i++) {
        payload[i] = (char)('a' + (client->sent_ns + i * i) % 26);
    }
    payload[PAYLOAD_BYTES] = '\0';
    int size = snprintf(request, sizeof(request), "%s%s\r\n", heads[client->load->kind], payload);
    send_all(client, request, (size_t)size);
}

static void put_or_rest(struct client *client)
{
    struct load *load = client->load;
    client->is_idle = load->window > 0 && load->on_the_way >= load->window;
    if (!client->is_idle) {
        load->on_the_way++;
        put(client);
    }
}

static void take(struct client *client)
{
    static const char *const requests[RIVAL_COUNT] = {
        [RIVAL_REDIS] = "*6\r\n$6\r\nBLMOVE\r\n$4\r\njobs\r\n$5\r\ntaken\r\n$5\r\nRIGHT\r\n"
                        "$4\r\nLEFT\r\n$1\r\n0\r\n",
        [RIVAL_BEANSTALKD] = "reserve\r\n"};
    const char *request = requests[client->load->kind];
    client->acknowledges = false;
    send_all(client, request, strlen(request));
}

/* The reply was one line, and a payload when its head says so: "$400" or "RESERVED 7 400". */
static void acknowledge(struct client *client, const char *payload)
{
    char request[BUFFER_BYTES];
    unsigned long long sent = 0;
    int size;
    if (client->load->kind == RIVAL_REDIS) {
        size = snprintf(request, sizeof(request),
                        "*4\r\n$4\r\nLREM\r\n$5\r\ntaken\r\n$1\r\n1\r\n$%d\r\n%.*s\r\n",
                        PAYLOAD_BYTES, PAYLOAD_BYTES, payload);
    } else {
        unsigned long long id = strtoull(client->input + strlen("RESERVED "), NULL, 10);
        size = snprintf(request, sizeof(request), "delete %llu\r\n", id);
    }
    char stamp[STAMP_BYTES + 1];
    memcpy(stamp, payload, STAMP_BYTES);
    stamp[STAMP_BYTES] = '\0';
    sent = strtoull(stamp, NULL, 10);
    client->sent_ns = sent;
    client->acknowledges = true;
    send_all(client, request, (size_t)size);
}

static void count(struct load *load, uint64_t sent_ns)
{
    uint64_t now = measure_now_ns();
    if (now >= load->count_from_ns && now < load->end_ns) {
        samples_add(&load->samples, now - sent_ns);
    }
}

static void refuse(const struct client *client)
{
    (void)fprintf(stderr, "refused: %.*s\n", (int)client->size, client->input);
    exit(EXIT_FAILURE);
}

static void on_reply(struct client *client, const char *payload)
{
    struct load *load = client->load;
    bool has_payload = payload != NULL;
    if (client->input[0] == '-' || has_payload != (client->is_worker && !client->acknowledges)) {
        refuse(client);
    }
    if (has_payload) {
        acknowledge(client, payload);
        return;
    }
    if (client->is_worker || load->window == 0) {
        count(load, client->sent_ns);
    }
    if (!client->is_worker) {
        put_or_rest(client);
        return;
    }
    load->on_the_way--;
    take(client);
}

/* Takes one reply from the front of the input; only one can be there. */
static void take_reply(struct client *client)
{
    const char *end = memmem(client->input, client->size, "\r\n", 2);
    bool has_payload = client->input[0] == '$' || client->input[0] == 'R';
    if (!end) {
        return;
    }
    size_t head = (size_t)(end - client->input) + 2;
    size_t whole = head + (has_payload ? PAYLOAD_BYTES + 2 : 0);
    if (client->size >= whole) {
        on_reply(client, has_payload ? end + 2 : NULL);
        client->size = 0;
    }
}

static void receive(struct client *client)
{
    ssize_t size =
        recv(client->socket, client->input + client->size, sizeof(client->input) - client->size, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (size <= 0) {
        measure_fail("the server closed the connection");
    }
    client->size += (size_t)size;
    take_reply(client);
}

static void connect_client(struct load *load, int port, bool is_worker)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (load->client_count == CLIENTS_MOST) {
        measure_fail("clients");
    }
    struct client *client = &load->clients[load->client_count++];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int yes = 1;
    client->load = load;
    client->is_worker = is_worker;
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0 ||
        setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) ||
        connect(client->socket, (struct sockaddr *)&address, sizeof(address)) ||
        fcntl(client->socket, F_SETFL, O_NONBLOCK) ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->socket, &event)) {
        measure_fail("connect");
    }
}

static void turn(struct load *load)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(load->epoll, events, EVENTS, WAIT_MS);
    for (int i = 0; i < ready; i++) {
        receive(events[i].data.ptr);
    }
    for (size_t i = 0; i < load->client_count; i++) {
        if (load->clients[i].is_idle) {
            put_or_rest(&load->clients[i]);
        }
    }
}

static struct measurement run(const struct rival *rival, unsigned producers, unsigned workers,
                              unsigned window, double seconds)
{
    struct load *load = calloc(1, sizeof(*load));
    if (!load || (load->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        measure_fail("epoll");
    }
    load->kind = rival->kind;
    load->window = window;
    for (unsigned i = 0; i < workers + producers; i++) {
        connect_client(load, rival->port, i < workers);
    }
    load->count_from_ns = measure_now_ns() + (uint64_t)(seconds * WARM_UP_SHARE * 1e9);
    load->end_ns = load->count_from_ns + (uint64_t)(seconds * 1e9);
    for (size_t i = 0; i < load->client_count; i++) {
        if (load->clients[i].is_worker) {
            take(&load->clients[i]);
        } else {
            put_or_rest(&load->clients[i]);
        }
    }
    while (measure_now_ns() < load->end_ns) {
        turn(load);
    }
    struct measurement result = {.value = (double)load->samples.count / seconds};
    result.p50_us = samples_percentile_us(&load->samples, 0.5);
    result.p99_us = samples_percentile_us(&load->samples, 0.99);
    for (size_t i = 0; i < load->client_count; i++) {
        close(load->clients[i].socket);
    }
    close(load->epoll);
    samples_release(&load->samples);
    free(load);
    return result;
}

struct measurement rival_put(const struct rival *rival, unsigned clients, double seconds)
{
    return run(rival, clients, 0, 0, seconds);
}

struct measurement rival_complete(const struct rival *rival, unsigned producers, unsigned workers,
                                  unsigned window, double seconds)
{
    return run(rival, producers, workers, window, seconds);
}
