// SPDX-License-Identifier: MIT
/* What a played worker says and hears: reports put together by hand, jobs and notices read by hand.
 * Any thread. */
#ifndef TESTS_BENCH_WORKER_WIRE_H
#define TESTS_BENCH_WORKER_WIRE_H

#include <stdbool.h>

#include "tests/support/raw.h"

#define WORKER_ID_BUFFER 37

/* Who reports. Borrowed. */
struct worker_name {
    const char *worker;
    const char *instance;
};

struct worker_job {
    int64_t fence;
    char operation[WORKER_ID_BUFFER];
    char tenant[WORKER_ID_BUFFER];
    char user[WORKER_ID_BUFFER];
};

/* Each makes the message anew. The result of done is made up. */
void worker_write_started(struct raw_message *message, const struct worker_name *name,
                          const struct worker_job *job);
void worker_write_declined(struct raw_message *message, const struct worker_name *name,
                           const struct worker_job *job);
void worker_write_done(struct raw_message *message, const struct worker_name *name,
                       const struct worker_job *job);
void worker_write_progress(struct raw_message *message, const struct worker_name *name,
                           const struct worker_job *job, uint64_t rows);
void worker_write_heartbeat(struct raw_message *message, const struct worker_name *name,
                            int64_t slots, const int64_t *fences, uint32_t count);

/* False when it is no job. */
bool worker_read_job(const void *bytes, size_t size, struct worker_job *job);

/* Shows every fence of a list of a notice, as "recorded". */
void worker_read_fences(const struct raw_message *notice, const char *list,
                        void (*show)(void *context, int64_t fence), void *context);

#endif
