// SPDX-License-Identifier: MIT
/* The daemon's sockets (DESIGN.md section 3): four, and one more for each feed. Under CURVE every
 * peer is an identity (admission.h) that is told with each of its messages. One thread. Nothing
 * here knows what a message means. */
#ifndef DAEMON_NET_SOCKETS_H
#define DAEMON_NET_SOCKETS_H

#include "daemon/net/admission.h"
#include "daemon/net/envelope.h"
#include "schemas/base/limits.h"

struct denials;
struct gate_refusals;

#define SOCKETS_MESSAGE_BYTES  512
#define SOCKETS_ENDPOINT_BYTES 256

struct sockets;

/* The number of the status socket among those that carry events; feed i has i + 1. */
#define SOCKETS_STATUS_NUMBER 0U
#define SOCKETS_STATUS_BIT    (UINT64_C(1) << SOCKETS_STATUS_NUMBER)

struct sockets_options {
    struct text endpoints[SOCKET_COUNT];
    struct admission admission; /* identities of NULL: plain sockets, for loopback and ipc only */
    const char *public_key;     /* ours, in Z85, terminated; borrowed while the sockets are open */
    const char *secret_key;
    int64_t high_water_mark;      /* messages queued towards one peer */
    int64_t outstanding_messages; /* of one identity or connection, received and not yet handled */
    int64_t handshake_timeout_ms;
    int64_t heartbeat_interval_ms;
    int64_t heartbeat_timeout_ms;
    int64_t connections; /* of all sockets together; see gate.h for this and the next two */
    int64_t subscriptions;
    int64_t subscriptions_per_connection;
};

/* A message that came in; everything is borrowed for the call. */
struct incoming {
    enum socket_kind socket;
    uint32_t status_number;          /* of the status socket or feed that was subscribed to */
    const struct envelope *envelope; /* requests only */
    /* Whom it came from, as long as he is admitted: NULL without security, and with a refusal. */
    const struct identity *identity;
    /* 0, or why it must have no effect: -ERROR_IDENTITY_UNKNOWN, -ERROR_IDENTITY_ROLE,
     * -ERROR_ROUTING_ID for a request of a peer that chose its routing id, or -ERROR_BUSY for one
     * that comes on top of too many. */
    int refusal;
    struct text payload; /* its only payload frame, or the first of several */
    uint32_t payload_frames;
};

typedef void (*sockets_receiver)(void *argument, const struct incoming *incoming);

/* Binds, the ZAP handler first. -ERROR_CONFIGURATION with a message when an endpoint cannot be
 * bound. */
int sockets_open(struct sockets **sockets, const struct sockets_options *options,
                 char message[SOCKETS_MESSAGE_BYTES]);
void sockets_close(struct sockets **sockets);

/* Where a socket is really bound: tells the port that was taken for a *. */
const char *sockets_endpoint(const struct sockets *sockets, enum socket_kind kind);

/* Goes over to another table of identities, borrowed as the one before, which is not used any more
 * afterwards. Sockets to which somebody may have been connected who is not there any more, or not
 * as he was, are closed and bound again: that ends all their connections, and whoever is still
 * admitted connects again by himself. *reopened counts them. -ERROR_CONFIGURATION with a message
 * when one cannot be bound: then the sockets are of no more use. */
int sockets_admit(struct sockets *sockets, const struct identities *identities, size_t *reopened,
                  char message[SOCKETS_MESSAGE_BYTES]);

/* Tells the handshakes that were denied since the last call. */
void sockets_denials(struct sockets *sockets, struct denials *denials);

/* Tells the connections that were shut down since the last call (gate.h). */
void sockets_refusals(struct sockets *sockets, struct gate_refusals *refusals);

#define SOCKETS_DESCRIPTORS 2 /* the most that are waited for beside the sockets */

/* Waits until something can be received, one of the descriptors is readable or the time is over
 * (-1: no limit). */
int sockets_wait(struct sockets *sockets, const int *descriptors, size_t number, int timeout_ms);

/* Handles at most budget messages from each socket; returns how many in all. The rest waits, under
 * bounds (waiting.h), for the next call. */
size_t sockets_receive(struct sockets *sockets, size_t budget, sockets_receiver receive,
                       void *argument);

/* How many messages were refused or dropped since the last call because too many waited. */
size_t sockets_surplus(struct sockets *sockets);

/* Sends, never waits. -ERROR_BUSY when the peer is gone or takes no more, or nobody is there to
 * take a job. */
int sockets_reply(struct sockets *sockets, const struct envelope *envelope, struct text payload);
int sockets_offer(struct sockets *sockets, struct text payload);
int sockets_publish(struct sockets *sockets, uint32_t status_number, struct text topic,
                    struct text payload);

#endif
