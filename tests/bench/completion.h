// SPDX-License-Identifier: MIT
/* Watches the status socket in a thread and measures from the sending of a request to the event
 * that its operation is complete, and lets a load client have only so many on the way. */
#ifndef TESTS_BENCH_COMPLETION_H
#define TESTS_BENCH_COMPLETION_H

#include <stdbool.h>

#include "tests/bench/measure.h"

struct completion;

/* Subscribes to everything at that endpoint; *wake_descriptor becomes readable with every
 * completion. At most window operations are to be on the way. */
struct completion *completion_new(const char *endpoint, unsigned window, int *wake_descriptor);

/* Whether the end of this operation is seen within the time. Only then is the subscription known to
 * be in force; without that, events of the first operations are lost. Forgets everything before. */
bool completion_settle(struct completion *completion, const char *operation, int timeout_ms);

/* May one more be sent? It counts as sent when true. */
bool completion_may_send(struct completion *completion);

/* A request sent at that time was accepted as this operation (36 characters). */
void completion_accepted(struct completion *completion, const char *operation, uint64_t sent_ns);

/* What is completed before that time is not counted. */
void completion_begin(struct completion *completion, uint64_t begin_ns);

/* Completions a second since completion_begin; ends the thread. */
struct measurement completion_end(struct completion **completion);

#endif
