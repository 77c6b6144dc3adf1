// SPDX-License-Identifier: MIT
/* bench_dispatch [--quick] [--rounds N] [--smallest WORKERS] [--largest WORKERS]: how far from the
 * ideal exportd deals out jobs of mixed lengths (one in twenty a hundred times as long as the
 * others), beside plain PUSH in the same run. The figure is makespan over that of an ideal list
 * scheduler, which gives each job in the order of submission to the worker that is free first, at
 * no cost. All jobs are queued before the first worker is heard of. Jobs are of a length at which
 * two cores can play all workers beside the daemon. Prints a table of tab-separated fields. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/schedule.h"
#include "tests/bench/submit.h"
#include "tests/support/temporary.h"

#define PEOPLE 1000
#define LONG_PEOPLE                                                                                \
    50 /* those with the lowest numbers: by the person a worker knows the length                   \
        */
#define SETTLE_MS 200
#define PATIENCE  20 /* times the ideal, before it is given up */
#define PERSON_AT 24 /* the digits of a user id that tell people apart */

struct plan {
    unsigned workers;
    unsigned short_ms;
    unsigned jobs_a_worker;
    double goal;
    const char *name;
    const char *plain_name;
};

static const struct plan plans[] = {
    {4, 20, 100, 1.05, "dispatch, 4 workers", "plain PUSH, 4 workers"},
    {16, 20, 100, 1.05, "dispatch, 16 workers", "plain PUSH, 16 workers"},
    {64, 20, 50, 1.05, "dispatch, 64 workers", "plain PUSH, 64 workers"},
    {256, 40, 40, 1.2, "dispatch, 256 workers", "plain PUSH, 256 workers"},
};

#define PLAN_COUNT (sizeof(plans) / sizeof(plans[0]))

struct bench {
    unsigned rounds;
    unsigned smallest;
    unsigned largest;
    bool is_quick;
    struct fixture fixture;
    struct request request;
};

static struct bench bench = {.rounds = 1, .largest = 256};
static struct figure figures[2 * PLAN_COUNT];

static uint64_t number_of(const void *context, uint64_t i)
{
    const struct schedule *schedule = context;
    return schedule->is_long[i] ? i % LONG_PEOPLE : LONG_PEOPLE + i % (PEOPLE - LONG_PEOPLE);
}

static uint64_t length_ns(void *context, const char *user)
{
    const struct schedule *schedule = context;
    bool is_long = strtoul(user + PERSON_AT, NULL, 10) < LONG_PEOPLE;
    return schedule->short_ns * (is_long ? SCHEDULE_LONG_TIMES : 1);
}

/* An empty store, with all jobs queued. */
static void begin(const struct schedule *schedule)
{
    char store[FIXTURE_PATH_BUFFER + 16];
    snprintf(store, sizeof(store), "%s/store", bench.fixture.directory);
    if ((access(store, F_OK) == 0 && temporary_remove(store)) ||
        fixture_start_daemon(&bench.fixture)) {
        measure_fail("exportd");
    }
    submit(bench.fixture.requests, &bench.request, schedule->count, number_of, schedule);
}

static void tell(const struct plan *plan, const struct crowd_counts *counts, struct samples *gaps)
{
    double starts = (double)counts->started;
    (void)fprintf(stderr,
                  "%s: %.0f starts, %.1f offers declined for each, %llu superseded; "
                  "from an end to the next start p50 %.0f us, p99 %.0f us\n",
                  plan->name, starts, (double)counts->declined / starts,
                  (unsigned long long)counts->superseded, samples_percentile_us(gaps, 0.5),
                  samples_percentile_us(gaps, 0.99));
}

