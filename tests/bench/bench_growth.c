// SPDX-License-Identifier: MIT
/* bench_growth [--quick] [--rounds N] [--seconds S] [--middle N] [--large N]: what a request costs
 * exportd, in time that its process computes, as its store grows from 1,000 operations over
 * 1,000,000 to 10,000,000, most of them complete: an accept with an idempotency key, reading an
 * operation and a page of a list, each from 64 thin clients. How long the requests took is shown
 * beside it as p50 and p99. Needs 6 GB in TMPDIR. Prints a table of tab-separated fields. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bed.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/store_fill.h"
#include "tests/bench/usage.h"
#include "tests/support/temporary.h"

#define CLIENTS      64
#define SAMPLES      4096 /* operations that are read */
#define SMALL        1000
#define COMPLETE     9 /* of ten */
#define ID_BYTES     (STORE_FILL_ID_BUFFER - 1)
#define GROWTH       1.5
#define SAMPLE_STEPS 2654435761U /* so that neighbours are not read one after the other */

enum request_kind { REQUEST_ACCEPT, REQUEST_GET, REQUEST_LIST, REQUEST_COUNT };

enum size { SIZE_SMALL, SIZE_MIDDLE, SIZE_LARGE, SIZE_COUNT };

#define COST(text)                                                                                 \
    {                                                                                              \
        .name = (text), .unit = "us"                                                               \
    }
#define GROWN(text, than)                                                                          \
    {                                                                                              \
        .name = (text), .unit = "us", .reference = (than), .goal = GROWTH,                         \
        .goal_kind = GOAL_RATIO_AT_MOST                                                            \
    }

static struct figure figures[SIZE_COUNT][REQUEST_COUNT] = {
    {COST("cost of an accept, small store"), COST("cost of getOperation, small store"),
     COST("cost of listOperations, small store")},
    {GROWN("cost of an accept, a million operations", "cost of an accept, small store"),
     GROWN("cost of getOperation, a million operations", "cost of getOperation, small store"),
     GROWN("cost of listOperations, a million operations", "cost of listOperations, small store")},
    {GROWN("cost of an accept, ten million operations", "cost of an accept, small store"),
     GROWN("cost of getOperation, ten million operations", "cost of getOperation, small store"),
     GROWN("cost of listOperations, ten million operations",
           "cost of listOperations, small store")},
};

static struct bed bed;
static uint64_t middle = 1000000;
static uint64_t large = 10000000;
static char samples[SAMPLES][STORE_FILL_ID_BUFFER];
static struct raw_message reading; /* getOperation or listOperations */
static size_t id_offset;           /* of the operation that is read; 0 for a list */

static void write_reading(enum request_kind kind)
{
    char token[FIXTURE_TOKEN_BUFFER];
    if (fixture_token(&bed.fixture, 0, token)) {
        measure_fail("token");
    }
    raw_clear(&reading);
    raw_map(&reading, 4);
    raw_text_field(&reading, "requestId", "bench");
    raw_text_field(&reading, "token", token);
    if (kind == REQUEST_GET) {
        raw_text_field(&reading, "type", "getOperation");
        raw_text_field(&reading, "operationId", samples[0]);
        id_offset = reading.size - ID_BYTES;
    } else {
        raw_text_field(&reading, "type", "listOperations");
        raw_integer_field(&reading, "top", 20);
        id_offset = 0;
    }
}

static size_t write_request(void *context, uint64_t number, uint8_t *buffer)
{
    const enum request_kind *kind = context;
    if (*kind == REQUEST_ACCEPT) {
        return request_write(&bed.request, number, buffer);
    }
    memcpy(buffer, reading.bytes, reading.size);
    if (id_offset) {
        memcpy(buffer + id_offset, samples[number * SAMPLE_STEPS % SAMPLES], ID_BYTES);
    }
    return reading.size;
}

static bool is_good(void *context, const uint8_t *reply, size_t size, uint64_t sent_ns)
{
    static const char ok[] = "\xa6status\xcc\xc8"; /* 200, as a byte */
    (void)context;
    (void)sent_ns;
    return request_is_accepted(reply, size) || memmem(reply, size, ok, sizeof(ok) - 1);
}

static void measure_requests(enum size size, enum request_kind kind)
{
    struct load load = {.endpoint = bed.fixture.requests,
                        .connections = CLIENTS,
                        .seconds = bed.seconds,
                        .request = write_request,
                        .reply = is_good,
                        .context = &kind};
    if (kind != REQUEST_ACCEPT) {
        write_reading(kind);
    }
    double before = usage_computed_seconds(bed.fixture.daemon.pid);
    struct measurement result = load_thin(&load);
    double used = usage_computed_seconds(bed.fixture.daemon.pid) - before;
    result.value = used * 1e6 / (result.value * bed.seconds);
    figure_add(&figures[size][kind], result);
    (void)fprintf(stderr, "%s: %.1f us, p50 %.0f us\n", figures[size][kind].name, result.value,
                  result.p50_us);
}

/* Reads before accepts, which add what is not in the view yet. */
static void measure(enum size size, uint64_t operations, unsigned rounds)
{
    const struct store_fill fill = {.operations = operations,
                                    .complete_of_ten = COMPLETE,
                                    .tenants = 1,
                                    .samples = samples,
                                    .sample_count = SAMPLES};
    char store[FIXTURE_PATH_BUFFER + 16];
    uint64_t begun = measure_now_ns();
    snprintf(store, sizeof(store), "%s/store", bed.fixture.directory);
    if (access(store, F_OK) == 0 && temporary_remove(store)) {
        measure_fail(store);
    }
    store_fill(store, &fill);
    (void)fprintf(stderr, "a store of %llu operations was made in %.0f s\n",
                  (unsigned long long)operations, (double)(measure_now_ns() - begun) / 1e9);
    if (fixture_start_daemon(&bed.fixture)) {
        measure_fail("exportd");
    }
    for (unsigned round = 0; round < rounds; round++) {
        measure_requests(size, REQUEST_GET);
        measure_requests(size, REQUEST_LIST);
        measure_requests(size, REQUEST_ACCEPT);
        bed.request.first_key += 1000000000;
    }
    bed_stop(&bed);
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 3, .seconds = 1.5, .quick_seconds = 0.3};
    const struct options_number more[] = {
        {"--middle", &middle, 5000}, {"--large", &large, 20000}, {NULL, NULL, 0}};
    options_read(&options, argc, argv, more);
    bed.seconds = options.seconds;
    bed_make(&bed);
    request_prepare(&bed.fixture, 0, true, &bed.request);
    measure(SIZE_SMALL, SMALL, options.rounds);
    measure(SIZE_MIDDLE, middle, options.rounds);
    measure(SIZE_LARGE, large, options.rounds);
    figures_print(figures[0], (size_t)SIZE_COUNT * REQUEST_COUNT);
    return EXIT_SUCCESS;
}
