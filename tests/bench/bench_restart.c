// SPDX-License-Identifier: MIT
/* bench_restart [--quick] [--rounds N] [--operations N]: exportd on a store of 1,000,000
 * operations.
 *
 * Half queued and half complete: the time from its start to the first answers, after a clean stop,
 * after SIGKILL with a few thousand events in the log that the view lacks, and after a clean stop
 * with nothing of the store in the page cache; beside a start on an empty store. All queued, in one
 * tenant and over 10,000 tenants: its resident memory at the start, after 10,000 further accepts,
 * after 10,000 were gathered. Needs about 1 GB in TMPDIR. Prints a table of tab-separated fields.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/store_fill.h"
#include "tests/bench/submit.h"
#include "tests/bench/zmtp.h"
#include "tests/support/temporary.h"

#define PEOPLE       1000
#define WORKERS      16
#define MANY_TENANTS 10000
#define PATH_BYTES   (FIXTURE_PATH_BUFFER + 32)
#define TRY_US       500
#define TIMEOUT_MS   300000
#define GOAL_MS      1000
#define GOAL_MIB     96
#define DISPATCH_S   600
#define SETTLE_MS    200

struct bench {
    unsigned rounds;
    uint64_t operations;
    unsigned further; /* accepts, and gatherings; half as many accepts before SIGKILL */
    struct fixture fixture;
    struct request request;
    char operation[64];
    char store[PATH_BYTES];
};

static struct bench bench = {.rounds = 3, .operations = 1000000, .further = 10000};

enum row {
    ROW_EMPTY,
    ROW_CLEAN,
    ROW_CLEAN_OPERATION,
    ROW_KILLED,
    ROW_KILLED_OPERATION,
    ROW_COLD,
    ROW_COLD_OPERATION,
    ROW_MEMORY_EMPTY,
    ROW_ONE, /* four each: at start, after accepts, after gatherings, the most */
    ROW_MANY = ROW_ONE + 4,
    ROW_COUNT = ROW_MANY + 4
};

#define TIME(text, to_beat)                                                                        \
    {                                                                                              \
        .name = (text), .unit = "ms", .reference = (to_beat), .goal = GOAL_MS                      \
    }
#define MEMORY(text)                                                                               \
    {                                                                                              \
        .name = (text), .unit = "MiB", .reference = "resident, empty store", .goal = GOAL_MIB      \
    }

static struct figure figures[ROW_COUNT] = {
    [ROW_EMPTY] = {.name = "start on an empty store to ping", .unit = "ms"},
    [ROW_CLEAN] = TIME("restart after a clean stop to ping", "start on an empty store to ping"),
    [ROW_CLEAN_OPERATION] = TIME("restart after a clean stop to getOperation", NULL),
    [ROW_KILLED] = TIME("restart after SIGKILL to ping", "start on an empty store to ping"),
    [ROW_KILLED_OPERATION] = TIME("restart after SIGKILL to getOperation", NULL),
    [ROW_COLD] = TIME("restart, nothing cached, to ping", "start on an empty store to ping"),
    [ROW_COLD_OPERATION] = TIME("restart, nothing cached, to getOperation", NULL),
    [ROW_MEMORY_EMPTY] = {.name = "resident, empty store", .unit = "MiB"},
    [ROW_ONE] = MEMORY("resident, all queued, one tenant"),
    [ROW_ONE + 1] = MEMORY("the same after further accepts"),
    [ROW_ONE + 2] = MEMORY("the same after gatherings"),
    [ROW_ONE + 3] = MEMORY("the same at the most"),
    [ROW_MANY] = MEMORY("resident, all queued, many tenants"),
    [ROW_MANY + 1] = MEMORY("many tenants after further accepts"),
    [ROW_MANY + 2] = MEMORY("many tenants after gatherings"),
    [ROW_MANY + 3] = MEMORY("many tenants at the most"),
};

static void add(enum row row, double value)
{
    figure_add(&figures[row], (struct measurement){.value = value});
    (void)fprintf(stderr, "%s: %.1f %s\n", figures[row].name, value, figures[row].unit);
}

/* A field of /proc/PID/status that is in kB. */
static double memory_mib(const char *field)
{
    char path[64];
    char line[256];
    double mib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)bench.fixture.daemon.pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        measure_fail(path);
    }
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, field, strlen(field)) == 0) {
            mib = strtod(line + strlen(field), NULL) / 1024;
        }
    }
    (void)fclose(file);
    return mib;
}

