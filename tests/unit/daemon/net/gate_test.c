// SPDX-License-Identifier: MIT
/* Connections and subscriptions up to the limit and beyond, by real peers on real sockets. */
#include "daemon/net/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "schemas/base/errors.h"

#define PATIENCE_MS 5000
#define CONNECTIONS 64
#define RAW         200

static const struct gate_limits some_limits = {.connections = CONNECTIONS,
                                               .subscriptions = 100,
                                               .subscriptions_per_connection = 60,
                                               .handshake_timeout_ms = 60000};

struct fixture {
    struct gate *gate;
    void *context;
    void *socket;
    char endpoint[64];
    int raw[RAW];
    size_t refused;
};

static void bind_socket(struct fixture *fixture, int type)
{
    size_t bytes = sizeof fixture->endpoint;
    int none = 0;
    int yes = 1;
    int patience_ms = PATIENCE_MS;

    fixture->socket = zmq_socket(fixture->context, type);
    assert_non_null(fixture->socket);
    assert_int_equal(0, zmq_setsockopt(fixture->socket, ZMQ_LINGER, &none, sizeof none));
    assert_int_equal(
        0, zmq_setsockopt(fixture->socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms));
    if (type == ZMQ_XPUB) {
        assert_int_equal(0, zmq_setsockopt(fixture->socket, ZMQ_XPUB_VERBOSE, &yes, sizeof yes));
    }
    assert_int_equal(0, gate_watch(fixture->gate, fixture->context, fixture->socket, 0));
    assert_int_equal(0, zmq_bind(fixture->socket, "tcp://127.0.0.1:*"));
    assert_int_equal(0,
                     zmq_getsockopt(fixture->socket, ZMQ_LAST_ENDPOINT, fixture->endpoint, &bytes));
}

static void unbind_socket(struct fixture *fixture)
{
    gate_unwatch(fixture->gate, fixture->socket, 0);
    gate_unwatch(fixture->gate, fixture->socket, 0);
    zmq_close(fixture->socket);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char message[GATE_MESSAGE_BYTES];

    if (!fixture || gate_open(&fixture->gate, &some_limits, message)) {
        free(fixture);
        return -1;
    }
    fixture->context = zmq_ctx_new();
    for (size_t i = 0; i < RAW; i++) {
        fixture->raw[i] = -1;
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < RAW; i++) {
        if (fixture->raw[i] >= 0) {
            close(fixture->raw[i]);
        }
    }
    unbind_socket(fixture);
    gate_close(&fixture->gate);
    gate_close(&fixture->gate);
    zmq_ctx_term(fixture->context);
    free(fixture);
    return 0;
}

static int raw_connect(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((uint16_t)atoi(strrchr(fixture->endpoint, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(0, connect(descriptor, (struct sockaddr *)&address, sizeof address));
    return descriptor;
}

/* Looks until so many are connected and, since the test began, were refused. */
static void settle_refused(struct fixture *fixture, size_t connections, size_t refused)
{
    struct gate_refusals refusals;
    int64_t end_ms = mono_now().ms + PATIENCE_MS;

    do {
        gate_look(fixture->gate, mono_now());
        gate_refusals(fixture->gate, &refusals);
        fixture->refused += refusals.connections;
        if (gate_connections(fixture->gate) == connections && fixture->refused == refused) {
            return;
        }
        zmq_pollitem_t item = {.fd = gate_descriptor(fixture->gate), .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 10);
    } while (mono_now().ms < end_ms);
    assert_int_equal(gate_connections(fixture->gate), connections);
    assert_int_equal(fixture->refused, refused);
}

static void settle(struct fixture *fixture, size_t connections)
{
    settle_refused(fixture, connections, 0);
}

/* Whether the other side has closed; it sends a greeting of its own before. */
static bool is_closed(int descriptor)
{
    struct pollfd item = {.fd = descriptor, .events = POLLIN | POLLRDHUP};

    return poll(&item, 1, 0) == 1 && item.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void connect_raw(struct fixture *fixture, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fixture->raw[i] = raw_connect(fixture);
        settle_refused(fixture, i < CONNECTIONS ? i + 1 : CONNECTIONS,
                       i < CONNECTIONS ? 0 : i + 1 - CONNECTIONS);
    }
}

static void connections_up_to_the_limit_stay(void **state)
{
    struct fixture *fixture = *state;

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, CONNECTIONS);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        assert_false(is_closed(fixture->raw[i]));
    }
}

static void of_too_many_silent_connections_the_oldest_is_shut_down(void **state)
{
    struct fixture *fixture = *state;

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, CONNECTIONS + 10);
    for (size_t i = 0; i < CONNECTIONS + 10; i++) {
        assert_int_equal(is_closed(fixture->raw[i]), i < 10);
    }
}

