// SPDX-License-Identifier: MIT
/* Requests and their answers over one DEALER socket. An answer finds its request by requestId;
 * whatever answers nothing that is waited for (late, doubled, made up) is dropped. A request that
 * got no answer is sent again, the same bytes, and so is one that was told the service is busy.
 *
 * The socket is connected with ZMQ_IMMEDIATE, so that requests do not pile up in it while the
 * service is away: a request leaves when there is a connection to take it. For one thread. */
#ifndef CLIENTS_LIBRARY_CHANNEL_H
#define CLIENTS_LIBRARY_CHANNEL_H

#include <zmq.h>

#include "clients/library/exportclient.h"
#include "schemas/base/clock.h"
#include "schemas/codec/wire.h"
#include "schemas/curve/credentials.h"
#include "schemas/curve/handshake.h"

#define CHANNEL_REQUEST_ID_BYTES 36

/* One request on its way. */
struct exchange {
    bool is_open;        /* waits for its answer */
    bool is_blocked;     /* due, but there is no connection to take it */
    uint32_t busy_count; /* how often the service said that it is busy */
    uint32_t sent_count;
    struct mono due;      /* when to send it, or send it again */
    struct mono deadline; /* when to give up */
    char request_id[CHANNEL_REQUEST_ID_BYTES];
    struct wire_output request;
};

struct channel {
    void *socket;
    struct handshake handshake;
    int timeout_ms;
    int deadline_ms;
    uint64_t prefix; /* random: tells this channel's requests from everybody else's */
    uint64_t counter;
    zmq_msg_t message; /* the bytes that input borrows from */
    struct wire_input input;
    bool has_reply;
};

/* Where a client's sockets connect to, and as whom. Borrowed from it. */
struct channel_place {
    void *context;
    const char *endpoint;
    const struct credentials *credentials;
};

/* What every socket of a client has in common, set before it connects; false when refused. */
bool channel_socket_options(void *socket, const struct credentials *credentials);

int channel_init(struct channel *channel, const struct channel_place *place, int timeout_ms,
                 int deadline_ms, struct exportd_error *error);
void channel_release(struct channel *channel); /* safe on a zeroed channel, and twice */

/* Gives the exchange a new request id and an empty request; the caller then encodes into
 * exchange->request. Connects again, if the service has denied the connection before. */
void exchange_begin(struct exchange *exchange, struct channel *channel);

/* The request is encoded: it may be sent from now on, and has until now and deadline_ms. */
void exchange_start(struct exchange *exchange, const struct channel *channel, struct mono now);

/* Forgets the request and wipes it: it holds the token. Keeps no memory. */
void exchange_end(struct exchange *exchange);

/* When something is to be done next for the exchange if no answer comes. */
struct mono exchange_next(const struct exchange *exchange);

/* Sends what is due. is_blocked tells for which exchanges POLLOUT must be waited for. */
void channel_send_due(struct channel *channel, struct exchange *exchanges, size_t count,
                      struct mono now);

/* Takes one message from the socket. 1: exchanges[*index] is answered, the answer is
 * channel->input.root until the next receive, and its status is *status. 0: a message was dropped.
 * -EAGAIN: there is none. EXPORTD_ERROR_REPLY: it is not even an answer; *index is whose it must be
 * when only one exchange is open, else count. */
int channel_receive(struct channel *channel, struct exchange *exchanges, size_t count,
                    struct mono now, size_t *index, int *status);

#endif
