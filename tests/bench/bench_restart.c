// SPDX-License-Identifier: MIT
/* bench_restart [--quick] [--rounds N] [--operations N] [--further N]: the time from the start of
 * exportd on a store of 1,000,000 operations, half queued and half complete, to its first answers:
 * after a clean stop, after SIGKILL with a few thousand events in the log that the view lacks, and
 * after a clean stop with nothing of the store in the page cache; beside a start on an empty store.
 * Needs about 1 GB in TMPDIR. Prints a table of tab-separated fields. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "tests/bench/store_fill.h"
#include "tests/bench/submit.h"
#include "tests/bench/usage.h"
#include "tests/bench/zmtp.h"
#include "tests/support/temporary.h"

#define PEOPLE     200
#define PATH_BYTES (FIXTURE_PATH_BUFFER + 32)
#define TRY_US     500
#define TIMEOUT_MS 300000
#define CLEAN_MS   100
#define KILLED_MS  300

struct bench {
    uint64_t operations;
    uint64_t further; /* accepts before SIGKILL */
    struct fixture fixture;
    struct request request;
    char operation[1][STORE_FILL_ID_BUFFER];
    char store[PATH_BYTES];
};

static struct bench bench = {.operations = 1000000, .further = 5000};

enum row {
    ROW_EMPTY,
    ROW_CLEAN,
    ROW_CLEAN_OPERATION,
    ROW_KILLED,
    ROW_KILLED_OPERATION,
    ROW_COLD,
    ROW_COLD_OPERATION,
    ROW_COUNT
};

#define TIME(text, to_beat, most_ms)                                                               \
    {                                                                                              \
        .name = (text), .unit = "ms", .reference = (to_beat), .goal = (most_ms)                    \
    }

static struct figure figures[ROW_COUNT] = {
    [ROW_EMPTY] = {.name = "start on an empty store to ping", .unit = "ms"},
    [ROW_CLEAN] =
        TIME("restart after a clean stop to ping", "start on an empty store to ping", CLEAN_MS),
    [ROW_CLEAN_OPERATION] = TIME("restart after a clean stop to getOperation", NULL, CLEAN_MS),
    [ROW_KILLED] =
        TIME("restart after SIGKILL to ping", "start on an empty store to ping", KILLED_MS),
    [ROW_KILLED_OPERATION] = TIME("restart after SIGKILL to getOperation", NULL, KILLED_MS),
    [ROW_COLD] = TIME("restart, nothing cached, to ping", "start on an empty store to ping", 0),
    [ROW_COLD_OPERATION] = TIME("restart, nothing cached, to getOperation", NULL, 0),
};

static void add(enum row row, double value)
{
    figure_add(&figures[row], (struct measurement){.value = value});
    (void)fprintf(stderr, "%s: %.1f %s\n", figures[row].name, value, figures[row].unit);
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
    raw_text_field(get, "operationId", bench.operation[0]);
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
    (void)fprintf(stderr, "exportd has computed for %.1f ms\n",
                  usage_computed_seconds(bench.fixture.daemon.pid) * 1e3);
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

static void make_store(void)
{
    uint64_t begun = measure_now_ns();
    if (access(bench.store, F_OK) == 0 && temporary_remove(bench.store)) {
        measure_fail(bench.store);
    }
    store_fill(bench.store, &(struct store_fill){.operations = bench.operations,
                                                 .complete_of_ten = 5,
                                                 .tenants = 1,
                                                 .samples = bench.operation,
                                                 .sample_count = 1});
    (void)fprintf(stderr, "a store of %llu operations was made in %.0f s\n",
                  (unsigned long long)bench.operations, (double)(measure_now_ns() - begun) / 1e9);
}

static void measure_empty(void)
{
    start(ROW_EMPTY, false);
    stop(SIGTERM);
    if (temporary_remove(bench.store)) {
        measure_fail(bench.store);
    }
}

static void measure_restart(void)
{
    start(ROW_CLEAN, true);
    submit(bench.fixture.requests, &bench.request, bench.further, number_of, NULL);
    stop(SIGKILL);
    start(ROW_KILLED, true);
    stop(SIGTERM);
    forget_cache("store.db");
    forget_cache("store.db-wal");
    start(ROW_COLD, true);
    stop(SIGTERM);
}

/* Also when a measurement failed and ended the program. */
static void release(void)
{
    fixture_release(&bench.fixture);
}

int main(int argc, char *argv[])
{
    const struct fixture_options fixture = {.people = {.tenant_count = 1, .profile_count = PEOPLE},
                                            .is_tcp = true};
    struct options options = {.rounds = 3};
    const struct options_number more[] = {{"--operations", &bench.operations, 5000},
                                          {"--further", &bench.further, 250},
                                          {NULL, NULL, 0}};
    options_read(&options, argc, argv, more);
    if (atexit(release) || fixture_make(&fixture, NULL, &bench.fixture)) {
        measure_fail("fixture");
    }
    request_prepare(&bench.fixture, 0, false, &bench.request);
    snprintf(bench.store, sizeof(bench.store), "%s/store", bench.fixture.directory);
    for (unsigned round = 0; round < options.rounds; round++) {
        measure_empty();
    }
    make_store();
    for (unsigned round = 0; round < options.rounds; round++) {
        measure_restart();
    }
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
