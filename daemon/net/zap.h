// SPDX-License-Identifier: MIT
/* The ZAP handler (rfc.zeromq.org/spec/27): libzmq asks it about every handshake, and admits nobody
 * without its word, because every socket enforces its domain. It is answered by the daemon's one
 * thread, between two turns. Only CURVE is admitted; the name of the identity comes back with every
 * message of the connection as its User-Id. */
#ifndef DAEMON_NET_ZAP_H
#define DAEMON_NET_ZAP_H

#include "daemon/net/admission.h"

struct gate;

#define ZAP_ADDRESS_BUFFER 64

/* Handshakes that were denied, and the last of them. */
struct denials {
    uint64_t count;
    int error; /* of the last, negative */
    char domain[ADMISSION_DOMAIN_BUFFER];
    char address[ZAP_ADDRESS_BUFFER];
    char key[CERTIFICATE_KEY_BUFFER]; /* "" when it showed none */
};

/* Binds the handler's socket; before any other, for what is bound without it admits nobody. NULL
 * when that fails, with errno. */
void *zap_open(void *context);

/* Answers at most budget questions; counts denials. Whom the gate does not let in for now is told
 * to come again (-ERROR_BUSY among the denials). */
void zap_serve(void *socket, size_t budget, const struct admission *admission, struct gate *gate,
               struct denials *denials);

#endif
