// SPDX-License-Identifier: MIT
/* The sockets under CURVE: who is admitted, who a message is from, and what a new table of
 * identities does to open connections. */
#include "daemon/net/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

#define PATIENCE_TURNS 500
#define TURN_MS        10
#define MESSAGES       1000UL
#define REOPENS        50

struct keys {
    char public_key[CERTIFICATE_KEY_BUFFER];
    char secret_key[CERTIFICATE_KEY_BUFFER];
};

struct fixture {
    char directory[TEMPORARY_BUFFER];
    struct keys ours;
    struct keys backend;
    struct identities *identities;
    struct sockets *sockets;
    void *context; /* of peers */
    void *peer;
    size_t refused;
    int refusal; /* of the last message */
    size_t named;
    size_t total;
};

static void write_identity(const struct fixture *fixture, const char *name, const char *roles,
                           const struct keys *keys)
{
    char text[512];
    char file[CERTIFICATE_NAME_BUFFER + 8];

    snprintf(file, sizeof file, "%s.key", name);
    snprintf(text, sizeof text,
             "metadata\n    name = %s\n    roles = %s\ncurve\n    public-key = \"%s\"\n", name,
             roles, keys->public_key);
    assert_int_equal(temporary_write(fixture->directory, file, text, strlen(text)), 0);
}

static struct identities *load(const struct fixture *fixture)
{
    struct identities *identities = NULL;
    char message[IDENTITIES_MESSAGE_BYTES];

    assert_int_equal(identities_load(&identities, fixture->directory, message), 0);
    return identities;
}

static struct sockets_options options_of(const struct fixture *fixture, struct text endpoint)
{
    return (struct sockets_options){.endpoints = {endpoint, endpoint, endpoint, endpoint},
                                    .admission = {.identities = fixture->identities},
                                    .public_key = fixture->ours.public_key,
                                    .secret_key = fixture->ours.secret_key,
                                    .high_water_mark = 2000,
                                    .outstanding_messages = MESSAGES * 2,
                                    .handshake_timeout_ms = 2000,
                                    .heartbeat_interval_ms = 1000,
                                    .heartbeat_timeout_ms = 3000,
                                    .connections = 100,
                                    .subscriptions = 1000,
                                    .subscriptions_per_connection = 500};
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct sockets_options options;
    char message[SOCKETS_MESSAGE_BYTES];

    *state = fixture;
    if (!fixture || temporary_make(fixture->directory) ||
        zmq_curve_keypair(fixture->ours.public_key, fixture->ours.secret_key) ||
        zmq_curve_keypair(fixture->backend.public_key, fixture->backend.secret_key)) {
        return -1;
    }
    write_identity(fixture, "backend", "client,subscriber", &fixture->backend);
    fixture->identities = load(fixture);
    options = options_of(fixture, TEXT("tcp://127.0.0.1:*"));
    fixture->context = zmq_ctx_new();
    return sockets_open(&fixture->sockets, &options, message);
}

