// SPDX-License-Identifier: MIT
/* What a benchmark runs in a process of its own, by starting itself again with these arguments. */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

/* --echo ENDPOINT
 *     a ROUTER that gives every request back, and nothing else: the bound for any server here.
 * --publish ENDPOINT TOPIC_BYTES EVENT_BYTES
 *     an XPUB that sends messages of these two frames as fast as its subscribers take them, once
 *     there is one: the bound for any publisher here.
 * Runs until it is killed; -1 when the arguments are not for it. */
int peer_run(int argc, char *argv[]);

#endif
