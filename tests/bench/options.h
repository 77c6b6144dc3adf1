// SPDX-License-Identifier: MIT
/* The options that every benchmark has: --quick, --rounds N, --seconds S. */
#ifndef TESTS_BENCH_OPTIONS_H
#define TESTS_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    unsigned rounds;      /* 1 with --quick */
    double seconds;       /* of one measurement; 0: --seconds is no option here */
    double quick_seconds; /* with --quick */
    bool is_quick;
};

/* One more option with a number, as "--operations". */
struct options_number {
    const char *name;
    uint64_t *value;
    uint64_t quick; /* what it is with --quick */
};

/* Reads the arguments over the defaults that are in it; more, if not NULL, ends with a name of
 * NULL. --quick comes first. Says what is allowed and ends the program when something is wrong. */
void options_read(struct options *options, int argc, char *argv[],
                  const struct options_number *more);

#endif
