// SPDX-License-Identifier: MIT
/* bench_memory [--quick] [--rounds N] [--queued N] [--more N] [--further N]: resident memory of
 * exportd with 1,000,000 operations queued and with 5,000,000, of one tenant and of 10,000: at the
 * start, after 10,000 further accepts, after 10,000 were gathered, and the most it ever was; beside
 * an empty store. The store is filled by the store's own functions. Needs about 3 GB in TMPDIR.
 * Prints a table of tab-separated fields. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/bed.h"
#include "tests/bench/crowd.h"
#include "tests/bench/options.h"
#include "tests/bench/store_fill.h"
#include "tests/bench/submit.h"
#include "tests/bench/usage.h"
#include "tests/support/temporary.h"

#define WORKERS      16
#define MANY_TENANTS 10000
#define GOAL_MIB     64
#define GROWTH       1.1 /* times, of what one million takes */
#define DISPATCH_S   600
#define SETTLE_MS    200

enum moment { MOMENT_START, MOMENT_ACCEPTED, MOMENT_GATHERED, MOMENT_MOST, MOMENT_COUNT };

enum row {
    ROW_EMPTY,
    ROW_ONE,
    ROW_MANY = ROW_ONE + MOMENT_COUNT,
    ROW_MORE = ROW_MANY + MOMENT_COUNT,
    ROW_COUNT = ROW_MORE + MOMENT_COUNT
};

#define MEMORY(text)                                                                               \
    {                                                                                              \
        .name = (text), .unit = "MiB", .reference = "resident, empty store", .goal = GOAL_MIB      \
    }
#define GROWN(text, than)                                                                          \
    {                                                                                              \
        .name = (text), .unit = "MiB", .reference = (than), .goal = GROWTH,                        \
        .goal_kind = GOAL_RATIO_AT_MOST                                                            \
    }

static struct figure figures[ROW_COUNT] = {
    [ROW_EMPTY] = {.name = "resident, empty store", .unit = "MiB"},
    [ROW_ONE + MOMENT_START] = MEMORY("resident, a million queued"),
    [ROW_ONE + MOMENT_ACCEPTED] = MEMORY("the same after further accepts"),
    [ROW_ONE + MOMENT_GATHERED] = MEMORY("the same after gatherings"),
    [ROW_ONE + MOMENT_MOST] = MEMORY("a million queued, at the most"),
    [ROW_MANY + MOMENT_START] = MEMORY("resident, a million queued, many tenants"),
    [ROW_MANY + MOMENT_ACCEPTED] = MEMORY("many tenants after further accepts"),
    [ROW_MANY + MOMENT_GATHERED] = MEMORY("many tenants after gatherings"),
    [ROW_MANY + MOMENT_MOST] = MEMORY("a million queued, many tenants, at the most"),
    [ROW_MORE + MOMENT_START] =
        GROWN("resident, five million queued", "resident, a million queued"),
    [ROW_MORE + MOMENT_ACCEPTED] = MEMORY("five million after further accepts"),
    [ROW_MORE + MOMENT_GATHERED] = MEMORY("five million after gatherings"),
    [ROW_MORE + MOMENT_MOST] =
        GROWN("five million queued, at the most", "a million queued, at the most"),
};

static struct bed bed;
static uint64_t queued = 1000000;
static uint64_t more_queued = 5000000;
static uint64_t further = 10000;

static void add(unsigned row, double value)
{
    figure_add(&figures[row], (struct measurement){.value = value});
    (void)fprintf(stderr, "%s: %.1f %s\n", figures[row].name, value, figures[row].unit);
}

static double memory_mib(const char *field)
{
    return usage_memory_mib(bed.fixture.daemon.pid, field);
}

static void fill(uint64_t operations, unsigned tenants)
{
    char store[FIXTURE_PATH_BUFFER + 16];
    uint64_t begun = measure_now_ns();
    snprintf(store, sizeof(store), "%s/store", bed.fixture.directory);
    if (access(store, F_OK) == 0 && temporary_remove(store)) {
        measure_fail(store);
    }
    store_fill(store, &(struct store_fill){.operations = operations, .tenants = tenants});
    (void)fprintf(stderr, "a store of %llu operations was made in %.0f s\n",
                  (unsigned long long)operations, (double)(measure_now_ns() - begun) / 1e9);
}

static uint64_t number_of(const void *context, uint64_t i)
{
    (void)context;
    return i;
}

static uint64_t length_ns(void *context, const char *user)
{
    (void)context;
    (void)user;
    return 0;
}

static void gather(void)
{
    struct crowd *crowd = crowd_open(&(struct crowd_options){.jobs = bed.fixture.jobs,
                                                             .reports = bed.fixture.reports,
                                                             .status = bed.fixture.status,
                                                             .workers = WORKERS,
                                                             .length_ns = length_ns});
    usleep(SETTLE_MS * 1000); /* the daemon knows the new connections by then */
    crowd_begin(crowd);
    if (!crowd_wait(crowd, further, DISPATCH_S)) {
        measure_fail("not every operation was completed");
    }
    (void)crowd_close(&crowd, NULL);
}

/* The rows of the moments follow one another. */
static void measure(unsigned row, uint64_t operations, unsigned tenants)
{
    fill(operations, tenants);
    if (fixture_start_daemon(&bed.fixture)) {
        measure_fail("exportd");
    }
    add(row + MOMENT_START, memory_mib("VmRSS:"));
    submit(bed.fixture.requests, &bed.request, further, number_of, NULL);
    add(row + MOMENT_ACCEPTED, memory_mib("VmRSS:"));
    gather();
    add(row + MOMENT_GATHERED, memory_mib("VmRSS:"));
    add(row + MOMENT_MOST, memory_mib("VmHWM:"));
    bed_stop(&bed);
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 1};
    const struct options_number more[] = {{"--queued", &queued, 5000},
                                          {"--more", &more_queued, 25000},
                                          {"--further", &further, 500},
                                          {NULL, NULL, 0}};
    options_read(&options, argc, argv, more);
    bed_make(&bed);
    for (unsigned round = 0; round < options.rounds; round++) {
        bed_start_daemon(&bed);
        add(ROW_EMPTY, memory_mib("VmRSS:"));
        bed_stop(&bed);
        measure(ROW_ONE, queued, 1);
        measure(ROW_MANY, queued, MANY_TENANTS);
        measure(ROW_MORE, more_queued, 1);
    }
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
