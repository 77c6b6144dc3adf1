// SPDX-License-Identifier: MIT
/* bench_accept [--quick] [--rounds N] [--seconds S]: how fast requests are accepted durably, with a
 * token that has been verified before, beside the bounds of this machine measured in the same
 * rounds: a ROUTER that only gives requests back, and a bare fdatasync. Every round visits every
 * variant once. Prints a table of tab-separated fields. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bed.h"
#include "tests/bench/disk.h"
#include "tests/bench/options.h"
#include "tests/bench/peer.h"

#define SYNCS_A_SECOND 5000

static struct bed bed;

static struct measurement syncs(bool is_written_before)
{
    return disk_measure(bed.fixture.directory, is_written_before,
                        (unsigned)(bed.seconds * SYNCS_A_SECOND) + 1);
}

static struct measurement growing(struct bed *unused, unsigned clients)
{
    (void)unused;
    (void)clients;
    return syncs(false);
}

static struct measurement written(struct bed *unused, unsigned clients)
{
    (void)unused;
    (void)clients;
    return syncs(true);
}

static void nothing(struct bed *unused)
{
    (void)unused;
}

enum stage { STAGE_DISK, STAGE_ECHO, STAGE_ACCEPT, STAGE_COUNT };

static void (*const stage_begin[STAGE_COUNT])(struct bed *bed) = {nothing, bed_start_echo,
                                                                  bed_start_daemon};

enum row {
    ROW_GROWING,
    ROW_WRITTEN,
    ROW_ECHO_1,
    ROW_ECHO_16,
    ROW_ECHO_64,
    ROW_ECHO_REQ_64,
    ROW_1,
    ROW_16,
    ROW_64,
    ROW_KEY_64,
    ROW_REQ_64,
    ROW_BEYOND_64,
    ROW_MEASURED,
    ROW_BOUND = ROW_MEASURED, /* what follows is made of the others */
    ROW_ALONE,
    ROW_TAIL,
    ROW_COUNT
};

static const struct plan {
    enum stage stage;
    unsigned clients;
    struct measurement (*measure)(struct bed *bed, unsigned clients);
} plans[ROW_MEASURED] = {
    [ROW_GROWING] = {STAGE_DISK, 1, growing},
    [ROW_WRITTEN] = {STAGE_DISK, 1, written},
    [ROW_ECHO_1] = {STAGE_ECHO, 1, bed_echo},
    [ROW_ECHO_16] = {STAGE_ECHO, 16, bed_echo},
    [ROW_ECHO_64] = {STAGE_ECHO, 64, bed_echo},
    [ROW_ECHO_REQ_64] = {STAGE_ECHO, 64, bed_echo_req},
    [ROW_1] = {STAGE_ACCEPT, 1, bed_accept},
    [ROW_16] = {STAGE_ACCEPT, 16, bed_accept},
    [ROW_64] = {STAGE_ACCEPT, 64, bed_accept},
    [ROW_KEY_64] = {STAGE_ACCEPT, 64, bed_accept_key},
    [ROW_REQ_64] = {STAGE_ACCEPT, 64, bed_accept_req},
    [ROW_BEYOND_64] = {STAGE_ACCEPT, 64, bed_accept_beyond},
};

#define ECHO(text)                                                                                 \
    {                                                                                              \
        .name = (text), .unit = "requests/s"                                                       \
    }
#define ACCEPT(text, to_beat)                                                                      \
    {                                                                                              \
        .name = (text), .unit = "accepts/s", .reference = (to_beat)                                \
    }

static struct figure figures[ROW_COUNT] = {
    [ROW_GROWING] = {.name = "fdatasync, growing file", .unit = "syncs/s"},
    [ROW_WRITTEN] = {.name = "fdatasync, written file", .unit = "syncs/s"},
    [ROW_ECHO_1] = ECHO("echo, 1 client"),
    [ROW_ECHO_16] = ECHO("echo, 16 clients"),
    [ROW_ECHO_64] = ECHO("echo, 64 clients"),
    [ROW_ECHO_REQ_64] = ECHO("echo, 64 libzmq REQ"),
    [ROW_1] = ACCEPT("accept, 1 client", "fdatasync, written file"),
    [ROW_16] = ACCEPT("accept, 16 clients", "echo, 16 clients"),
    [ROW_64] = {.name = "accept, 64 clients",
                .unit = "accepts/s",
                .reference = "echo, 64 clients",
                .goal = 0.5,
                .goal_kind = GOAL_RATIO_AT_LEAST},
    [ROW_KEY_64] = ACCEPT("accept with key, 64 clients", "accept, 64 clients"),
    [ROW_REQ_64] = ACCEPT("accept, 64 libzmq REQ", "echo, 64 libzmq REQ"),
    [ROW_BEYOND_64] = ACCEPT("accept beyond a burst, 64 clients", "accept, 64 clients"),
    [ROW_BOUND] = {.name = "echo, 1 client, and fdatasync, written file, p50", .unit = "us"},
    [ROW_ALONE] = {.name = "accept, 1 client, p50",
                   .unit = "us",
                   .reference = "echo, 1 client, and fdatasync, written file, p50",
                   .goal = 1.25,
                   .goal_kind = GOAL_RATIO_AT_MOST},
    [ROW_TAIL] = {.name = "accept, 64 clients, p99 over p50", .unit = "times", .goal = 3},
};

static void run_round(unsigned round)
{
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        stage_begin[stage](&bed);
        for (size_t i = 0; i < ROW_MEASURED; i++) {
            if ((int)plans[i].stage == stage) {
                figure_add(&figures[i], plans[i].measure(&bed, plans[i].clients));
            }
        }
        bed_stop(&bed);
    }
    const struct measurement *echo = &figures[ROW_ECHO_1].rounds[round];
    const struct measurement *sync = &figures[ROW_WRITTEN].rounds[round];
    const struct measurement *many = &figures[ROW_64].rounds[round];
    figure_add(&figures[ROW_BOUND], (struct measurement){.value = echo->p50_us + sync->p50_us});
    figure_add(&figures[ROW_ALONE],
               (struct measurement){.value = figures[ROW_1].rounds[round].p50_us});
    figure_add(&figures[ROW_TAIL], (struct measurement){.value = many->p99_us / many->p50_us});
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 5, .seconds = 1.2, .quick_seconds = 0.3};
    if (peer_run(argc, argv) == 0) {
        return EXIT_SUCCESS;
    }
    options_read(&options, argc, argv, NULL);
    bed.seconds = options.seconds;
    bed_make(&bed);
    for (unsigned round = 0; round < options.rounds; round++) {
        run_round(round);
        (void)fprintf(stderr, "round %u of %u\n", round + 1, options.rounds);
    }
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
