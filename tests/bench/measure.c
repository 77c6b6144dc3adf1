// SPDX-License-Identifier: MIT
#include "tests/bench/measure.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_CAPACITY 65536

/* Of several threads that fail at once, the first ends the program and the others wait for it. */
void measure_fail(const char *what)
{
    int error = errno;
    static atomic_flag is_failing = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&is_failing)) {
        (void)pause();
    }
    (void)fprintf(stderr, "%s: %s\n", what, error ? strerror(error) : "failed");
    exit(EXIT_FAILURE);
}

uint64_t measure_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void reserve(struct samples *samples, size_t count)
{
    size_t capacity = samples->capacity ? samples->capacity : FIRST_CAPACITY;
    while (capacity < count) {
        capacity *= 2;
    }
    if (capacity == samples->capacity) {
        return;
    }
    uint32_t *grown = realloc(samples->ns, capacity * sizeof(*grown));
    if (!grown) {
        measure_fail("latencies");
    }
    samples->ns = grown;
    samples->capacity = capacity;
}

void samples_add(struct samples *samples, uint64_t ns)
{
    reserve(samples, samples->count + 1);
    samples->ns[samples->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

void samples_merge(struct samples *samples, const struct samples *more)
{
    if (!more->count) {
        return;
    }
    reserve(samples, samples->count + more->count);
    memcpy(samples->ns + samples->count, more->ns, more->count * sizeof(*more->ns));
    samples->count += more->count;
}

static int compare_ns(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

double samples_percentile_us(struct samples *samples, double share)
{
    if (!samples->count) {
        return 0;
    }
    qsort(samples->ns, samples->count, sizeof(*samples->ns), compare_ns);
    return samples->ns[(size_t)(share * (double)(samples->count - 1) + 0.5)] / 1000.0;
}

void samples_release(struct samples *samples)
{
    free(samples->ns);
    *samples = (struct samples){0};
}

void figure_add(struct figure *figure, struct measurement measurement)
{
    if (figure->count < MEASURE_ROUNDS) {
        figure->rounds[figure->count++] = measurement;
    }
}

static int compare_double(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double value_of(const struct measurement *measurement, size_t field)
{
    const double fields[] = {measurement->value, measurement->p50_us, measurement->p99_us};
    return fields[field];
}

/* The value at a share of the sorted rounds: 0 the least, 0.5 the median, 1 the most. */
static double of_rounds(const struct figure *figure, size_t field, double share)
{
    double sorted[MEASURE_ROUNDS];
    for (size_t i = 0; i < figure->count; i++) {
        sorted[i] = value_of(&figure->rounds[i], field);
    }
    if (!figure->count) {
        return 0;
    }
    qsort(sorted, figure->count, sizeof(*sorted), compare_double);
    return sorted[(size_t)(share * (double)(figure->count - 1))];
}

double figure_median(const struct figure *figure)
{
    return of_rounds(figure, 0, 0.5);
}

/* Ratios are told by their hundredths, operations a second are not. */
static void print_value(double value)
{
    printf("\t%.*f", value < 10 ? 3 : 1, value);
}

static const struct figure *reference_of(const struct figure *figures, size_t count,
                                         const struct figure *figure)
{
    for (size_t i = 0; figure->reference && i < count; i++) {
        if (strcmp(figures[i].name, figure->reference) == 0 && figure_median(&figures[i]) > 0) {
            return &figures[i];
        }
    }
    return NULL;
}

/* What disturbs the machine in one round disturbs both, so each round is compared with itself. On a
 * busy machine it may disturb one of them only: then that and the ratio of the medians differ, and
 * a goal is held against the worse. */
static double ratio_of(const struct figure *figure, const struct figure *reference)
{
    struct figure ratios = {.count = figure->count};
    double of_medians = figure_median(figure) / figure_median(reference);
    if (figure->count != reference->count) {
        return of_medians;
    }
    for (size_t i = 0; i < figure->count; i++) {
        double value = reference->rounds[i].value;
        ratios.rounds[i].value = value > 0 ? figure->rounds[i].value / value : 0;
    }
    double of_rounds_each = figure_median(&ratios);
    if (figure->goal_kind == GOAL_RATIO_AT_LEAST) {
        return of_medians < of_rounds_each ? of_medians : of_rounds_each;
    }
    if (figure->goal_kind == GOAL_RATIO_AT_MOST) {
        return of_medians > of_rounds_each ? of_medians : of_rounds_each;
    }
    return of_rounds_each;
}

static void print_reference(const struct figure *figure, const struct figure *reference)
{
    if (!reference) {
        printf("\t-\t-\t-");
        return;
    }
    printf("\t%s", reference->name);
    print_value(figure_median(reference));
    printf("\t%.2f", ratio_of(figure, reference));
}

static void print_goal(const struct figure *figure, const struct figure *reference)
{
    bool is_ratio =
        figure->goal_kind == GOAL_RATIO_AT_MOST || figure->goal_kind == GOAL_RATIO_AT_LEAST;
    bool is_least = figure->goal_kind == GOAL_AT_LEAST || figure->goal_kind == GOAL_RATIO_AT_LEAST;
    if (figure->goal <= 0 || (is_ratio && !reference)) {
        printf("\t-\t-\n");
        return;
    }
    double value = is_ratio ? ratio_of(figure, reference) : figure_median(figure);
    bool is_met = is_least ? value >= figure->goal : value <= figure->goal;
    printf("\tat %s %g%s\t%s\n", is_least ? "least" : "most", figure->goal,
           is_ratio ? " times" : "", is_met ? "met" : "missed");
}

void figures_print(const struct figure *figures, size_t count)
{
    printf("figure\tunit\tmedian\tleast\tmost\tp50 us\tp99 us\treference\tof reference\tratio\t"
           "goal\tis met\n");
    for (size_t i = 0; i < count; i++) {
        const struct figure *figure = &figures[i];
        const struct figure *reference = reference_of(figures, count, figure);
        if (!figure->count) {
            continue;
        }
        printf("%s\t%s", figure->name, figure->unit);
        print_value(figure_median(figure));
        print_value(of_rounds(figure, 0, 0));
        print_value(of_rounds(figure, 0, 1));
        printf("\t%.0f\t%.0f", of_rounds(figure, 1, 0.5), of_rounds(figure, 2, 0.5));
        print_reference(figure, reference);
        print_goal(figure, reference);
    }
}
