// SPDX-License-Identifier: MIT
/* Queues operations as fast as they are accepted, and in order: one connection, with many requests
 * on the way. */
#ifndef TESTS_BENCH_SUBMIT_H
#define TESTS_BENCH_SUBMIT_H

#include "tests/bench/request.h"

/* Sends count requests; the i-th is written as request_write does number_of(context, i). Ends the
 * program when one is refused. */
void submit(const char *endpoint, const struct request *request, uint64_t count,
            uint64_t (*number_of)(const void *context, uint64_t i), const void *context);

#endif