static uint64_t measure_exportd_ns(const struct plan *plan, struct schedule *schedule,
                                   uint64_t ideal_ns)
{
    struct samples gaps;
    begin(schedule);
    struct crowd *crowd = crowd_open(&(struct crowd_options){.jobs = bench.fixture.jobs,
                                                             .reports = bench.fixture.reports,
                                                             .status = bench.fixture.status,
                                                             .workers = plan->workers,
                                                             .length_ns = length_ns,
                                                             .context = schedule});
    usleep(SETTLE_MS * 1000); /* the daemon knows the new connections by then */
    crowd_begin(crowd);
    if (!crowd_wait(crowd, schedule->count, PATIENCE * (double)ideal_ns / 1e9 + 10)) {
        measure_fail("not every operation was completed");
    }
    struct crowd_counts counts = crowd_close(&crowd, &gaps);
    tell(plan, &counts, &gaps);
    samples_release(&gaps);
    if (fixture_stop_daemon(&bench.fixture, SIGTERM)) {
        measure_fail("stop");
    }
    return counts.last_end_ns - counts.begun_ns;
}

static void measure(size_t index, unsigned round)
{
    const struct plan *plan = &plans[index];
    uint64_t short_ns = (uint64_t)plan->short_ms * 1000000U / (bench.is_quick ? 10 : 1);
    size_t jobs = (size_t)plan->workers * plan->jobs_a_worker / (bench.is_quick ? 4 : 1);
    struct schedule schedule;
    schedule_make(&schedule, jobs, short_ns, round + 1);
    double ideal_ns = (double)schedule_ideal_ns(&schedule, plan->workers);
    double ours_ns = (double)measure_exportd_ns(plan, &schedule, (uint64_t)ideal_ns);
    double plain_ns = (double)schedule_plain_push_ns(&schedule, plan->workers);
    figure_add(&figures[2 * index], (struct measurement){.value = ours_ns / ideal_ns});
    figure_add(&figures[2 * index + 1], (struct measurement){.value = plain_ns / ideal_ns});
    (void)fprintf(stderr, "%s: ideal %.2f s, exportd %.2f s, plain PUSH %.2f s\n", plan->name,
                  ideal_ns / 1e9, ours_ns / 1e9, plain_ns / 1e9);
    schedule_release(&schedule);
}

static int read_options(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            bench.is_quick = true;
            bench.largest = 16;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            bench.rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--smallest") == 0 && i + 1 < argc) {
            bench.smallest = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--largest") == 0 && i + 1 < argc) {
            bench.largest = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            return -1;
        }
    }
    bool is_good = bench.rounds >= 1 && bench.rounds <= MEASURE_ROUNDS;
    return is_good ? 0 : -1;
}

/* Also when a measurement failed and ended the program. */
static void release(void)
{
    fixture_release(&bench.fixture);
}

static void make_figures(void)
{
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        figures[2 * i] = (struct figure){.name = plans[i].name,
                                         .unit = "of ideal makespan",
                                         .reference = plans[i].plain_name,
                                         .goal = plans[i].goal};
        figures[2 * i + 1] =
            (struct figure){.name = plans[i].plain_name, .unit = "of ideal makespan"};
    }
}

int main(int argc, char *argv[])
{
    const struct fixture_options options = {.people = {.tenant_count = 1, .profile_count = PEOPLE},
                                            .is_tcp = true};
    struct figure shown[2 * PLAN_COUNT];
    size_t count = 0;
    if (read_options(argc, argv)) {
        (void)fprintf(stderr,
                      "usage: bench_dispatch [--quick] [--rounds 1..%d] [--smallest WORKERS] "
                      "[--largest WORKERS]\n",
                      MEASURE_ROUNDS);
        return 2;
    }
    if (atexit(release) || fixture_make(&options, NULL, &bench.fixture)) {
        measure_fail("fixture");
    }
    request_prepare(&bench.fixture, 0, false, &bench.request);
    make_figures();
    for (unsigned round = 0; round < bench.rounds; round++) {
        for (size_t i = 0; i < PLAN_COUNT; i++) {
            if (plans[i].workers >= bench.smallest && plans[i].workers <= bench.largest) {
                measure(i, round);
            }
        }
    }
    for (size_t i = 0; i < 2 * PLAN_COUNT; i++) {
        if (figures[i].count) {
            shown[count++] = figures[i];
        }
    }
    figures_print(shown, count);
    return EXIT_SUCCESS;
}
