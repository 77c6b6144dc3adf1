// SPDX-License-Identifier: MIT
/* Queue servers that may be installed, for comparison: each is started in a folder of its own on a
 * free loopback port, with every write synced before it is answered, and asked by the same kind of
 * client as exportd: one thread with raw sockets, each with one request outstanding. Payloads have
 * 400 bytes. What fails ends the program. */
#ifndef TESTS_BENCH_RIVAL_H
#define TESTS_BENCH_RIVAL_H

#include "tests/bench/measure.h"
#include "tests/support/process.h"

enum rival_kind {
    RIVAL_REDIS,      /* a list: LPUSH, BLMOVE, LREM; appendfsync always */
    RIVAL_BEANSTALKD, /* put, reserve, delete; -f 0 */
    RIVAL_COUNT
};

struct rival {
    enum rival_kind kind;
    int port;
    struct process process;
};

/* The program's path, or NULL when it is not installed. */
const char *rival_program(enum rival_kind kind);

/* Starts it on what the folder, which must be there, holds; rival_stop is safe twice. */
void rival_start(struct rival *rival, enum rival_kind kind, const char *directory);
void rival_stop(struct rival *rival);

/* Puts a second, from so many clients. A third of the time before is warm-up. */
struct measurement rival_put(const struct rival *rival, unsigned clients, double seconds);

/* Jobs a second from the put to the answer to the acknowledgement, with so many producers and
 * workers, and at most window jobs that are put and not done. */
struct measurement rival_complete(const struct rival *rival, unsigned producers, unsigned workers,
                                  unsigned window, double seconds);

#endif