static void a_peer_that_speaks_gets_in_and_stays_in_a_flood(void **state)
{
    struct fixture *fixture = *state;
    void *peer = zmq_socket(fixture->context, ZMQ_DEALER);
    int value = PATIENCE_MS;
    char answer[8];

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, CONNECTIONS);
    zmq_setsockopt(peer, ZMQ_RCVTIMEO, &value, sizeof value);
    zmq_setsockopt(fixture->socket, ZMQ_RCVTIMEO, &value, sizeof value);
    assert_int_equal(0, zmq_connect(peer, fixture->endpoint));
    assert_int_equal(1, zmq_send(peer, "a", 1, 0));
    settle_refused(fixture, CONNECTIONS, 1);
    assert_true(zmq_recv(fixture->socket, answer, sizeof answer, 0) > 0);
    assert_int_equal(1, zmq_recv(fixture->socket, answer, sizeof answer, 0));
    for (size_t i = CONNECTIONS; i < RAW; i++) {
        fixture->raw[i] = raw_connect(fixture);
        settle_refused(fixture, CONNECTIONS, i + 2 - CONNECTIONS);
    }
    assert_int_equal(1, zmq_send(peer, "b", 1, 0));
    assert_true(zmq_recv(fixture->socket, answer, sizeof answer, 0) > 0);
    assert_int_equal(1, zmq_recv(fixture->socket, answer, sizeof answer, 0));
    zmq_close(peer);
}

static void when_all_have_spoken_the_newest_is_shut_down(void **state)
{
    struct fixture *fixture = *state;
    char words[128] = {0};

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, CONNECTIONS);
    /* A greeting without a mechanism that the other side has is refused, so it is a good one that
     * is followed by the beginning of a command. */
    memcpy(words, "\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL", 16);
    memcpy(words + 64, "\x04\xff\x05READY", 8);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(100, send(fixture->raw[i], words, 100, MSG_NOSIGNAL));
    }
    fixture->raw[CONNECTIONS] = raw_connect(fixture);
    settle_refused(fixture, CONNECTIONS, 1);
    for (size_t i = 0; i <= CONNECTIONS; i++) {
        assert_int_equal(is_closed(fixture->raw[i]), i == CONNECTIONS);
    }
}

static void who_leaves_makes_room(void **state)
{
    struct fixture *fixture = *state;

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, CONNECTIONS);
    for (size_t i = 0; i < 20; i++) {
        close(fixture->raw[i]);
        fixture->raw[i] = -1;
    }
    settle(fixture, CONNECTIONS - 20);
    for (size_t i = 0; i < 20; i++) {
        fixture->raw[i] = raw_connect(fixture);
    }
    settle(fixture, CONNECTIONS);
}

/* Subscribes and returns the descriptor that it came over. */
static int subscribe(struct fixture *fixture, void *peer, size_t topic_bytes, int number)
{
    char topic[512];
    zmq_msg_t message;
    int descriptor;

    snprintf(topic, sizeof topic, "%0*d", (int)topic_bytes, number);
    assert_int_equal(0, zmq_setsockopt(peer, ZMQ_SUBSCRIBE, topic, strlen(topic)));
    zmq_msg_init(&message);
    do { /* beside the ends of subscriptions, of which nobody knows whose they were */
        assert_true(zmq_msg_recv(&message, fixture->socket, 0) > 0);
    } while (*(const char *)zmq_msg_data(&message) != 1);
    descriptor = atoi(zmq_msg_gets(&message, "__fd"));
    gate_subscribed(fixture->gate, descriptor, zmq_msg_size(&message));
    zmq_msg_close(&message);
    return descriptor;
}

