// SPDX-License-Identifier: MIT
/* What the parts of the gate share: gate.c, of connections and subscriptions, and gate_flood.c, of
 * messages that do not end. */
#ifndef DAEMON_NET_GATE_INSIDE_H
#define DAEMON_NET_GATE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/net/gate.h"
#include "daemon/net/pulse.h"

#define GATE_NOBODY    UINT8_MAX
#define GATE_CONDEMNED 64
#define GATE_BARRED    64

struct connection {
    int64_t opened_ms;
    int64_t subscriptions;
    int64_t settled_bytes; /* received up to the last message that came out of it */
    int64_t held_bytes;    /* received since, when it was weighed last */
    int64_t weighed_ms;
    uint64_t address;                /* the hash of its peer's; 0: unknown */
    const struct identity *identity; /* whose it is; NULL: not known */
    uint32_t nameless;               /* of the gate, when it was weighed last */
    uint8_t number;                  /* of the socket that accepted it, or GATE_NOBODY */
    bool is_heard;                   /* a message came out of it since it was weighed last */
    bool is_proven;                  /* a message said whose it is */
    bool is_disputed;                /* it may be that of one identity or another */
    bool is_condemned;
    bool is_leaving; /* was shut down; libzmq will close it */
};

/* Connections in the order in which they were accepted, those younger than a handshake may take. */
struct young {
    int descriptor;
    int64_t opened_ms;
};

/* An identity that is not let in until then. */
struct barred {
    char name[GATE_IDENTITY_BUFFER];
    int64_t until_ms;
};

struct gate {
    struct gate_limits limits;
    const struct identities *identities;
    void *monitors[GATE_SOCKETS];
    int descriptor;                 /* readable when something happened to a monitor, or a beat */
    bool is_behind;                 /* the last look did not see all */
    struct connection *connections; /* by descriptor */
    size_t room;
    int64_t looked_ms; /* the last look */
    size_t top;        /* above all descriptors that were connections */
    size_t open;
    size_t leaving;
    int64_t subscriptions;
    struct young *young; /* a ring of room entries */
    size_t young_first;
    size_t young_count;
    struct pulse pulse;
    bool must_weigh;
    size_t weighed;     /* the descriptor that is weighed next */
    int64_t held_bytes; /* of all connections */
    uint32_t nameless;  /* messages of which libzmq did not tell the connection */
    int condemned[GATE_CONDEMNED];
    size_t condemned_count;
    struct barred barred[GATE_BARRED];
    size_t barred_next;
    struct gate_refusals refusals;
};

/* NULL when it cannot be a connection's. */
struct connection *gate_connection(struct gate *gate, int descriptor);

/* Whether there is one that was not shut down. */
static inline bool gate_is_open(const struct connection *connection)
{
    return connection && connection->number != GATE_NOBODY && !connection->is_leaving;
}

void gate_shut_down(struct gate *gate, int descriptor);

/* The hash of the address of a connection's peer, as ZAP tells it; 0 when there is none. */
uint64_t gate_address(int descriptor);

#endif
