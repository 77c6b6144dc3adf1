// SPDX-License-Identifier: MIT
/* A peer that sends faster than its messages are handled. */
#include "daemon/net/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <zmq.h>

#include "schemas/base/errors.h"

#define PATIENCE_MS  5000
#define SENT         400
#define BUDGET       10
#define OUTSTANDING  100
#define MOST_ANSWERS 1024

struct tally {
    size_t handled;
    size_t refused;
};

static void count(void *argument, const struct incoming *incoming)
{
    struct tally *tally = argument;

    tally->handled += incoming->refusal == 0;
    tally->refused += incoming->refusal == -ERROR_BUSY;
}

static struct sockets *listen_anywhere(void)
{
    const struct text any = TEXT("tcp://127.0.0.1:*");
    const struct sockets_options options = {.endpoints = {any, any, any, any},
                                            .high_water_mark = 100,
                                            .outstanding_messages = OUTSTANDING,
                                            .handshake_timeout_ms = 2000,
                                            .heartbeat_interval_ms = 1000,
                                            .heartbeat_timeout_ms = 3000,
                                            .connections = 100,
                                            .subscriptions = 1000,
                                            .subscriptions_per_connection = 500};
    char message[SOCKETS_MESSAGE_BYTES];
    struct sockets *sockets = NULL;

    assert_int_equal(sockets_open(&sockets, &options, message), 0);
    return sockets;
}

static void what_comes_on_top_of_too_many_is_refused_and_the_rest_is_handled(void **state)
{
    struct sockets *sockets = listen_anywhere();
    void *context = zmq_ctx_new();
    void *peer = zmq_socket(context, ZMQ_DEALER);
    struct tally tally = {0};
    size_t surplus = 0;

    (void)state;
    assert_int_equal(zmq_connect(peer, sockets_endpoint(sockets, SOCKET_REQUESTS)), 0);
    for (int i = 0; i < SENT; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "question", 8, 0), 8);
    }
    for (int i = 0; i < PATIENCE_MS && tally.handled + tally.refused < SENT; i++) {
        assert_int_equal(sockets_wait(sockets, NULL, 0, 1), 0);
        sockets_receive(sockets, BUDGET, count, &tally);
        surplus += sockets_surplus(sockets);
    }
    assert_int_equal(tally.handled + tally.refused, SENT);
    assert_int_equal(tally.refused, surplus);
    assert_true(tally.handled >= OUTSTANDING + BUDGET);
    zmq_close(peer);
    zmq_ctx_term(context);
    sockets_close(&sockets);
}

/* Costs more than all the messages of a socket may in one turn. */
static void dawdle(void *argument, const struct incoming *incoming)
{
    const struct timespec long_ns = {.tv_nsec = 60000000};

    nanosleep(&long_ns, NULL);
    count(argument, incoming);
}

static void dear_messages_end_a_turn_before_its_budget_does(void **state)
{
    struct sockets *sockets = listen_anywhere();
    void *context = zmq_ctx_new();
    void *peer = zmq_socket(context, ZMQ_DEALER);
    struct tally tally = {0};
    size_t most = 0;
    size_t got;

    (void)state;
    assert_int_equal(zmq_connect(peer, sockets_endpoint(sockets, SOCKET_REQUESTS)), 0);
    for (int i = 0; i < BUDGET; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "question", 8, 0), 8);
    }
    for (int i = 0; i < PATIENCE_MS && tally.handled < BUDGET; i++) {
        assert_int_equal(sockets_wait(sockets, NULL, 0, 1), 0);
        got = sockets_receive(sockets, BUDGET, dawdle, &tally);
        most = got > most ? got : most;
    }
    assert_int_equal(tally.handled, BUDGET);
    assert_int_equal(tally.refused, 0);
    assert_int_equal(most, 1);
    zmq_close(peer);
    zmq_ctx_term(context);
    sockets_close(&sockets);
}

static void not_everybody_who_is_refused_is_told_so(void **state)
{
    struct sockets *sockets = listen_anywhere();
    void *context = zmq_ctx_new();
    void *peer = zmq_socket(context, ZMQ_DEALER);
    struct tally tally = {0};
    int unlimited = 0;
    size_t surplus = 0;
    size_t before;

    (void)state;
    assert_int_equal(zmq_setsockopt(peer, ZMQ_SNDHWM, &unlimited, sizeof unlimited), 0);
    assert_int_equal(zmq_connect(peer, sockets_endpoint(sockets, SOCKET_REQUESTS)), 0);
    for (int i = 0; i < 100 * SENT; i++) {
        assert_int_equal(zmq_send(peer, "", 0, ZMQ_SNDMORE), 0);
        assert_int_equal(zmq_send(peer, "question", 8, 0), 8);
    }
    for (int i = 0; i < PATIENCE_MS && tally.handled + surplus < 100 * SENT; i++) {
        assert_int_equal(sockets_wait(sockets, NULL, 0, 1), 0);
        before = tally.refused;
        sockets_receive(sockets, BUDGET, count, &tally);
        assert_true(tally.refused - before <= MOST_ANSWERS);
        surplus += sockets_surplus(sockets);
    }
    assert_int_equal(tally.handled + surplus, 100 * SENT);
    zmq_close(peer);
    zmq_ctx_term(context);
    sockets_close(&sockets);
}

static void what_waits_when_the_sockets_close_is_let_go(void **state)
{
    struct sockets *sockets = listen_anywhere();
    void *context = zmq_ctx_new();
    void *peer = zmq_socket(context, ZMQ_PUSH);
    struct tally tally = {0};

    (void)state;
    assert_int_equal(zmq_connect(peer, sockets_endpoint(sockets, SOCKET_REPORTS)), 0);
    for (int i = 0; i < SENT; i++) {
        assert_int_equal(zmq_send(peer, "report", 6, 0), 6);
    }
    for (int i = 0; i < PATIENCE_MS && tally.handled == 0; i++) {
        assert_int_equal(sockets_wait(sockets, NULL, 0, 1), 0);
        sockets_receive(sockets, 1, count, &tally);
    }
    assert_true(tally.handled > 0);
    zmq_close(peer);
    zmq_ctx_term(context);
    sockets_close(&sockets); /* a leak would be found by AddressSanitizer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_on_top_of_too_many_is_refused_and_the_rest_is_handled),
        cmocka_unit_test(dear_messages_end_a_turn_before_its_budget_does),
        cmocka_unit_test(not_everybody_who_is_refused_is_told_so),
        cmocka_unit_test(what_waits_when_the_sockets_close_is_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
