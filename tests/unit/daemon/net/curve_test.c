// SPDX-License-Identifier: MIT
/* The sockets under CURVE: who is admitted, who a message is from, and what a new table of
 * identities does to open connections. */
#include "daemon/net/listener.h"

#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/net/curve_fixture.h"

#define REOPENS 50

static void every_message_says_who_sent_it_polled_or_not(void **state)
{
    struct curve_fixture *fixture = *state;
    void *peer = curve_connect_peer(fixture, ZMQ_DEALER,
                                    sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));

    curve_send_first(fixture, peer);
    curve_serve(fixture, 1);
    for (size_t i = 1; i < CURVE_MESSAGES / 2; i++) { /* each is waited for */
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
        curve_serve(fixture, i + 1);
    }
    for (size_t i = CURVE_MESSAGES / 2; i < CURVE_MESSAGES; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
    }
    curve_serve(fixture, CURVE_MESSAGES);
    assert_int_equal(fixture->named, CURVE_MESSAGES);
    assert_int_equal(fixture->refused, 0);
    curve_disconnect_peer(fixture);
}

/* Its replies would go to whoever takes the name next. */
static void a_peer_that_names_itself_is_refused(void **state)
{
    struct curve_fixture *fixture = *state;
    void *peer = curve_connect_as(fixture, ZMQ_DEALER,
                                  sockets_endpoint(fixture->sockets, SOCKET_REQUESTS), "gateway-1");

    curve_send_first(fixture, peer);
    curve_serve(fixture, 1);
    assert_int_equal(fixture->refusal, -ERROR_ROUTING_ID);
    assert_int_equal(fixture->named, 0);
    curve_disconnect_peer(fixture);
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
    struct curve_fixture *fixture = *state;
    struct sockets_options options = curve_options_of(fixture, TEXT(""));
    struct listener listener = {.kind = SOCKET_REQUESTS};
    char message[SOCKETS_MESSAGE_BYTES];
    void *context = zmq_ctx_new();
    void *peer;

    assert_int_equal(
        listener_open(&listener, context, TEXT("tcp://127.0.0.1:*"), &options, message), 0);
    peer = curve_connect_peer(fixture, ZMQ_DEALER, listener.endpoint);
    assert_false(is_connected(peer, 300));
    curve_disconnect_peer(fixture);
    listener_close(&listener);
    zmq_ctx_term(context);
}

static void a_key_that_does_not_belong_to_its_secret_is_refused(void **state)
{
    struct curve_fixture *fixture = *state;
    struct sockets_options options = curve_options_of(fixture, TEXT("tcp://127.0.0.1:*"));
    struct sockets *sockets = NULL;
    char message[SOCKETS_MESSAGE_BYTES] = "";

    options.public_key = fixture->backend.public_key;
    assert_int_equal(sockets_open(&sockets, &options, message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "does not belong to its secret-key"));
}

static void only_the_sockets_that_somebody_lost_are_bound_again(void **state)
{
    struct curve_fixture *fixture = *state;
    struct curve_keys worker;
    struct identities *identities;
    char message[SOCKETS_MESSAGE_BYTES];
    size_t reopened = 0;

    assert_int_equal(zmq_curve_keypair(worker.public_key, worker.secret_key), 0);
    curve_write_identity(fixture, "worker", "worker", &worker);
    identities = curve_load(fixture); /* somebody came: nobody is cut off */
    assert_int_equal(sockets_admit(fixture->sockets, identities, &reopened, message), 0);
    assert_int_equal(reopened, 0);
    identities_destroy(&fixture->identities);
    fixture->identities = identities;

    curve_write_identity(fixture, "worker", "client", &worker);
    identities = curve_load(fixture); /* jobs, reports and status */
    assert_int_equal(sockets_admit(fixture->sockets, identities, &reopened, message), 0);
    assert_int_equal(reopened, 3);
    identities_destroy(&fixture->identities);
    fixture->identities = identities;
}

/* Renews the key again and again: the endpoint must stay where it was, and serve. */
static void reopen_often(struct curve_fixture *fixture, const char *endpoint)
{
    char message[SOCKETS_MESSAGE_BYTES];
    size_t reopened;

    for (size_t i = 0; i < REOPENS; i++) {
        struct identities *identities;
        void *peer;

        assert_int_equal(
            zmq_curve_keypair(fixture->backend.public_key, fixture->backend.secret_key), 0);
        curve_write_identity(fixture, "backend", "client,subscriber", &fixture->backend);
        identities = curve_load(fixture);
        if (sockets_admit(fixture->sockets, identities, &reopened, message)) {
            fail_msg("%zu: %s", i, message);
        }
        assert_int_equal(reopened, 2);
        identities_destroy(&fixture->identities);
        fixture->identities = identities;
        assert_string_equal(sockets_endpoint(fixture->sockets, SOCKET_REQUESTS), endpoint);
        peer = curve_connect_peer(fixture, ZMQ_DEALER, endpoint);
        curve_send_first(fixture, peer);
        fixture->total = fixture->named = 0;
        curve_serve(fixture, 1);
        assert_int_equal(fixture->named, 1);
        curve_disconnect_peer(fixture);
    }
}

static void a_port_is_bound_again_and_again(void **state)
{
    struct curve_fixture *fixture = *state;
    char endpoint[SOCKETS_ENDPOINT_BYTES];

    snprintf(endpoint, sizeof endpoint, "%s", sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));
    reopen_often(fixture, endpoint);
}

static void a_path_is_bound_again_and_again(void **state)
{
    struct curve_fixture *fixture = *state;
    struct sockets_options options;
    char endpoints[SOCKET_COUNT][SOCKETS_ENDPOINT_BYTES];
    char message[SOCKETS_MESSAGE_BYTES];

    sockets_close(&fixture->sockets);
    options = curve_options_of(fixture, TEXT(""));
    for (int i = 0; i < SOCKET_COUNT; i++) {
        snprintf(endpoints[i], sizeof endpoints[i], "ipc://%s/%d", fixture->directory, i);
        options.endpoints[i] = text_of(endpoints[i]);
    }
    assert_int_equal(sockets_open(&fixture->sockets, &options, message), 0);
    reopen_often(fixture, endpoints[SOCKET_REQUESTS]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, curve_set_up, curve_tear_down)

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
