// SPDX-License-Identifier: MIT
/* bench_fairness [--quick] [--rounds N] [--queued N] [--samples N]: how long a tenant's operation
 * waits, from its acceptance to the start of its gathering, beside a tenant that has queued
 * 100,000. The tenant submits one at a time, the next when the last is started.
 *
 * Where slots are idle it waits for nothing, so that is no measure of fairness. "Alone" therefore
 * means: beside a tenant that keeps all slots busy too, but has only a handful of operations queued
 * at any time. Both waits then are for a slot to become free, and the goal is that the flood makes
 * it no longer than twice that. Waiting beside idle slots is shown as well. Four workers of one
 * slot, jobs of 10 to 30 ms. Prints a table of tab-separated fields. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/load.h"
#include "tests/bench/submit.h"
#include "tests/bench/zmtp.h"
#include "tests/support/temporary.h"

#define TENANT_PEOPLE 200
#define WORKERS       4
#define HANDFUL       8
#define SETTLE_MS     200
#define POLL_MS       1
#define PERSON_AT     24 /* the digits of a user id that tell people apart */
#define TIMEOUT_NS    60000000000U
#define GOAL          2.0

/* A connection of one tenant. */
struct caller {
    struct request request;
    struct zmtp zmtp;
    uint64_t sent;
    uint64_t accepted;
    uint64_t accepted_ns; /* the last */
    atomic_ullong started;
    atomic_ullong started_ns; /* the last */
};

struct bench {
    unsigned rounds;
    unsigned queued;
    unsigned samples;
    struct fixture fixture;
    struct caller many;
    struct caller few;
};

enum row { ROW_IDLE, ROW_ALONE, ROW_FLOOD, ROW_TIMES, ROW_COUNT };

static struct bench bench = {.rounds = 1, .queued = 100000, .samples = 300};
static struct figure figures[2 * ROW_COUNT] = {
    {.name = "wait beside idle slots, median", .unit = "ms"},
    {.name = "wait beside idle slots, p95", .unit = "ms"},
    {.name = "wait alone, median", .unit = "ms", .reference = "wait beside idle slots, median"},
    {.name = "wait alone, p95", .unit = "ms", .reference = "wait beside idle slots, p95"},
    {.name = "wait beside a flood, median", .unit = "ms", .reference = "wait alone, median"},
    {.name = "wait beside a flood, p95", .unit = "ms", .reference = "wait alone, p95"},
    {.name = "beside a flood over alone, median", .unit = "times", .goal = GOAL},
    {.name = "beside a flood over alone, p95", .unit = "times", .goal = GOAL},
};

static unsigned person_of(const char *user)
{
    return (unsigned)strtoul(user + PERSON_AT, NULL, 10);
}

static uint64_t length_ns(void *context, const char *user)
{
    (void)context;
    return (10 + person_of(user) * 7 % 21) * 1000000U;
}

/* People are told apart so that the worker knows the tenant by the person. */
static void started(void *context, const char *operation, const char *user, uint64_t now_ns)
{
    struct caller *caller =
        person_of(user) < bench.few.request.first_person ? &bench.many : &bench.few;
    (void)context;
    (void)operation;
    atomic_store(&caller->started_ns, now_ns);
    atomic_fetch_add(&caller->started, 1);
}

static void on_reply(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct caller *caller = context;
    if (has_more) {
        return;
    }
    if (!request_is_accepted(frame, size)) {
        (void)fprintf(stderr, "refused: %.*s\n", (int)(size < 400 ? size : 400),
                      (const char *)frame);
        exit(EXIT_FAILURE);
    }
    caller->accepted++;
    caller->accepted_ns = measure_now_ns();
}

static void ask(struct caller *caller)
{
    uint8_t buffer[LOAD_REQUEST_BYTES];
    size_t size = request_write(&caller->request, caller->sent, buffer);
    caller->sent++;
    zmtp_put(&caller->zmtp, "", 0, true);
    zmtp_put(&caller->zmtp, buffer, size, false);
    zmtp_flush(&caller->zmtp);
}

static void receive(void)
{
    struct pollfd items[] = {{.fd = bench.many.zmtp.socket, .events = POLLIN},
                             {.fd = bench.few.zmtp.socket, .events = POLLIN}};
    (void)poll(items, 2, POLL_MS);
    zmtp_receive(&bench.many.zmtp, on_reply, &bench.many);
    zmtp_receive(&bench.few.zmtp, on_reply, &bench.few);
}

/* One operation of the tenant that has few, while the other always has so many waiting or none. A
 * start may be seen before the reply. */
static uint64_t sample_ns(unsigned handful)
{
    struct caller *few = &bench.few;
    uint64_t give_up_ns = measure_now_ns() + TIMEOUT_NS;
    ask(few);
    while (few->accepted < few->sent || atomic_load(&few->started) < few->sent) {
        while (handful && bench.many.sent < atomic_load(&bench.many.started) + handful) {
            ask(&bench.many);
        }
        receive();
        if (measure_now_ns() > give_up_ns) {
            measure_fail("an operation was not started");
        }
    }
    uint64_t start = atomic_load(&few->started_ns);
    return start > few->accepted_ns ? start - few->accepted_ns : 0;
}

