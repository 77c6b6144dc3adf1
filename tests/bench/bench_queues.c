// SPDX-License-Identifier: MIT
/* bench_queues [--quick] [--rounds N] [--seconds S]: exportd beside Redis (a list, appendfsync
 * always) and beanstalkd (-f 0), in turns in the same rounds: durable accepts beside durable puts
 * with 1 and 64 clients, and operations that are accepted and completed beside jobs that are put,
 * taken and acknowledged, with 16 producers, four no-op slots and at most 64 on the way. A server
 * that is not installed is left out, with a note on standard error. exportd verifies a token (known
 * to it), looks up a profile, records three events and tells subscribers; the others store 400
 * bytes. Prints a table of tab-separated fields. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/bench/bed.h"
#include "tests/bench/options.h"
#include "tests/bench/rival.h"
#include "tests/support/temporary.h"

#define MANY      64
#define PRODUCERS 16
#define WINDOW    64

enum work { WORK_ALONE, WORK_MANY, WORK_COMPLETE, WORK_COUNT };

enum { OURS = RIVAL_COUNT, SERVER_COUNT };

/* Of the goals, that of accepts is about Redis, that of completions about the best of them. */
static struct figure figures[SERVER_COUNT][WORK_COUNT] = {
    [RIVAL_REDIS] = {{.name = "Redis always, put, 1 client", .unit = "puts/s"},
                     {.name = "Redis always, put, 64 clients", .unit = "puts/s"},
                     {.name = "Redis always, put to done, 64 on the way", .unit = "jobs/s"}},
    [RIVAL_BEANSTALKD] = {{.name = "beanstalkd -f 0, put, 1 client", .unit = "puts/s"},
                          {.name = "beanstalkd -f 0, put, 64 clients", .unit = "puts/s"},
                          {.name = "beanstalkd -f 0, put to done, 64 on the way",
                           .unit = "jobs/s"}},
    [OURS] = {{.name = "accept beside queues, 1 client",
               .unit = "accepts/s",
               .reference = "Redis always, put, 1 client"},
              {.name = "accept beside queues, 64 clients",
               .unit = "accepts/s",
               .reference = "Redis always, put, 64 clients",
               .goal = 1,
               .goal_kind = GOAL_RATIO_AT_LEAST},
              {.name = "complete beside queues, 64 on the way",
               .unit = "operations/s",
               .goal = 3,
               .goal_kind = GOAL_RATIO_AT_LEAST}},
};

static struct bed bed;
static struct rival rival;

static void release(void)
{
    rival_stop(&rival);
}

static void measure_ours(void)
{
    bed_start_daemon(&bed);
    figure_add(&figures[OURS][WORK_ALONE], bed_accept(&bed, 1));
    figure_add(&figures[OURS][WORK_MANY], bed_accept(&bed, MANY));
    bed_stop(&bed);
    bed_start_daemon(&bed);
    figure_add(&figures[OURS][WORK_COMPLETE], bed_complete(&bed, PRODUCERS));
    bed_stop(&bed);
}

/* An empty server for the jobs, so that they are not behind what was put before. */
static void begin_rival(enum rival_kind kind, const char *directory)
{
    rival_stop(&rival);
    if (temporary_remove(directory) || mkdir(directory, 0700)) {
        measure_fail(directory);
    }
    rival_start(&rival, kind, directory);
}

static void measure_rival(enum rival_kind kind)
{
    char directory[FIXTURE_PATH_BUFFER + 16];
    if (!rival_program(kind)) {
        return;
    }
    snprintf(directory, sizeof(directory), "%s/rival", bed.fixture.directory);
    if (mkdir(directory, 0700)) {
        measure_fail(directory);
    }
    begin_rival(kind, directory);
    figure_add(&figures[kind][WORK_ALONE], rival_put(&rival, 1, bed.seconds));
    figure_add(&figures[kind][WORK_MANY], rival_put(&rival, MANY, bed.seconds));
    begin_rival(kind, directory);
    figure_add(&figures[kind][WORK_COMPLETE],
               rival_complete(&rival, PRODUCERS, BED_SLOTS, WINDOW, bed.seconds));
    rival_stop(&rival);
    if (temporary_remove(directory)) {
        measure_fail(directory);
    }
}

static const char *best_of_rivals(enum work work)
{
    const struct figure *best = &figures[0][work];
    for (int kind = 1; kind < RIVAL_COUNT; kind++) {
        if (figure_median(&figures[kind][work]) > figure_median(best)) {
            best = &figures[kind][work];
        }
    }
    return best->name;
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 5, .seconds = 1.2, .quick_seconds = 0.3};
    options_read(&options, argc, argv, NULL);
    bed.seconds = options.seconds;
    bed_make(&bed);
    if (atexit(release)) {
        return EXIT_FAILURE;
    }
    for (int kind = 0; kind < RIVAL_COUNT; kind++) {
        if (!rival_program((enum rival_kind)kind)) {
            (void)fprintf(stderr, "not installed, left out: %s\n",
                          kind == RIVAL_REDIS ? "redis-server" : "beanstalkd");
        }
    }
    for (unsigned round = 0; round < options.rounds; round++) {
        measure_ours();
        for (int kind = 0; kind < RIVAL_COUNT; kind++) {
            measure_rival((enum rival_kind)kind);
        }
        (void)fprintf(stderr, "round %u of %u\n", round + 1, options.rounds);
    }
    figures[OURS][WORK_COMPLETE].reference = best_of_rivals(WORK_COMPLETE);
    figures_print(figures[0], (size_t)SERVER_COUNT * WORK_COUNT);
    return EXIT_SUCCESS;
}
