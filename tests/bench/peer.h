// SPDX-License-Identifier: MIT
/* What a benchmark runs in a process of its own, by starting itself again with these arguments. */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

/* --echo ENDPOINT
 *     a ROUTER that gives every request back, and nothing else: the bound for any server here.
 * --worker JOBS REPORTS STATUS SLOTS
 *     a worker that speaks the whole protocol and gathers nothing: every job is started and done at
 *     once, with a made-up result, which is repeated until it is recorded.
 * Runs until it is killed; -1 when the arguments are not for it. */
int peer_run(int argc, char *argv[]);

#endif
