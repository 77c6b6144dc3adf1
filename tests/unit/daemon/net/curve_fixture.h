// SPDX-License-Identifier: MIT
/* Sockets that speak CURVE on ports of loopback, one identity, "backend", who is a client and a
 * subscriber, and a peer that connects as it. */
#ifndef TESTS_UNIT_DAEMON_NET_CURVE_FIXTURE_H
#define TESTS_UNIT_DAEMON_NET_CURVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <zmq.h>

#include "daemon/net/sockets.h"
#include "schemas/base/certificate.h"
#include "tests/support/temporary.h"

#define CURVE_MESSAGES 1000UL /* half of what may wait, or be received in a turn */

struct curve_keys {
    char public_key[CERTIFICATE_KEY_BUFFER];
    char secret_key[CERTIFICATE_KEY_BUFFER];
};

struct curve_fixture {
    char directory[TEMPORARY_BUFFER];
    struct curve_keys ours;
    struct curve_keys backend;
    struct identities *identities;
    struct sockets *sockets;
    void *context; /* of peers */
    void *peer;
    size_t refused;
    int refusal; /* of the last message */
    size_t named;
    size_t total;
};

/* Set up and teardown of a test. */
int curve_set_up(void **state);
int curve_tear_down(void **state);

/* Into the directory, from which curve_load reads a table that is the caller's. */
void curve_write_identity(const struct curve_fixture *fixture, const char *name, const char *roles,
                          const struct curve_keys *keys);
struct identities *curve_load(const struct curve_fixture *fixture);
struct sockets_options curve_options_of(const struct curve_fixture *fixture, struct text endpoint);

/* routing_id: NULL for none, as it should be. The socket is the fixture's. */
void *curve_connect_as(struct curve_fixture *fixture, int type, const char *endpoint,
                       const char *routing_id);
void *curve_connect_peer(struct curve_fixture *fixture, int type, const char *endpoint);
void curve_disconnect_peer(struct curve_fixture *fixture);

/* A receiver that counts what it sees in the fixture, its argument. */
void curve_see(void *argument, const struct incoming *incoming);

/* Serves until so many messages have been seen. */
void curve_serve(struct curve_fixture *fixture, size_t total);

/* Sends a message with an empty frame before it once the handshake is through, which needs somebody
 * who serves it. */
void curve_send_first(struct curve_fixture *fixture, void *peer);

#endif
