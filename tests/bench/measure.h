// SPDX-License-Identifier: MIT
/* What every benchmark needs: a clock, latencies and their percentiles, medians over rounds, and
 * one line of result a figure. Memory that is missing ends the program: there is nothing to
 * measure. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#define MEASURE_ROUNDS 15

uint64_t measure_now_ns(void); /* monotonic */

struct samples {
    uint32_t *ns; /* cut at 4.29 s */
    size_t count;
    size_t capacity;
};

void samples_add(struct samples *samples, uint64_t ns);
void samples_merge(struct samples *samples, const struct samples *more);
double samples_percentile_us(struct samples *samples, double share); /* sorts */
void samples_release(struct samples *samples);

/* One run of one variant. Latencies are 0 where there are none. */
struct measurement {
    double value;
    double p50_us;
    double p99_us;
};

/* What a goal is about: the median, or its ratio to the reference of the same rounds. */
enum goal_kind { GOAL_AT_MOST, GOAL_AT_LEAST, GOAL_RATIO_AT_MOST, GOAL_RATIO_AT_LEAST };

/* A figure over all rounds. Names and units are borrowed literals. */
struct figure {
    const char *name;
    const char *unit;
    const char *reference; /* the name of the figure it is compared with, or NULL */
    double goal;           /* 0 when there is none */
    enum goal_kind goal_kind;
    struct measurement rounds[MEASURE_ROUNDS];
    size_t count;
};

void figure_add(struct figure *figure, struct measurement measurement);
double figure_median(const struct figure *figure);

/* One line of tab-separated fields for each figure that has rounds, with a heading: figure, unit,
 * median, least and most of the rounds, medians of p50 and p99 in microseconds, reference, its
 * median, ratio (the median of the rounds' own, where both have the same rounds; with a goal for
 * it, the ratio of the medians when that is worse), goal, and whether it is met. */
void figures_print(const struct figure *figures, size_t count);

/* Says on standard error what went wrong and exits with 1. */
_Noreturn void measure_fail(const char *what);

#endif
