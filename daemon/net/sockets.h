// SPDX-License-Identifier: MIT
/* The daemon's four sockets (DESIGN.md section 3), with every option set on purpose (reliability:
 * high-water marks, message size, handshake, heartbeat, linger). One thread. Nothing here knows
 * what a message means. */
#ifndef DAEMON_NET_SOCKETS_H
#define DAEMON_NET_SOCKETS_H

#include "schemas/base/limits.h"
#include "schemas/base/text.h"

#define SOCKETS_MESSAGE_BYTES  512
#define SOCKETS_ENDPOINT_BYTES 256

struct sockets;

enum socket_kind { SOCKET_REQUESTS, SOCKET_JOBS, SOCKET_REPORTS, SOCKET_STATUS, SOCKET_COUNT };

struct sockets_options {
    struct text endpoints[SOCKET_COUNT];
    int64_t high_water_mark;
    int64_t handshake_timeout_ms;
    int64_t heartbeat_interval_ms;
    int64_t heartbeat_timeout_ms;
};

/* Whom a request came from: the frames before its payload, to be sent back before the reply. */
struct envelope {
    uint8_t frame_count;
    bool has_delimiter; /* an empty frame followed; a reply gets one as well */
    uint16_t sizes[LIMIT_ENVELOPE_FRAMES];
    uint8_t bytes[LIMIT_ENVELOPE_FRAMES * LIMIT_ENVELOPE_BYTES];
};

/* A message that came in; everything is borrowed for the call. */
struct incoming {
    enum socket_kind socket;
    const struct envelope *envelope; /* requests only */
    struct text payload;             /* its only payload frame, or the first of several */
    uint32_t payload_frames;
};

typedef void (*sockets_receiver)(void *argument, const struct incoming *incoming);

/* Binds. -ERROR_CONFIGURATION with a message when an endpoint cannot be bound. */
int sockets_open(struct sockets **sockets, const struct sockets_options *options,
                 char message[SOCKETS_MESSAGE_BYTES]);
void sockets_close(struct sockets **sockets);

/* Where a socket is really bound: tells the port that was taken for a *. */
const char *sockets_endpoint(const struct sockets *sockets, enum socket_kind kind);

/* Waits until something can be received, signal_fd is readable or the time is over (-1: no limit).
 */
int sockets_wait(struct sockets *sockets, int signal_fd, int timeout_ms);

/* Takes at most budget messages from each socket; returns how many in all. */
size_t sockets_receive(struct sockets *sockets, size_t budget, sockets_receiver receive,
                       void *argument);

/* Sends, never waits. -ERROR_BUSY when the peer is gone or takes no more, or nobody is there to
 * take a job. */
int sockets_reply(struct sockets *sockets, const struct envelope *envelope, struct text payload);
int sockets_offer(struct sockets *sockets, struct text payload);
int sockets_publish(struct sockets *sockets, struct text topic, struct text payload);

#endif
