// SPDX-License-Identifier: MIT
#include "tests/bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/measure.h"

#define LONGEST_S 600

static _Noreturn void refuse(const struct options *options, const char *program,
                             const struct options_number *more)
{
    const char *name = strrchr(program, '/');
    (void)fprintf(stderr, "usage: %s [--quick] [--rounds 1..%d]%s", name ? name + 1 : program,
                  MEASURE_ROUNDS, options->seconds > 0 ? " [--seconds S]" : "");
    for (; more && more->name; more++) {
        (void)fprintf(stderr, " [%s N]", more->name);
    }
    (void)fputc('\n', stderr);
    exit(2);
}

static void be_quick(struct options *options, const struct options_number *more)
{
    options->is_quick = true;
    options->rounds = 1;
    options->seconds = options->quick_seconds;
    for (; more && more->name; more++) {
        *more->value = more->quick;
    }
}

static bool read_more(const struct options_number *more, const char *name, const char *value)
{
    char *end;
    for (; more && more->name; more++) {
        if (strcmp(more->name, name) == 0) {
            *more->value = strtoull(value, &end, 10);
            return *more->value > 0 && *end == '\0';
        }
    }
    return false;
}

void options_read(struct options *options, int argc, char *argv[],
                  const struct options_number *more)
{
    bool has_seconds = options->seconds > 0;
    int i = 1;
    if (argc > 1 && strcmp(argv[1], "--quick") == 0) {
        be_quick(options, more);
        i = 2;
    }
    for (; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0) {
            options->rounds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (has_seconds && strcmp(argv[i], "--seconds") == 0) {
            options->seconds = strtod(argv[i + 1], NULL);
        } else if (!read_more(more, argv[i], argv[i + 1])) {
            refuse(options, argv[0], more);
        }
    }
    if (i != argc || options->rounds < 1 || options->rounds > MEASURE_ROUNDS ||
        (has_seconds && (options->seconds < 0.01 || options->seconds > LONGEST_S))) {
        refuse(options, argv[0], more);
    }
}