/* What it has computed so far: a busy machine makes the times longer, not this. */
static void tell_computing(void)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(bench.fixture.daemon.pid, &clock) || clock_gettime(clock, &used)) {
        measure_fail("clock");
    }
    (void)fprintf(stderr, "exportd has computed for %.1f ms\n",
                  (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6);
}

static void on_reply(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    static const char good[] = "\xa6status\xcc\xc8"; /* 200, as a byte */
    bool *is_answered = context;
    if (has_more) {
        return;
    }
    if (!memmem(frame, size, good, sizeof(good) - 1)) {
        (void)fprintf(stderr, "refused: %.*s\n", (int)(size < 400 ? size : 400),
                      (const char *)frame);
        exit(EXIT_FAILURE);
    }
    *is_answered = true;
}

static void ask(struct zmtp *zmtp, const struct raw_message *message)
{
    struct pollfd item = {.fd = zmtp->socket, .events = POLLIN};
    bool is_answered = false;
    zmtp_put(zmtp, "", 0, true);
    zmtp_put(zmtp, message->bytes, message->size, false);
    zmtp_flush(zmtp);
    while (!is_answered) {
        if (poll(&item, 1, TIMEOUT_MS) <= 0) {
            measure_fail("no answer");
        }
        zmtp_receive(zmtp, on_reply, &is_answered);
    }
}

static void write_requests(struct raw_message *ping, struct raw_message *get)
{
    char token[FIXTURE_TOKEN_BUFFER];
    if (fixture_token(&bench.fixture, 0, token)) {
        measure_fail("token");
    }
    raw_clear(ping);
    raw_map(ping, 2);
    raw_text_field(ping, "type", "ping");
    raw_text_field(ping, "requestId", "bench");
    raw_clear(get);
    raw_map(get, 4);
    raw_text_field(get, "type", "getOperation");
    raw_text_field(get, "requestId", "bench");
    raw_text_field(get, "token", token);
    raw_text_field(get, "operationId", bench.operation);
}

static void start_program(void)
{
    char program[PATH_BYTES];
    char configuration[PATH_BYTES];
    char log[PATH_BYTES];
    snprintf(program, sizeof(program), "%s/exportd", bench.fixture.programs);
    snprintf(configuration, sizeof(configuration), "%s/exportd.yaml", bench.fixture.directory);
    snprintf(log, sizeof(log), "%s/exportd.log", bench.fixture.directory);
    const char *const arguments[] = {program, "-c", configuration, NULL};
    if (process_start(&(struct process_options){.arguments = arguments,
                                                .output_path = log,
                                                .error_path = log},
                      &bench.fixture.daemon)) {
        measure_fail(program);
    }
}

/* Starts it and asks from the first moment on: ping, then, when wanted, an operation, whose row
 * follows. */
static void start(enum row ping_row, bool asks_operation)
{
    static struct raw_message ping;
    static struct raw_message get;
    static struct zmtp zmtp;
    write_requests(&ping, &get);
    uint64_t begun = measure_now_ns();
    start_program();
    while (!zmtp_connect(&zmtp, bench.fixture.requests, "REQ")) {
        if (!process_is_running(&bench.fixture.daemon)) {
            measure_fail("exportd");
        }
        usleep(TRY_US);
    }
    ask(&zmtp, &ping);
    add(ping_row, (double)(measure_now_ns() - begun) / 1e6);
    tell_computing();
    if (asks_operation) {
        ask(&zmtp, &get);
        add(ping_row + 1, (double)(measure_now_ns() - begun) / 1e6);
    }
    zmtp_close(&zmtp);
}

static void stop(int signal_number)
{
    if (process_stop(&bench.fixture.daemon, signal_number, TIMEOUT_MS)) {
        measure_fail("stop");
    }
}

static uint64_t number_of(const void *context, uint64_t i)
{
    (void)context;
    return i;
}

static void forget_cache(const char *name)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof(path), "%s/%s", bench.store, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)) {
        measure_fail(path);
    }
    close(file);
}