static void disconnect_peer(struct fixture *fixture)
{
    if (fixture->peer) {
        zmq_close(fixture->peer);
        fixture->peer = NULL;
    }
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    disconnect_peer(fixture);
    zmq_ctx_term(fixture->context);
    sockets_close(&fixture->sockets);
    identities_destroy(&fixture->identities);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

/* routing_id: NULL for none, as it should be. */
static void *connect_as(struct fixture *fixture, int type, const char *endpoint,
                        const char *routing_id)
{
    void *peer = fixture->peer = zmq_socket(fixture->context, type);
    int linger_ms = 0;
    int immediate = 1;

    assert_int_equal(zmq_setsockopt(peer, ZMQ_LINGER, &linger_ms, sizeof linger_ms), 0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_IPV6, &immediate, sizeof immediate), 0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_IMMEDIATE, &immediate, sizeof immediate), 0);
    assert_int_equal(
        zmq_setsockopt(peer, ZMQ_CURVE_SERVERKEY, fixture->ours.public_key, CERTIFICATE_KEY_BUFFER),
        0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_CURVE_PUBLICKEY, fixture->backend.public_key,
                                    CERTIFICATE_KEY_BUFFER),
                     0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_CURVE_SECRETKEY, fixture->backend.secret_key,
                                    CERTIFICATE_KEY_BUFFER),
                     0);
    if (routing_id) {
        assert_int_equal(zmq_setsockopt(peer, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
    }
    assert_int_equal(zmq_connect(peer, endpoint), 0);
    return peer;
}

static void *connect_peer(struct fixture *fixture, int type, const char *endpoint)
{
    return connect_as(fixture, type, endpoint, NULL);
}

static void see(void *argument, const struct incoming *incoming)
{
    struct fixture *fixture = argument;

    fixture->total++;
    fixture->refused += incoming->refusal != 0;
    fixture->refusal = incoming->refusal;
    fixture->named +=
        incoming->identity && strcmp(identity_name(incoming->identity), "backend") == 0;
}

/* Serves until so many messages have been seen. */
static void serve(struct fixture *fixture, size_t total)
{
    for (int i = 0; i < PATIENCE_TURNS && fixture->total < total; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        sockets_receive(fixture->sockets, MESSAGES * 2, see, fixture);
    }
    assert_int_equal(fixture->total, total);
}

/* Sends once the handshake is through, which needs somebody who serves it. */
static void send_first(struct fixture *fixture, void *peer)
{
    int rc = -1;

    for (int i = 0; i < PATIENCE_TURNS && rc < 0; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        rc = zmq_send(peer, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
}

static void every_message_says_who_sent_it_polled_or_not(void **state)
{
    struct fixture *fixture = *state;
    void *peer =
        connect_peer(fixture, ZMQ_DEALER, sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));

    send_first(fixture, peer);
    serve(fixture, 1);
    for (size_t i = 1; i < MESSAGES / 2; i++) { /* each is waited for */
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
        serve(fixture, i + 1);
    }
    for (size_t i = MESSAGES / 2; i < MESSAGES; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
    }
    serve(fixture, MESSAGES);
    assert_int_equal(fixture->named, MESSAGES);
    assert_int_equal(fixture->refused, 0);
    disconnect_peer(fixture);
}

/* Its replies would go to whoever takes the name next. */
static void a_peer_that_names_itself_is_refused(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_as(fixture, ZMQ_DEALER,
                            sockets_endpoint(fixture->sockets, SOCKET_REQUESTS), "gateway-1");

    send_first(fixture, peer);
    serve(fixture, 1);
    assert_int_equal(fixture->refusal, -ERROR_ROUTING_ID);
    assert_int_equal(fixture->named, 0);
    disconnect_peer(fixture);
}

static bool is_connected(void *peer, int timeout_ms)
{
    zmq_pollitem_t item = {.socket = peer, .events = ZMQ_POLLOUT};

    return zmq_poll(&item, 1, timeout_ms) == 1;
}

/* Reliability, section 4: a CURVE server that nobody answers admits everybody, unless its domain is
 * enforced. */
static void without_its_zap_handler_a_socket_admits_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct sockets_options options = options_of(fixture, TEXT(""));
    struct listener listener = {.kind = SOCKET_REQUESTS};
    char message[SOCKETS_MESSAGE_BYTES];
    void *context = zmq_ctx_new();
    void *peer;

    assert_int_equal(
        listener_open(&listener, context, TEXT("tcp://127.0.0.1:*"), &options, message), 0);
    peer = connect_peer(fixture, ZMQ_DEALER, listener.endpoint);
    assert_false(is_connected(peer, 300));
    disconnect_peer(fixture);
    listener_close(&listener);
    zmq_ctx_term(context);
}

static void a_key_that_does_not_belong_to_its_secret_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sockets_options options = options_of(fixture, TEXT("tcp://127.0.0.1:*"));
    struct sockets *sockets = NULL;
    char message[SOCKETS_MESSAGE_BYTES] = "";

    options.public_key = fixture->backend.public_key;
    assert_int_equal(sockets_open(&sockets, &options, message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "does not belong to its secret-key"));
}

