// SPDX-License-Identifier: MIT
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "daemon/net/gate_inside.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/base/table.h"

/* Descriptors that are looked at after one beat. */
#define WEIGHED 1024
/* Fewer are not worth asking what of them libzmq has not read yet. */
#define LITTLE_BYTES LIMIT_MESSAGE_BYTES
/* Events of the handshake are handled that much later at most. */
#define HANDSHAKE_SLACK_MS 1000
/* Age from which a connection is told whose it is by its messages. */
#define PROVEN_AFTER_MS 1000

static bool is_heard(const struct gate *gate, const struct connection *connection)
{
    return connection->is_heard || connection->nameless != gate->nameless;
}

/* Bytes that came over it; -1 when it is not TCP. */
static int64_t received_bytes(int descriptor)
{
    struct tcp_info information;
    socklen_t bytes = sizeof information;

    memset(&information, 0, sizeof information);
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &information, &bytes) == 0
               ? (int64_t)information.tcpi_bytes_received
               : -1;
}

/* Asked after received_bytes, so that what libzmq reads meanwhile is not taken for more than it
 * has. */
static int64_t unread_bytes(int descriptor)
{
    int bytes = 0;

    return ioctl(descriptor, SIOCINQ, &bytes) == 0 ? bytes : 0;
}

static void settle(struct connection *connection, int64_t bytes)
{
    connection->settled_bytes = bytes;
    connection->is_heard = false;
}

/* Heartbeats are bytes as well, of which no message comes out. */
static void forgive(struct connection *connection, int64_t received, int64_t passed_ms)
{
    int64_t idle = passed_ms > INT64_MAX / LIMIT_IDLE_BYTES_A_SECOND
                       ? INT64_MAX
                       : passed_ms * LIMIT_IDLE_BYTES_A_SECOND / 1000;
    int64_t since = received - connection->settled_bytes;

    connection->settled_bytes += idle < since ? idle : since;
}

static void weigh(struct gate *gate, int descriptor, struct mono now)
{
    struct connection *connection = &gate->connections[descriptor];
    int64_t received = received_bytes(descriptor);
    int64_t held;

    if (received < 0) {
        return;
    }
    if (is_heard(gate, connection) || received < connection->settled_bytes) {
        settle(connection, received);
    }
    forgive(connection, received, now.ms - connection->weighed_ms);
    connection->weighed_ms = now.ms;
    connection->nameless = gate->nameless;
    held = received - connection->settled_bytes;
    if (held > LITTLE_BYTES) {
        held -= unread_bytes(descriptor);
        held = held > 0 ? held : 0;
    }
    gate->held_bytes += held - connection->held_bytes;
    connection->held_bytes = held;
}

static void condemn(struct gate *gate, int descriptor)
{
    struct connection *connection = &gate->connections[descriptor];

    if (!connection->is_condemned && gate->condemned_count < GATE_CONDEMNED) {
        connection->is_condemned = true;
        gate->condemned[gate->condemned_count++] = descriptor;
    }
}

/* The one that holds most. */
static int heaviest(const struct gate *gate)
{
    size_t most = 0;

    for (size_t i = 1; i < gate->top; i++) {
        if (gate->connections[i].held_bytes > gate->connections[most].held_bytes) {
            most = i;
        }
    }
    return (int)most;
}

void gate_weigh(struct gate *gate, struct mono now)
{
    size_t count = gate->top < WEIGHED ? gate->top : WEIGHED;

    if (!gate->must_weigh) {
        return;
    }
    gate->must_weigh = false;
    for (; count > 0; count--) {
        size_t descriptor = gate->weighed;

        gate->weighed = (descriptor + 1) % gate->top;
        if (gate_is_open(&gate->connections[descriptor])) {
            weigh(gate, (int)descriptor, now);
            if (gate->connections[descriptor].held_bytes > LIMIT_UNFINISHED_BYTES) {
                condemn(gate, (int)descriptor);
            }
        }
    }
    if (gate->held_bytes > LIMIT_UNFINISHED_ALL_BYTES) {
        condemn(gate, heaviest(gate));
    }
}

static void bar(struct gate *gate, const char *name, struct mono now)
{
    struct barred *barred = &gate->barred[gate->barred_next];

    gate->barred_next = (gate->barred_next + 1) % GATE_BARRED;
    snprintf(barred->name, sizeof barred->name, "%s", name);
    barred->until_ms = now.ms + LIMIT_BARRED_MS;
}

