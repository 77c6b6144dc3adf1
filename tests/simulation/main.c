// SPDX-License-Identifier: MIT
/* simulate: runs the real daemon and the real workers' decisions in a made-up world, a seed after
 * the other. The last line is "seeds N, violations V"; exit codes: 0 none, 1 some, or of many seeds
 * too few operations complete, 2 wrong usage or no installation. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/disk.h"
#include "tests/simulation/offers.h"
#include "tests/simulation/run.h"
#include "tests/simulation/site.h"
#include "tests/simulation/trace.h"

#define DEFAULT_STEPS 1200
/* A world in which hardly anything gets done shows nothing: of so many operations, so many in a
 * hundred must complete. */
#define MANY_OPERATIONS  1000
#define COMPLETE_PERCENT 50

static const char usage[] =
    "usage: simulate --first-seed S --seeds N [--steps M] [--until-violation] [--trace | "
    "--digest]\n"
    "  --steps M  tasks with faults before everything is left to settle (1200)\n"
    "  --trace    print what happens\n"
    "  --until-violation  end with the first seed that breaks an invariant\n"
    "  --digest   print a digest of the trace of each seed\n";

struct arguments {
    uint64_t first_seed;
    uint64_t seeds;
    uint64_t steps;
    bool is_tracing;
    bool ends_early;
    bool is_digesting;
};

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    if (!text || text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    const struct {
        const char *name;
        uint64_t *number;
        bool *flag;
    } options[] = {
        {"--first-seed", &arguments->first_seed, NULL},
        {"--seeds", &arguments->seeds, NULL},
        {"--steps", &arguments->steps, NULL},
        {"--trace", NULL, &arguments->is_tracing},
        {"--until-violation", NULL, &arguments->ends_early},
        {"--digest", NULL, &arguments->is_digesting},
    };

    for (int i = 1; i < argc; i++) {
        size_t option = 0;
        while (option < sizeof options / sizeof options[0] &&
               strcmp(argv[i], options[option].name) != 0) {
            option++;
        }
        if (option == sizeof options / sizeof options[0]) {
            return false;
        }
        if (options[option].flag) {
            *options[option].flag = true;
        } else if (!read_number(argv[++i], options[option].number)) {
            return false;
        }
    }
    return arguments->seeds > 0;
}

static void report(uint64_t seed, const struct arguments *arguments,
                   const struct run_result *result)
{
    printf("seed %" PRIu64 " step %" PRId64 ": invariant %d broken: %s (%s); replay: "
           "simulate --first-seed %" PRIu64 " --seeds 1 --steps %" PRIu64 " --trace\n",
           seed, result->steps, result->violation.number, result->violation.sentence,
           result->violation.detail, seed, arguments->steps);
    fflush(stdout);
}

static bool is_vacuous(const struct run_result *total)
{
    bool is = total->operations >= MANY_OPERATIONS &&
              total->complete * 100 < total->operations * COMPLETE_PERCENT;

    printf("operations %" PRIu64 ", complete %" PRIu64 "%s\n", total->operations, total->complete,
           is ? ": too few to show anything" : "");
    return is;
}

/* Returns how many were violated; *seeds is how many there were. */
static uint64_t simulate(const struct arguments *arguments, uint64_t *seeds,
                         struct run_result *total)
{
    uint64_t violations = 0;

    trace_print(arguments->is_tracing);
    trace_count_digest(arguments->is_digesting);
    *seeds = 0;
    while (*seeds < arguments->seeds && !(violations > 0 && arguments->ends_early)) {
        uint64_t seed = arguments->first_seed + (*seeds)++;
        struct run_result result = run_seed(seed, (int64_t)arguments->steps);
        total->operations += result.operations;
        total->complete += result.complete;
        if (result.is_violated) {
            violations++;
            report(seed, arguments, &result);
        }
        if (arguments->is_digesting) {
            printf("seed %" PRIu64 " steps %" PRId64 " virtual %" PRId64 " ms digest %016" PRIx64
                   "\n",
                   seed, result.steps, result.virtual_ms, trace_digest());
        }
    }
    return violations;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.first_seed = 1, .steps = DEFAULT_STEPS};
    struct run_result total = {0};
    bool shows_nothing;
    uint64_t violations;
    uint64_t seeds;

    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    if (disk_vfs_install() || site_make()) {
        site_release();
        return 2;
    }
    run_prepare();
    violations = simulate(&arguments, &seeds, &total);
    site_release();
    disk_release();
    model_release();
    offers_release();
    shows_nothing = is_vacuous(&total);
    printf("seeds %" PRIu64 ", violations %" PRIu64 "\n", seeds, violations);
    return violations > 0 || shows_nothing;
}