static void begin_caller(struct caller *caller)
{
    caller->sent = caller->accepted = 0;
    atomic_store(&caller->started, 0);
    if (!zmtp_connect(&caller->zmtp, bench.fixture.requests, "DEALER")) {
        measure_fail("exportd");
    }
}

static uint64_t number_of(const void *context, uint64_t i)
{
    (void)context;
    return i;
}

static void begin(unsigned queued)
{
    char store[FIXTURE_PATH_BUFFER + 16];
    snprintf(store, sizeof(store), "%s/store", bench.fixture.directory);
    if ((access(store, F_OK) == 0 && temporary_remove(store)) ||
        fixture_start_daemon(&bench.fixture)) {
        measure_fail("exportd");
    }
    submit(bench.fixture.requests, &bench.many.request, queued, number_of, NULL);
    begin_caller(&bench.many);
    begin_caller(&bench.few);
}

static void measure_row(enum row row, unsigned handful, unsigned queued)
{
    struct samples waits = {0};
    begin(queued);
    struct crowd *crowd = crowd_open(&(struct crowd_options){.jobs = bench.fixture.jobs,
                                                             .reports = bench.fixture.reports,
                                                             .status = bench.fixture.status,
                                                             .workers = WORKERS,
                                                             .length_ns = length_ns,
                                                             .started = started});
    usleep(SETTLE_MS * 1000); /* the daemon knows the new connections by then */
    crowd_begin(crowd);
    for (unsigned i = 0; i < bench.samples + WORKERS; i++) {
        uint64_t wait = sample_ns(handful);
        if (i >= WORKERS) { /* the first find the pool as it begins */
            samples_add(&waits, wait);
        }
    }
    (void)crowd_close(&crowd, NULL);
    zmtp_close(&bench.many.zmtp);
    zmtp_close(&bench.few.zmtp);
    if (fixture_stop_daemon(&bench.fixture, SIGTERM)) {
        measure_fail("stop");
    }
    double median = samples_percentile_us(&waits, 0.5) / 1000;
    double high = samples_percentile_us(&waits, 0.95) / 1000;
    figure_add(&figures[2 * row], (struct measurement){.value = median});
    figure_add(&figures[2 * row + 1], (struct measurement){.value = high});
    (void)fprintf(stderr, "%s %.2f ms, p95 %.2f ms\n", figures[2 * row].name, median, high);
    samples_release(&waits);
}

static void measure(void)
{
    measure_row(ROW_IDLE, 0, 0);
    measure_row(ROW_ALONE, HANDFUL, 0);
    measure_row(ROW_FLOOD, 0, bench.queued);
    for (int i = 0; i < 2; i++) {
        const struct figure *flood = &figures[2 * ROW_FLOOD + i];
        const struct figure *alone = &figures[2 * ROW_ALONE + i];
        double times =
            flood->rounds[flood->count - 1].value / alone->rounds[alone->count - 1].value;
        figure_add(&figures[2 * ROW_TIMES + i], (struct measurement){.value = times});
    }
}

static int read_options(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            bench.queued = 2000;
            bench.samples = 20;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            bench.rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--queued") == 0 && i + 1 < argc) {
            bench.queued = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--samples") == 0 && i + 1 < argc) {
            bench.samples = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            return -1;
        }
    }
    bool is_good = bench.rounds >= 1 && bench.rounds <= MEASURE_ROUNDS && bench.samples >= 1;
    return is_good ? 0 : -1;
}

/* Also when a measurement failed and ended the program. */
static void release(void)
{
    fixture_release(&bench.fixture);
}

int main(int argc, char *argv[])
{
    const struct fixture_options options = {
        .people = {.tenant_count = 2, .profile_count = 2 * TENANT_PEOPLE}, .is_tcp = true};
    if (read_options(argc, argv)) {
        (void)fprintf(stderr,
                      "usage: bench_fairness [--quick] [--rounds 1..%d] [--queued N] "
                      "[--samples N]\n",
                      MEASURE_ROUNDS);
        return 2;
    }
    if (atexit(release) || fixture_make(&options, NULL, &bench.fixture)) {
        measure_fail("fixture");
    }
    request_prepare(&bench.fixture, 0, false, &bench.many.request);
    request_prepare(&bench.fixture, 1, false, &bench.few.request);
    bench.many.request.people = TENANT_PEOPLE / 2; /* those that are in no other tenant */
    bench.few.request.first_person += TENANT_PEOPLE / 2;
    bench.few.request.people = TENANT_PEOPLE / 2;
    for (unsigned round = 0; round < bench.rounds; round++) {
        measure();
    }
    figures_print(figures, sizeof(figures) / sizeof(figures[0]));
    return EXIT_SUCCESS;
}
