// SPDX-License-Identifier: MIT
/* bench_complete [--quick] [--rounds N] [--seconds S]: how fast operations go from the request to
 * their end, with four slots that gather nothing and with the real worker, which makes and syncs a
 * bundle for each. Every round visits every variant once. Prints a table of tab-separated fields.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bed.h"
#include "tests/bench/completion.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"

#define WARM_UP_SHARE 0.3
#define TRIES         100
#define TRY_MS        100

static struct bed bed;
static struct completion *completion; /* while one is measured */

static size_t write_request(void *context, uint64_t number, uint8_t *buffer)
{
    (void)context;
    return request_write(&bed.request, number, buffer);
}

static bool is_accepted(void *context, const uint8_t *reply, size_t size, uint64_t sent_ns)
{
    const char *operation = request_operation(reply, size);
    (void)context;
    if (!operation || !request_is_accepted(reply, size)) {
        return false;
    }
    completion_accepted(completion, operation, sent_ns);
    return true;
}

static bool may_send(void *context)
{
    (void)context;
    return completion_may_send(completion);
}

/* Exports somebody until the end of that is seen. */
static void settle(void)
{
    static struct raw_message request;
    static struct raw_message reply;
    struct raw_socket *socket = NULL;
    const char *operation = NULL;
    if (raw_open(RAW_REQUEST, bed.fixture.requests, &socket)) {
        measure_fail("settle");
    }
    for (unsigned i = 0; i < TRIES; i++) {
        request.size = request_write(&bed.request, i, request.bytes);
        if (raw_ask(socket, &request, FIXTURE_TIMEOUT_MS, &reply) ||
            !(operation = request_operation(reply.bytes, reply.size))) {
            measure_fail("settle");
        }
        if (completion_settle(completion, operation, TRY_MS)) {
            raw_close(&socket);
            return;
        }
    }
    measure_fail("no operation is completed");
}

/* The real worker is another process: the end is seen as its status event. */
static struct measurement with_worker(unsigned clients)
{
    struct load load = {.endpoint = bed.fixture.requests,
                        .connections = clients,
                        .warm_up_seconds = bed.seconds * WARM_UP_SHARE,
                        .seconds = bed.seconds,
                        .request = write_request,
                        .reply = is_accepted,
                        .may_send = may_send};
    completion =
        completion_new(bed.fixture.status, clients == 1 ? 1 : 4 * clients, &load.wake_descriptor);
    settle();
    completion_begin(completion, measure_now_ns() + (uint64_t)(load.warm_up_seconds * 1e9));
    (void)load_thin(&load);
    return completion_end(&completion);
}

enum row { ROW_ACCEPT, ROW_ALONE, ROW_MANY, ROW_WORKER_ALONE, ROW_WORKER_MANY, ROW_COUNT };

static struct figure figures[ROW_COUNT] = {
    [ROW_ACCEPT] = {.name = "accept, 16 clients, no worker", .unit = "accepts/s"},
    [ROW_ALONE] = {.name = "complete, no-op slots, one at a time", .unit = "operations/s"},
    [ROW_MANY] = {.name = "complete, no-op slots, 64 on the way",
                  .unit = "operations/s",
                  .reference = "accept, 16 clients, no worker"},
    [ROW_WORKER_ALONE] = {.name = "complete, export-worker, one at a time",
                          .unit = "operations/s",
                          .reference = "complete, no-op slots, one at a time"},
    [ROW_WORKER_MANY] = {.name = "complete, export-worker, 64 on the way",
                         .unit = "operations/s",
                         .reference = "complete, no-op slots, 64 on the way"},
};

static void run_round(void)
{
    bed_start_daemon(&bed);
    figure_add(&figures[ROW_ACCEPT], bed_accept(&bed, 16));
    bed_stop(&bed);
    bed_start_daemon(&bed);
    figure_add(&figures[ROW_ALONE], bed_complete(&bed, 1));
    bed_stop(&bed);
    bed_start_daemon(&bed);
    figure_add(&figures[ROW_MANY], bed_complete(&bed, 16));
    bed_stop(&bed);
    bed_start_daemon(&bed);
    bed_start_worker(&bed);
    figure_add(&figures[ROW_WORKER_ALONE], with_worker(1));
    figure_add(&figures[ROW_WORKER_MANY], with_worker(16));
    bed_stop(&bed);
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 5, .seconds = 1.5, .quick_seconds = 0.5};
    options_read(&options, argc, argv, NULL);
    bed.seconds = options.seconds;
    bed_make(&bed);
    for (unsigned round = 0; round < options.rounds; round++) {
        run_round();
        (void)fprintf(stderr, "round %u of %u\n", round + 1, options.rounds);
    }
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
