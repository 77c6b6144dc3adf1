// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/net/curve_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_TURNS 500
#define TURN_MS        10

void curve_write_identity(const struct curve_fixture *fixture, const char *name, const char *roles,
                          const struct curve_keys *keys)
{
    char text[512];
    char file[CERTIFICATE_NAME_BUFFER + 8];

    snprintf(file, sizeof file, "%s.key", name);
    snprintf(text, sizeof text,
             "metadata\n    name = %s\n    roles = %s\ncurve\n    public-key = \"%s\"\n", name,
             roles, keys->public_key);
    assert_int_equal(temporary_write(fixture->directory, file, text, strlen(text)), 0);
}

struct identities *curve_load(const struct curve_fixture *fixture)
{
    struct identities *identities = NULL;
    char message[IDENTITIES_MESSAGE_BYTES];

    assert_int_equal(identities_load(&identities, fixture->directory, message), 0);
    return identities;
}

struct sockets_options curve_options_of(const struct curve_fixture *fixture, struct text endpoint)
{
    return (struct sockets_options){.endpoints = {endpoint, endpoint, endpoint, endpoint},
                                    .admission = {.identities = fixture->identities},
                                    .public_key = fixture->ours.public_key,
                                    .secret_key = fixture->ours.secret_key,
                                    .high_water_mark = 2000,
                                    .outstanding_messages = CURVE_MESSAGES * 2,
                                    .handshake_timeout_ms = 2000,
                                    .heartbeat_interval_ms = 1000,
                                    .heartbeat_timeout_ms = 3000,
                                    .connections = 100,
                                    .subscriptions = 1000,
                                    .subscriptions_per_connection = 500};
}

int curve_set_up(void **state)
{
    struct curve_fixture *fixture = calloc(1, sizeof *fixture);
    struct sockets_options options;
    char message[SOCKETS_MESSAGE_BYTES];

    *state = fixture;
    if (!fixture || temporary_make(fixture->directory) ||
        zmq_curve_keypair(fixture->ours.public_key, fixture->ours.secret_key) ||
        zmq_curve_keypair(fixture->backend.public_key, fixture->backend.secret_key)) {
        return -1;
    }
    curve_write_identity(fixture, "backend", "client,subscriber", &fixture->backend);
    fixture->identities = curve_load(fixture);
    options = curve_options_of(fixture, TEXT("tcp://127.0.0.1:*"));
    fixture->context = zmq_ctx_new();
    return sockets_open(&fixture->sockets, &options, message);
}

void curve_disconnect_peer(struct curve_fixture *fixture)
{
    if (fixture->peer) {
        zmq_close(fixture->peer);
        fixture->peer = NULL;
    }
}

int curve_tear_down(void **state)
{
    struct curve_fixture *fixture = *state;

    curve_disconnect_peer(fixture);
    zmq_ctx_term(fixture->context);
    sockets_close(&fixture->sockets);
    identities_destroy(&fixture->identities);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

void *curve_connect_as(struct curve_fixture *fixture, int type, const char *endpoint,
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

void *curve_connect_peer(struct curve_fixture *fixture, int type, const char *endpoint)
{
    return curve_connect_as(fixture, type, endpoint, NULL);
}

void curve_see(void *argument, const struct incoming *incoming)
{
    struct curve_fixture *fixture = argument;

    fixture->total++;
    fixture->refused += incoming->refusal != 0;
    fixture->refusal = incoming->refusal;
    fixture->named +=
        incoming->identity && strcmp(identity_name(incoming->identity), "backend") == 0;
}

void curve_serve(struct curve_fixture *fixture, size_t total)
{
    for (int i = 0; i < PATIENCE_TURNS && fixture->total < total; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        sockets_receive(fixture->sockets, CURVE_MESSAGES * 2, curve_see, fixture);
    }
    assert_int_equal(fixture->total, total);
}

void curve_send_first(struct curve_fixture *fixture, void *peer)
{
    int rc = -1;

    for (int i = 0; i < PATIENCE_TURNS && rc < 0; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, TURN_MS), 0);
        rc = zmq_send(peer, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(zmq_send(peer, "hello", 5, 0), 5);
}
