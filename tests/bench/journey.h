// SPDX-License-Identifier: MIT
/* Whole operations: producers that ask for exports and one played worker of some slots that gathers
 * nothing, in one thread with raw sockets (zmtp.h), so that the client takes little of the machine.
 * An operation's time is from sending the request to the notice that its result is recorded. */
#ifndef TESTS_BENCH_JOURNEY_H
#define TESTS_BENCH_JOURNEY_H

#include "tests/bench/measure.h"

#define JOURNEY_PRODUCERS_MOST 64
#define JOURNEY_WINDOW_MOST    1024

struct journey {
    const char *requests; /* tcp://127.0.0.1:PORT, each */
    const char *jobs;
    const char *reports;
    const char *status;
    unsigned producers; /* each waits for its reply before it asks again */
    unsigned window;    /* so many operations at most are asked for and not recorded */
    unsigned slots;
    double warm_up_seconds;
    double seconds;

    /* Writes request number so-and-so into the buffer and returns its size. */
    size_t (*request)(void *context, uint64_t number, uint8_t *buffer);
    void *context;
};

/* Operations a second. A request that is refused ends the program. */
struct measurement journey_measure(const struct journey *journey);

#endif