static void *subscriber(struct fixture *fixture)
{
    void *peer = zmq_socket(fixture->context, ZMQ_SUB);
    int never = -1;

    zmq_setsockopt(peer, ZMQ_RECONNECT_IVL, &never, sizeof never);
    assert_int_equal(0, zmq_connect(peer, fixture->endpoint));
    return peer;
}

static void a_connection_that_subscribes_too_often_is_shut_down(void **state)
{
    struct fixture *fixture = *state;
    void *peer;
    void *other;

    bind_socket(fixture, ZMQ_XPUB);
    peer = subscriber(fixture);
    other = subscriber(fixture);
    subscribe(fixture, other, 8, 1);
    for (int i = 0; i < 60; i++) {
        subscribe(fixture, peer, 8, i);
    }
    settle(fixture, 2);
    subscribe(fixture, peer, 8, 60);
    settle(fixture, 1);
    zmq_close(peer);
    zmq_close(other);
}

static void a_long_topic_counts_as_several(void **state)
{
    struct fixture *fixture = *state;
    void *peer;

    bind_socket(fixture, ZMQ_XPUB);
    peer = subscriber(fixture);
    for (int i = 0; i < 12; i++) {
        subscribe(fixture, peer, 300, i);
    }
    settle(fixture, 1);
    subscribe(fixture, peer, 8, 12);
    settle(fixture, 0);
    zmq_close(peer);
}

static void of_too_many_subscriptions_the_one_who_has_most_is_shut_down(void **state)
{
    struct fixture *fixture = *state;
    struct gate_refusals refusals;
    void *hog;
    void *peers[2];

    bind_socket(fixture, ZMQ_XPUB);
    hog = subscriber(fixture);
    for (int i = 0; i < 55; i++) {
        subscribe(fixture, hog, 8, i);
    }
    for (size_t n = 0; n < 2; n++) {
        peers[n] = subscriber(fixture);
        for (int i = 0; i < 23; i++) {
            subscribe(fixture, peers[n], 8, 100 + i);
        }
    }
    gate_refusals(fixture->gate, &refusals);
    assert_int_equal(refusals.subscriptions, 1);
    settle(fixture, 2);
    subscribe(fixture, peers[0], 8, 200);
    settle(fixture, 2);
    zmq_close(hog);
    zmq_close(peers[0]);
    zmq_close(peers[1]);
}

static void a_socket_that_is_watched_anew_begins_without_connections(void **state)
{
    struct fixture *fixture = *state;

    bind_socket(fixture, ZMQ_ROUTER);
    connect_raw(fixture, 10);
    unbind_socket(fixture);
    bind_socket(fixture, ZMQ_ROUTER);
    settle(fixture, 0);
    fixture->raw[10] = raw_connect(fixture);
    settle(fixture, 1);
}

static void more_connections_than_descriptors_are_refused_at_the_start(void **state)
{
    struct gate_limits limits = some_limits;
    struct gate *gate = NULL;
    char message[GATE_MESSAGE_BYTES];
    struct rlimit limit;

    (void)state;
    assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_max == RLIM_INFINITY) {
        skip();
    }
    limits.connections = (int64_t)limit.rlim_max;
    assert_int_equal(-ERROR_CONFIGURATION, gate_open(&gate, &limits, message));
    assert_non_null(strstr(message, "LimitNOFILE"));
    assert_null(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_up_to_the_limit_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_too_many_silent_connections_the_oldest_is_shut_down,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_speaks_gets_in_and_stays_in_a_flood, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(when_all_have_spoken_the_newest_is_shut_down, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_leaves_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_subscribes_too_often_is_shut_down, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_topic_counts_as_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_too_many_subscriptions_the_one_who_has_most_is_shut_down,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_that_is_watched_anew_begins_without_connections,
                                        set_up, tear_down),
        cmocka_unit_test(more_connections_than_descriptors_are_refused_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
