// SPDX-License-Identifier: MIT
/* bench_ids [--quick] [--rounds N] [--samples N]: whether the time of an answer tells an operation
 * of another tenant from one that is not there. For each request that names an operation, ids of
 * both kinds are asked for, one at a time and in random order; an unknown id differs from a foreign
 * one in its last digit. The difference of the means is told, and the p of Welch's t-test, which
 * with so many samples is that of the normal distribution. Prints a table of tab-separated fields.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "tests/bench/request.h"

#define FOREIGN    256
#define ID_BYTES   36
#define TIMEOUT_MS 60000
/* What takes longer says what else the machine did. */
#define LONGEST_US 1000
#define GOAL       0.01
#define SEED       1
#define VERBS      4

enum sort { SORT_FOREIGN, SORT_UNKNOWN, SORT_COUNT };

static const char *const verbs[VERBS] = {"getOperation", "explainOperation", "cancelOperation",
                                         "retryOperation"};
static struct figure figures[2 * VERBS] = {
    {.name = "getOperation, not yours minus not found", .unit = "us"},
    {.name = "getOperation, t-test", .unit = "p", .goal = GOAL, .goal_kind = GOAL_AT_LEAST},
    {.name = "explainOperation, not yours minus not found", .unit = "us"},
    {.name = "explainOperation, t-test", .unit = "p", .goal = GOAL, .goal_kind = GOAL_AT_LEAST},
    {.name = "cancelOperation, not yours minus not found", .unit = "us"},
    {.name = "cancelOperation, t-test", .unit = "p", .goal = GOAL, .goal_kind = GOAL_AT_LEAST},
    {.name = "retryOperation, not yours minus not found", .unit = "us"},
    {.name = "retryOperation, t-test", .unit = "p", .goal = GOAL, .goal_kind = GOAL_AT_LEAST},
};
static struct fixture fixture;
static char ids[FOREIGN][ID_BYTES + 1];

/* Of one sort. */
struct moments {
    double count;
    double sum;
    double squares;
};

static void release(void)
{
    fixture_release(&fixture);
}

static void make(void)
{
    const struct fixture_options options = {.people = {.tenant_count = 2, .profile_count = 400},
                                            .is_tcp = true};

    if (atexit(release) || fixture_make(&options, NULL, &fixture) ||
        fixture_start_daemon(&fixture)) {
        measure_fail("exportd");
    }
}

/* Operations of the second tenant. */
static void fill(struct raw_socket *socket, struct raw_message *message)
{
    static struct request request;

    request_prepare(&fixture, 1, false, &request);
    for (unsigned i = 0; i < FOREIGN; i++) {
        raw_clear(message);
        message->size = request_write(&request, i, message->bytes);
        if (raw_ask(socket, message, TIMEOUT_MS, message) ||
            raw_get_text(message, "operation.id", ids[i], sizeof ids[i])) {
            measure_fail("an export");
        }
    }
}

/* Returns where the last digit of the id is. */
static size_t write_question(struct raw_message *message, const char *verb, const char *token)
{
    raw_clear(message);
    raw_map(message, 4);
    raw_text_field(message, "type", verb);
    raw_text_field(message, "requestId", "bench");
    raw_text_field(message, "token", token);
    raw_text_field(message, "operationId", ids[0]);
    return message->size - 1;
}

static double ask_us(struct raw_socket *socket, const struct raw_message *question,
                     struct raw_message *answer)
{
    int64_t status = 0;
    uint64_t begin_ns = measure_now_ns();
    int rc = raw_ask(socket, question, TIMEOUT_MS, answer);
    uint64_t end_ns = measure_now_ns();

    if (rc || raw_get_integer(answer, "status", &status) || status != 404) {
        measure_fail("an answer other than not found");
    }
    return (double)(end_ns - begin_ns) / 1000;
}

static double mean_of(const struct moments *moments)
{
    return moments->sum / moments->count;
}

/* The square of the standard error of the mean. */
static double error_of(const struct moments *moments)
{
    double mean = mean_of(moments);

    return (moments->squares / moments->count - mean * mean) / (moments->count - 1);
}

static void compare(struct raw_socket *socket, const char *token, unsigned verb, uint64_t samples)
{
    static struct raw_message question;
    static struct raw_message answer;
    struct moments of[SORT_COUNT] = {{0}};
    size_t last = write_question(&question, verbs[verb], token);

    for (uint64_t i = 0; i < SORT_COUNT * samples; i++) {
        enum sort sort = random() & 64 ? SORT_FOREIGN : SORT_UNKNOWN;
        const char *id = ids[(random() >> 8) % FOREIGN];

        memcpy(question.bytes + last - (ID_BYTES - 1), id, ID_BYTES);
        if (sort == SORT_UNKNOWN) {
            question.bytes[last] = id[ID_BYTES - 1] == '0' ? '1' : '0';
        }
        double took_us = ask_us(socket, &question, &answer);
        if (took_us > LONGEST_US) {
            continue;
        }
        of[sort].count++;
        of[sort].sum += took_us;
        of[sort].squares += took_us * took_us;
    }
    double difference = mean_of(&of[SORT_FOREIGN]) - mean_of(&of[SORT_UNKNOWN]);
    double t = difference / sqrt(error_of(&of[SORT_FOREIGN]) + error_of(&of[SORT_UNKNOWN]));
    figure_add(&figures[2 * verb], (struct measurement){.value = difference});
    figure_add(&figures[2 * verb + 1], (struct measurement){.value = erfc(fabs(t) / sqrt(2))});
}

int main(int argc, char *argv[])
{
    static struct raw_message message;
    struct options options = {.rounds = 1};
    uint64_t samples = 10000;
    const struct options_number numbers[] = {{"--samples", &samples, 500}, {0}};
    char token[FIXTURE_TOKEN_BUFFER];
    struct raw_socket *socket = NULL;

    options_read(&options, argc, argv, numbers);
    make();
    if (raw_open(RAW_REQUEST, fixture.requests, &socket) || fixture_token(&fixture, 0, token)) {
        measure_fail("exportd");
    }
    fill(socket, &message);
    srandom(SEED);
    for (unsigned round = 0; round < options.rounds; round++) {
        for (unsigned verb = 0; verb < VERBS; verb++) {
            compare(socket, token, verb, samples);
        }
    }
    raw_close(&socket);
    figures_print(figures, 2 * VERBS);
    return 0;
}
