// SPDX-License-Identifier: MIT
/* The installation that is measured: a fixture with one tenant, the process beside it, and the
 * loads that several benchmarks put on it. A store is empty whenever the daemon starts. What fails
 * ends the program. */
#ifndef TESTS_BENCH_BED_H
#define TESTS_BENCH_BED_H

#include "tests/bench/measure.h"
#include "tests/bench/request.h"

#define BED_PEOPLE 200
#define BED_SLOTS  4

struct bed {
    double seconds; /* of every load; a share before it is warm-up and not counted */
    struct fixture fixture;
    struct process peer;
    struct request request;
    uint64_t next_key;
};

/* Makes the fixture; the real worker has one source, in which nobody has anything. It is released
 * at exit, also when a measurement failed and ended the program. */
void bed_make(struct bed *bed);

/* The echo is this program in a process of its own: its main calls peer_run (peer.h). */
void bed_start_echo(struct bed *bed);
void bed_start_daemon(struct bed *bed);
void bed_start_worker(struct bed *bed);
void bed_stop(struct bed *bed); /* all of these */

/* A second, with that many clients: answers of the echo, and accepts; of thin clients or of libzmq
 * REQ sockets (load.h). With keys, every request has one of its own. Accepts begin when the view
 * has all that was accepted before, so that what is measured is a burst, but beyond a burst, when
 * every accept takes part in writing it. */
struct measurement bed_echo(struct bed *bed, unsigned clients);
struct measurement bed_echo_req(struct bed *bed, unsigned clients);
struct measurement bed_accept(struct bed *bed, unsigned clients);
struct measurement bed_accept_req(struct bed *bed, unsigned clients);
struct measurement bed_accept_key(struct bed *bed, unsigned clients);
struct measurement bed_accept_beyond(struct bed *bed, unsigned clients);

/* Operations a second from request to recorded result (journey.h), on four slots: one at a time
 * with one client, else up to four for each client on the way. */
struct measurement bed_complete(struct bed *bed, unsigned clients);

#endif
