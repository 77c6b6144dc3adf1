// SPDX-License-Identifier: MIT
/* Two load clients, each connection with one request outstanding, as REQ has it.
 *
 * load_thin is one thread with raw TCP sockets that speak ZMTP 3.0 as REQ peers
 * (rfc.zeromq.org/spec/23), so that the client takes little of the machine and costs the same for
 * every server; load_req is a thread with a libzmq REQ socket for each. The first part of the time
 * is warm-up and not counted. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "tests/bench/measure.h"

#define LOAD_REQUEST_BYTES    16384
#define LOAD_CONNECTIONS_MOST 256

struct load {
    const char *endpoint; /* tcp://127.0.0.1:PORT */
    unsigned connections;
    double warm_up_seconds;
    double seconds;

    /* Writes request number so-and-so into the buffer and returns its size. Called by every thread
     * of load_req at once. */
    size_t (*request)(void *context, uint64_t number, uint8_t *buffer);

    /* A reply to what was sent at that time; false when it is an error. May be NULL. */
    bool (*reply)(void *context, const uint8_t *bytes, size_t size, uint64_t sent_ns);

    /* load_thin only: whether one more may be sent now, which it then is; asked again when
     * wake_descriptor is readable. NULL: always. */
    bool (*may_send)(void *context);
    int wake_descriptor; /* an eventfd; unused without may_send */

    void *context;
};

/* Replies a second, and their latencies. A reply that is an error ends the program. */
struct measurement load_thin(const struct load *load);
struct measurement load_req(const struct load *load);

#endif
