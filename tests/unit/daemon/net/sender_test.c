// SPDX-License-Identifier: MIT
/* Messages of nobody: libzmq tells no sender, or one whom nobody knows. It stands between libzmq
 * and the sockets, because a connection that was admitted has a sender otherwise. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/net/listener.h"
#include "schemas/base/errors.h"
#include "tests/unit/daemon/net/curve_fixture.h"

#define PATIENCE_TURNS 500
#define TURN_MS        10

static bool is_told_otherwise;
static const char *told; /* instead of the sender */

const char *zmq_msg_gets(const zmq_msg_t *message, const char *property)
{
    const char *(*original)(const zmq_msg_t *, const char *) = dlsym(RTLD_NEXT, "zmq_msg_gets");

    if (is_told_otherwise && strcmp(property, LISTENER_USER_ID) == 0)
        return told;
    return original(message, property);
}

static void expect_request_refused(struct curve_fixture *fixture)
{
    void *peer = curve_connect_peer(fixture, ZMQ_DEALER,
                                    sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));

    curve_send_first(fixture, peer);
    curve_serve(fixture, 1);
    assert_int_equal(fixture->refusal, -ERROR_IDENTITY_UNKNOWN);
    curve_disconnect_peer(fixture);
}

/* A SUB subscribes while it is asked for what it has. */
static void expect_subscription_refused(struct curve_fixture *fixture)
{
    void *peer =
        curve_connect_peer(fixture, ZMQ_SUB, sockets_endpoint(fixture->sockets, SOCKET_STATUS));
    zmq_pollitem_t item = {.socket = peer, .events = ZMQ_POLLIN};

    assert_int_equal(zmq_setsockopt(peer, ZMQ_SUBSCRIBE, "a", 1), 0);
    for (int i = 0; i < PATIENCE_TURNS && fixture->total < 2; i++) {
        assert_int_equal(zmq_poll(&item, 1, 0), 0);
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        sockets_receive(fixture->sockets, 1, curve_see, fixture);
    }
    assert_int_equal(fixture->total, 2);
    assert_int_equal(fixture->refusal, -ERROR_IDENTITY_UNKNOWN);
    curve_disconnect_peer(fixture);
}

static void expect_refused(struct curve_fixture *fixture, const char *sender)
{
    is_told_otherwise = true;
    told = sender;
    expect_request_refused(fixture);
    expect_subscription_refused(fixture);
    assert_int_equal(fixture->refused, 2);
    assert_int_equal(fixture->named, 0);
}

static int set_up(void **state)
{
    is_told_otherwise = false;
    return curve_set_up(state);
}

static void a_message_without_a_sender_is_refused(void **state)
{
    expect_refused(*state, NULL);
}

static void a_message_of_a_sender_whom_nobody_knows_is_refused(void **state)
{
    expect_refused(*state, "backen");
}

static void a_message_without_a_payload_is_refused(void **state)
{
    struct curve_fixture *fixture = *state;
    void *peer = curve_connect_peer(fixture, ZMQ_DEALER,
                                    sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));

    curve_send_first(fixture, peer);
    curve_serve(fixture, 1);
    assert_int_equal(fixture->refused, 0);
    assert_int_equal(zmq_send(peer, "", 0, 0), 0);
    curve_serve(fixture, 2);
    assert_int_equal(fixture->refusal, -ERROR_IDENTITY_UNKNOWN);
    curve_disconnect_peer(fixture);
}

/* A turn of one message each; the others wait. */
static void receive_one(struct curve_fixture *fixture)
{
    size_t before = fixture->total;

    for (int i = 0; i < PATIENCE_TURNS && fixture->total == before; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        sockets_receive(fixture->sockets, 1, curve_see, fixture);
    }
    assert_int_equal(fixture->total, before + 1);
}

/* Sends so many that some wait when the first was handled, and takes the sender's name away. */
static void what_waited_of_an_identity_that_is_gone_is_not_handled(void **state)
{
    struct curve_fixture *fixture = *state;
    void *peer = curve_connect_peer(fixture, ZMQ_DEALER,
                                    sockets_endpoint(fixture->sockets, SOCKET_REQUESTS));
    char path[TEMPORARY_BUFFER + 16];
    struct curve_keys other;
    struct identities *identities;
    char message[SOCKETS_MESSAGE_BYTES];
    size_t reopened;

    curve_send_first(fixture, peer);
    receive_one(fixture);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
    }
    receive_one(fixture);
    receive_one(fixture);
    assert_int_equal(fixture->named, 3);
    assert_int_equal(zmq_curve_keypair(other.public_key, other.secret_key), 0);
    curve_write_identity(fixture, "other", "client", &other);
    snprintf(path, sizeof path, "%s/backend.key", fixture->directory);
    assert_int_equal(remove(path), 0);
    identities = curve_load(fixture);
    assert_int_equal(sockets_admit(fixture->sockets, identities, &reopened, message), 0);
    assert_int_equal(reopened, 2);
    identities_destroy(&fixture->identities);
    fixture->identities = identities;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        sockets_receive(fixture->sockets, 1, curve_see, fixture);
    }
    assert_int_equal(fixture->named, 3);
    assert_int_equal(fixture->refused, fixture->total - 3);
    curve_disconnect_peer(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, curve_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_without_a_sender_is_refused),
        TEST(a_message_of_a_sender_whom_nobody_knows_is_refused),
        TEST(a_message_without_a_payload_is_refused),
        TEST(what_waited_of_an_identity_that_is_gone_is_not_handled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