static bool is_barred(const struct gate *gate, const char *name, struct mono now)
{
    for (size_t i = 0; i < GATE_BARRED; i++) {
        if (gate->barred[i].until_ms > now.ms && strcmp(gate->barred[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_address(int descriptor, char *host, size_t host_bytes, char *port,
                         size_t port_bytes)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;

    return getpeername(descriptor, (struct sockaddr *)&address, &bytes) == 0 &&
           getnameinfo((struct sockaddr *)&address, bytes, host, (socklen_t)host_bytes, port,
                       (socklen_t)port_bytes, NI_NUMERICHOST | NI_NUMERICSERV) == 0;
}

uint64_t gate_address(int descriptor)
{
    char host[NI_MAXHOST];

    return read_address(descriptor, host, sizeof host, NULL, 0)
               ? table_hash_bytes(host, strlen(host))
               : 0;
}

static void note(struct gate *gate, int descriptor, const char *name)
{
    struct gate_refusals *refusals = &gate->refusals;

    refusals->unfinished++;
    if (!read_address(descriptor, refusals->address, sizeof refusals->address, refusals->port,
                      sizeof refusals->port)) {
        snprintf(refusals->address, sizeof refusals->address, "-");
        snprintf(refusals->port, sizeof refusals->port, "-");
    }
    snprintf(refusals->identity, sizeof refusals->identity, "%s", name[0] ? name : "-");
}

/* Only who has more than his own share is sure not to be one of many. */
static void cut(struct gate *gate, int descriptor, struct mono now)
{
    const struct connection *connection = &gate->connections[descriptor];
    const char *name =
        connection->identity && !connection->is_disputed ? identity_name(connection->identity) : "";

    note(gate, descriptor, name);
    if (name[0] && connection->held_bytes > LIMIT_UNFINISHED_BYTES) {
        bar(gate, name, now);
    }
    gate_shut_down(gate, descriptor);
}

void gate_judge(struct gate *gate, size_t number, struct mono now)
{
    size_t left = 0;

    for (size_t i = 0; i < gate->condemned_count; i++) {
        int descriptor = gate->condemned[i];
        struct connection *connection = &gate->connections[descriptor];

        if (connection->is_condemned && connection->number != number) {
            gate->condemned[left++] = descriptor;
            continue;
        }
        if (connection->is_condemned && gate_is_open(connection) && !is_heard(gate, connection)) {
            cut(gate, descriptor, now);
        }
        connection->is_condemned = false;
    }
    gate->condemned_count = left;
}

bool gate_heard(struct gate *gate, int descriptor)
{
    struct connection *connection = gate_connection(gate, descriptor);

    if (!connection) {
        gate->nameless++;
        return false;
    }
    connection->is_heard = true;
    /* A younger one may have the descriptor of another whose message this is. */
    return !connection->is_proven && connection->opened_ms < gate->looked_ms - PROVEN_AFTER_MS;
}

void gate_proved(struct gate *gate, int descriptor, struct text name)
{
    struct connection *connection = gate_connection(gate, descriptor);

    if (connection) {
        connection->identity = gate->identities ? identities_by_name(gate->identities, name) : NULL;
        connection->is_proven = true;
        connection->is_disputed = false;
    }
}

/* ZAP tells the address, not the connection: it is one of those from there that are young enough.
 * Where all that could be meant are of one identity, it is known whose they are. */
bool gate_admits(struct gate *gate, size_t number, struct text address,
                 const struct identity *identity, struct mono now)
{
    uint64_t hash = table_hash_bytes(address.data, address.size_bytes);
    int64_t from_ms = now.ms - gate->limits.handshake_timeout_ms - HANDSHAKE_SLACK_MS;

    if (is_barred(gate, identity_name(identity), now)) {
        return false;
    }
    while (gate->is_behind) {
        gate_look(gate, now);
    }
    for (size_t i = 0; i < gate->top; i++) {
        struct connection *connection = &gate->connections[i];

        if (connection->number == number && connection->address == hash &&
            connection->opened_ms >= from_ms && !connection->is_proven) {
            connection->is_disputed = connection->is_disputed ||
                                      (connection->identity && connection->identity != identity);
            connection->identity = identity;
        }
    }
    return true;
}

void gate_follow_identities(struct gate *gate, const struct identities *identities)
{
    gate->identities = identities;
    for (size_t i = 0; i < gate->top; i++) {
        struct connection *connection = &gate->connections[i];

        if (connection->identity) {
            connection->identity =
                identities_by_name(identities, text_of(identity_name(connection->identity)));
        }
    }
}