static void make_store(uint64_t complete_of_ten, unsigned tenants)
{
    uint64_t begun = measure_now_ns();
    if (access(bench.store, F_OK) == 0 && temporary_remove(bench.store)) {
        measure_fail(bench.store);
    }
    store_fill(bench.store,
               &(struct store_fill){.operations = bench.operations,
                                    .complete_of_ten = complete_of_ten,
                                    .tenants = tenants},
               bench.operation);
    (void)fprintf(stderr, "a store of %llu operations was made in %.0f s\n",
                  (unsigned long long)bench.operations, (double)(measure_now_ns() - begun) / 1e9);
}

static void measure_empty(void)
{
    start(ROW_EMPTY, false);
    add(ROW_MEMORY_EMPTY, memory_mib("VmRSS:"));
    stop(SIGTERM);
    if (temporary_remove(bench.store)) {
        measure_fail(bench.store);
    }
}

static void measure_restart(void)
{
    start(ROW_CLEAN, true);
    submit(bench.fixture.requests, &bench.request, bench.further / 2, number_of, NULL);
    stop(SIGKILL);
    start(ROW_KILLED, true);
    stop(SIGTERM);
    forget_cache("store.db");
    forget_cache("store.db-wal");
    start(ROW_COLD, true);
    stop(SIGTERM);
}

static uint64_t length_ns(void *context, const char *user)
{
    (void)context;
    (void)user;
    return 0;
}

static void gather(void)
{
    struct crowd *crowd = crowd_open(&(struct crowd_options){.jobs = bench.fixture.jobs,
                                                             .reports = bench.fixture.reports,
                                                             .status = bench.fixture.status,
                                                             .workers = WORKERS,
                                                             .length_ns = length_ns});
    usleep(SETTLE_MS * 1000); /* the daemon knows the new connections by then */
    crowd_begin(crowd);
    if (!crowd_wait(crowd, bench.further, DISPATCH_S)) {
        measure_fail("not every operation was completed");
    }
    uint64_t begun = crowd_close(&crowd, NULL).begun_ns;
    (void)fprintf(stderr, "%u gatherings in %.1f s\n", bench.further,
                  (double)(measure_now_ns() - begun) / 1e9);
}

/* The rows follow one another. */
static void measure_memory(enum row row, unsigned tenants)
{
    make_store(0, tenants);
    if (fixture_start_daemon(&bench.fixture)) {
        measure_fail("exportd");
    }
    add(row, memory_mib("VmRSS:"));
    submit(bench.fixture.requests, &bench.request, bench.further, number_of, NULL);
    add(row + 1, memory_mib("VmRSS:"));
    gather();
    add(row + 2, memory_mib("VmRSS:"));
    add(row + 3, memory_mib("VmHWM:"));
    stop(SIGTERM);
}

static int read_options(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            bench.operations = 5000;
            bench.further = 500;
            bench.rounds = 1;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            bench.rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--operations") == 0 && i + 1 < argc) {
            bench.operations = strtoull(argv[++i], NULL, 10);
        } else {
            return -1;
        }
    }
    bool is_good = bench.rounds >= 1 && bench.rounds <= MEASURE_ROUNDS && bench.operations >= 1000;
    return is_good ? 0 : -1;
}

/* Also when a measurement failed and ended the program. */
static void release(void)
{
    fixture_release(&bench.fixture);
}

int main(int argc, char *argv[])
{
    const struct fixture_options options = {.people = {.tenant_count = 1, .profile_count = PEOPLE},
                                            .is_tcp = true};
    if (read_options(argc, argv)) {
        (void)fprintf(stderr,
                      "usage: bench_restart [--quick] [--rounds 1..%d] [--operations 1000..]\n",
                      MEASURE_ROUNDS);
        return 2;
    }
    if (atexit(release) || fixture_make(&options, NULL, &bench.fixture)) {
        measure_fail("fixture");
    }
    request_prepare(&bench.fixture, 0, false, &bench.request);
    snprintf(bench.store, sizeof(bench.store), "%s/store", bench.fixture.directory);
    for (unsigned round = 0; round < bench.rounds; round++) {
        measure_empty();
    }
    make_store(5, 1);
    for (unsigned round = 0; round < bench.rounds; round++) {
        measure_restart();
    }
    measure_memory(ROW_ONE, 1);
    measure_memory(ROW_MANY, MANY_TENANTS);
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
