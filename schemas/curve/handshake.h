// SPDX-License-Identifier: MIT
/* How the handshakes of a connecting socket end. libzmq tries again by itself after all but two
 * ends: when the other side denies the key, or speaks another mechanism, it gives the connection up
 * for good; then it is for us to connect again. One thread, that of the socket. */
#ifndef SCHEMAS_CURVE_HANDSHAKE_H
#define SCHEMAS_CURVE_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

enum handshake_end {
    HANDSHAKE_NONE,      /* nothing is known */
    HANDSHAKE_SUCCEEDED, /* there is a connection, or was one */
    HANDSHAKE_BROKEN,    /* the other side hung up; often it has another key than was expected */
    HANDSHAKE_DENIED,    /* our key may not connect there */
    HANDSHAKE_MECHANISM, /* one side wants CURVE and the other does not */
};

struct handshake {
    void *socket;           /* borrowed */
    void *monitor;          /* PAIR, readable when there is something to read; for zmq_poll */
    const char *endpoint;   /* borrowed */
    enum handshake_end end; /* of the newest one */
    bool is_given_up;       /* by libzmq */
};

/* Connects the socket and listens to what becomes of it. False with errno. */
bool handshake_connect(struct handshake *handshake, void *context, void *socket,
                       const char *endpoint);
void handshake_close(struct handshake *handshake); /* before the socket; safe twice */

/* Takes what has been heard; true when libzmq has given up in it. */
bool handshake_read(struct handshake *handshake);

/* Connects again, if libzmq has given up. */
void handshake_retry(struct handshake *handshake);

/* What to tell of an end, as part of a sentence: "the service does not admit this key"; NULL when
 * it explains nothing. */
const char *handshake_text(enum handshake_end end);

#endif