static void only_the_sockets_that_somebody_lost_are_bound_again(void **state)
{
    struct fixture *fixture = *state;
    struct keys worker;
    struct identities *identities;
    char message[SOCKETS_MESSAGE_BYTES];
    size_t reopened = 0;

    assert_int_equal(zmq_curve_keypair(worker.public_key, worker.secret_key), 0);
    write_identity(fixture, "worker", "worker", &worker);
    identities = load(fixture); /* somebody came: nobody is cut off */
    assert_int_equal(sockets_admit(fixture->sockets, identities, &reopened, message), 0);
    assert_int_equal(reopened, 0);
    identities_destroy(&fixture->identities);
    fixture->identities = identities;

    write_identity(fixture, "worker", "client", &worker);
    identities = load(fixture); /* jobs, reports and status */
    assert_int_equal(sockets_admit(fixture->sockets, identities, &reopened, message), 0);
    assert_int_equal(reopened, 3);
    identities_destroy(&fixture->identities);
    fixture->identities = identities;
}

/* Renews the key again and again: the endpoint must stay where it was, and serve. */
static void reopen_often(struct fixture *fixture, const char *endpoint)
{
    char message[SOCKETS_MESSAGE_BYTES];
    size_t reopened;

    for (size_t i = 0; i < REOPENS; i++) {
        struct identities *identities;
        void *peer;

        assert_int_equal(
            zmq_curve_keypair(fixture->backend.public_key, fixture->backend.secret_key), 0);
        write_identity(fixture, "backend", "client,subscriber", &fixture->backend);
        identities = load(fixture);
        if (sockets_admit(fixture->sockets, identities, &reopened, message)) {
            fail_msg("%zu: %s", i, message);
        }
        assert_int_equal(reopened, 2);
        identities_destroy(&fixture->identities);
        fixture->identities = identities;
        assert_string_equal(sockets_endpoint(fixture->sockets, SOCKET_REQUESTS), endpoint);
        peer = connect_peer(fixture, ZMQ_DEALER, endpoint);
        send_first(fixture, peer);
        fixture->total = fixture->named = 0;
        serve(fixture, 1);
        assert_int_equal(fixture->named, 1);
        disconnect_peer(fixture);
    }
}

static void a_port_is_bound_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    char endpoint[SOCKETS_ENDPOINT_BYTES];

    snprintf(endpoint, sizeof endpoint, "%s", sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));
    reopen_often(fixture, endpoint);
}

static void a_path_is_bound_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    struct sockets_options options;
    char endpoints[SOCKET_COUNT][SOCKETS_ENDPOINT_BYTES];
    char message[SOCKETS_MESSAGE_BYTES];

    sockets_close(&fixture->sockets);
    options = options_of(fixture, TEXT(""));
    for (int i = 0; i < SOCKET_COUNT; i++) {
        snprintf(endpoints[i], sizeof endpoints[i], "ipc://%s/%d", fixture->directory, i);
        options.endpoints[i] = text_of(endpoints[i]);
    }
    assert_int_equal(sockets_open(&fixture->sockets, &options, message), 0);
    reopen_often(fixture, endpoints[SOCKET_REQUESTS]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_message_says_who_sent_it_polled_or_not),
        TEST(a_peer_that_names_itself_is_refused),
        TEST(without_its_zap_handler_a_socket_admits_nobody),
        TEST(a_key_that_does_not_belong_to_its_secret_is_refused),
        TEST(only_the_sockets_that_somebody_lost_are_bound_again),
        TEST(a_port_is_bound_again_and_again),
        TEST(a_path_is_bound_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
