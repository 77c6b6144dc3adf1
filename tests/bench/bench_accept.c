// SPDX-License-Identifier: MIT
/* bench_accept [--rounds N] [--seconds S]: how fast requests are accepted durably and carried out,
 * beside the bounds of this machine measured in the same rounds: a ROUTER that only gives requests
 * back, and a bare fdatasync. Every round visits every variant once. Prints a table of
 * tab-separated fields. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/completion.h"
#include "tests/bench/disk.h"
#include "tests/bench/load.h"
#include "tests/bench/peer.h"
#include "tests/bench/request.h"
#include "tests/support/temporary.h"

#define WARM_UP_SHARE  0.3
#define PEOPLE         1000
#define SLOTS          4
#define SYNCS_A_SECOND 5000
#define TRIES          100
#define TRY_MS         100

static const char empty_source[] =
    "  - name: nothing\n"
    "    kind: sqlite\n"
    "    database: '%s/mailbox.db'\n"
    "    statement: >-\n"
    "      SELECT id FROM messages WHERE tenant_id = :tenant_id AND owner = :user_id\n";

struct bench {
    double seconds;
    unsigned rounds;
    struct fixture fixture;
    struct process peer;
    struct request request;
    struct completion *completion; /* while one is measured */
    uint64_t next_key;
};

static size_t write_request(void *context, uint64_t number, uint8_t *buffer)
{
    const struct bench *bench = context;
    return request_write(&bench->request, number, buffer);
}

static bool is_accepted(void *context, const uint8_t *reply, size_t size, uint64_t sent_ns)
{
    (void)context;
    (void)sent_ns;
    return request_is_accepted(reply, size);
}

static bool is_accepted_and_watched(void *context, const uint8_t *reply, size_t size,
                                    uint64_t sent_ns)
{
    struct bench *bench = context;
    const char *operation = request_operation(reply, size);
    if (!operation || !request_is_accepted(reply, size)) {
        return false;
    }
    completion_accepted(bench->completion, operation, sent_ns);
    return true;
}

static bool may_send(void *context)
{
    struct bench *bench = context;
    return completion_may_send(bench->completion);
}

static struct load load_of(struct bench *bench, unsigned clients)
{
    return (struct load){.endpoint = bench->fixture.requests,
                         .connections = clients,
                         .warm_up_seconds = bench->seconds * WARM_UP_SHARE,
                         .seconds = bench->seconds,
                         .request = write_request,
                         .context = bench};
}

static struct measurement measure_growing(struct bench *bench, unsigned clients)
{
    (void)clients;
    return disk_measure(bench->fixture.directory, false,
                        (unsigned)(bench->seconds * SYNCS_A_SECOND) + 1);
}

static struct measurement measure_written(struct bench *bench, unsigned clients)
{
    (void)clients;
    return disk_measure(bench->fixture.directory, true,
                        (unsigned)(bench->seconds * SYNCS_A_SECOND) + 1);
}

static struct measurement measure_echo_thin(struct bench *bench, unsigned clients)
{
    struct load load = load_of(bench, clients);
    return load_thin(&load);
}

static struct measurement measure_echo_req(struct bench *bench, unsigned clients)
{
    struct load load = load_of(bench, clients);
    return load_req(&load);
}

static struct measurement measure_accept_thin(struct bench *bench, unsigned clients)
{
    struct load load = load_of(bench, clients);
    load.reply = is_accepted;
    return load_thin(&load);
}

static struct measurement measure_accept_req(struct bench *bench, unsigned clients)
{
    struct load load = load_of(bench, clients);
    load.reply = is_accepted;
    return load_req(&load);
}

static struct measurement measure_accept_key(struct bench *bench, unsigned clients)
{
    request_prepare(&bench->fixture, 0, true, &bench->request);
    bench->request.first_key = bench->next_key;
    bench->next_key += 1000000000;
    struct measurement result = measure_accept_thin(bench, clients);
    request_prepare(&bench->fixture, 0, false, &bench->request);
    return result;
}

/* Exports somebody until the end of that is seen. */
static void settle(struct bench *bench)
{
    static struct raw_message request;
    static struct raw_message reply;
    struct raw_socket *socket = NULL;
    if (raw_open(RAW_REQUEST, bench->fixture.requests, &socket)) {
        measure_fail("settle");
    }
    const char *operation = NULL;
    for (unsigned i = 0; i < TRIES; i++) {
        request.size = request_write(&bench->request, i, request.bytes);
        if (raw_ask(socket, &request, FIXTURE_TIMEOUT_MS, &reply) ||
            !(operation = request_operation(reply.bytes, reply.size))) {
            measure_fail("settle");
        }
        if (completion_settle(bench->completion, operation, TRY_MS)) {
            raw_close(&socket);
            return;
        }
    }
    measure_fail("no operation is completed");
}

/* One client has one operation on the way at a time, sixteen have sixty-four. */
static struct measurement measure_complete(struct bench *bench, unsigned clients)
{
    struct load load = load_of(bench, clients);
    bench->completion =
        completion_new(bench->fixture.status, clients == 1 ? 1 : 64, &load.wake_descriptor);
    load.reply = is_accepted_and_watched;
    load.may_send = may_send;
    settle(bench);
    completion_begin(bench->completion, measure_now_ns() + (uint64_t)(load.warm_up_seconds * 1e9));
    (void)load_thin(&load);
    return completion_end(&bench->completion);
}

static void start_peer(struct bench *bench, const char *const arguments[])
{
    if (process_start(&(struct process_options){.arguments = arguments}, &bench->peer)) {
        measure_fail(arguments[1]);
    }
}

static void begin_nothing(struct bench *bench)
{
    (void)bench;
}

static void begin_echo(struct bench *bench)
{
    start_peer(bench,
               (const char *const[]){"/proc/self/exe", "--echo", bench->fixture.requests, NULL});
    struct raw_socket *socket = NULL;
    struct raw_message *message = calloc(1, sizeof(*message));
    if (!message || raw_open(RAW_REQUEST, bench->fixture.requests, &socket)) {
        measure_fail("echo");
    }
    raw_text(message, "ready?");
    int rc = -1;
    for (unsigned i = 0; i < TRIES && rc; i++) {
        rc = raw_ask(socket, message, TRY_MS, message);
    }
    if (rc) {
        measure_fail("echo");
    }
    raw_close(&socket);
    free(message);
}

/* Every round starts with an empty store. */
static void begin_daemon(struct bench *bench)
{
    char store[FIXTURE_PATH_BUFFER + 16];
    snprintf(store, sizeof(store), "%s/store", bench->fixture.directory);
    if (access(store, F_OK) == 0 && temporary_remove(store)) {
        measure_fail(store);
    }
    if (fixture_start_daemon(&bench->fixture)) {
        measure_fail("exportd");
    }
}

static void begin_no_op(struct bench *bench)
{
    begin_daemon(bench);
    char slots[16];
    snprintf(slots, sizeof(slots), "%d", SLOTS);
    start_peer(bench,
               (const char *const[]){"/proc/self/exe", "--worker", bench->fixture.jobs,
                                     bench->fixture.reports, bench->fixture.status, slots, NULL});
    if (fixture_wait_workers(&bench->fixture, 1, FIXTURE_TIMEOUT_MS)) {
        measure_fail("worker");
    }
}

static void begin_worker(struct bench *bench)
{
    begin_daemon(bench);
    if (fixture_start_worker(&bench->fixture, 0)) {
        measure_fail("export-worker");
    }
}

static void end_processes(struct bench *bench)
{
    process_release(&bench->peer);
    if (fixture_stop_worker(&bench->fixture, 0, SIGTERM) ||
        fixture_stop_daemon(&bench->fixture, SIGTERM)) {
        measure_fail("stop");
    }
}

enum stage { STAGE_DISK, STAGE_ECHO, STAGE_ACCEPT, STAGE_NO_OP, STAGE_WORKER, STAGE_COUNT };

static void (*const stage_begin[STAGE_COUNT])(struct bench *bench) = {
    begin_nothing, begin_echo, begin_daemon, begin_no_op, begin_worker};

struct plan {
    enum stage stage;
    unsigned clients;
    const char *name;
    const char *unit;
    const char *reference;
    struct measurement (*measure)(struct bench *bench, unsigned clients);
};

static const struct plan plans[] = {
    {STAGE_DISK, 1, "fdatasync, growing file", "syncs/s", NULL, measure_growing},
    {STAGE_DISK, 1, "fdatasync, written file", "syncs/s", NULL, measure_written},
    {STAGE_ECHO, 1, "echo, 1 thin REQ", "requests/s", NULL, measure_echo_thin},
    {STAGE_ECHO, 16, "echo, 16 thin REQ", "requests/s", NULL, measure_echo_thin},
    {STAGE_ECHO, 64, "echo, 64 thin REQ", "requests/s", NULL, measure_echo_thin},
    {STAGE_ECHO, 1, "echo, 1 libzmq REQ", "requests/s", NULL, measure_echo_req},
    {STAGE_ECHO, 16, "echo, 16 libzmq REQ", "requests/s", NULL, measure_echo_req},
    {STAGE_ECHO, 64, "echo, 64 libzmq REQ", "requests/s", NULL, measure_echo_req},
    {STAGE_ACCEPT, 1, "accept, 1 thin REQ", "accepts/s", "fdatasync, written file",
     measure_accept_thin},
    {STAGE_ACCEPT, 16, "accept, 16 thin REQ", "accepts/s", "echo, 16 thin REQ",
     measure_accept_thin},
    {STAGE_ACCEPT, 64, "accept, 64 thin REQ", "accepts/s", "echo, 64 thin REQ",
     measure_accept_thin},
    {STAGE_ACCEPT, 64, "accept with key, 64 thin REQ", "accepts/s", "accept, 64 thin REQ",
     measure_accept_key},
    {STAGE_ACCEPT, 1, "accept, 1 libzmq REQ", "accepts/s", "echo, 1 libzmq REQ",
     measure_accept_req},
    {STAGE_ACCEPT, 16, "accept, 16 libzmq REQ", "accepts/s", "echo, 16 libzmq REQ",
     measure_accept_req},
    {STAGE_ACCEPT, 64, "accept, 64 libzmq REQ", "accepts/s", "echo, 64 libzmq REQ",
     measure_accept_req},
    {STAGE_NO_OP, 1, "complete, no-op worker, one at a time", "operations/s", "accept, 1 thin REQ",
     measure_complete},
    {STAGE_NO_OP, 16, "complete, no-op worker, 64 on the way", "operations/s",
     "accept, 16 thin REQ", measure_complete},
    {STAGE_WORKER, 1, "complete, export-worker, one at a time", "operations/s",
     "complete, no-op worker, one at a time", measure_complete},
    {STAGE_WORKER, 16, "complete, export-worker, 64 on the way", "operations/s",
     "complete, no-op worker, 64 on the way", measure_complete},
};

#define PLAN_COUNT (sizeof(plans) / sizeof(plans[0]))

static void run_stage(struct bench *bench, enum stage stage, struct figure *figures)
{
    stage_begin[stage](bench);
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        if (plans[i].stage == stage) {
            figure_add(&figures[i], plans[i].measure(bench, plans[i].clients));
        }
    }
    end_processes(bench);
}

static int read_options(int argc, char *argv[], struct bench *bench)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0) {
            bench->rounds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            bench->seconds = strtod(argv[i + 1], NULL);
        } else {
            return -1;
        }
    }
    bool is_good = argc % 2 == 1 && bench->rounds >= 1 && bench->rounds <= MEASURE_ROUNDS &&
                   bench->seconds >= 0.01 && bench->seconds <= 600;
    return is_good ? 0 : -1;
}

static void make_fixture(struct bench *bench)
{
    const struct fixture_options options = {
        .people = {.tenant_count = 1, .profile_count = PEOPLE},
        .worker_count = 1,
        .slots = SLOTS,
        .is_tcp = true,
    };
    char *sources = NULL;
    if (fixture_make(&options, NULL, &bench->fixture) ||
        asprintf(&sources, empty_source, bench->fixture.directory) < 0) {
        measure_fail("fixture");
    }
    bench->fixture.options.sources = sources;
    if (fixture_configure(&bench->fixture)) {
        measure_fail("fixture");
    }
    bench->fixture.options.sources = NULL;
    free(sources);
    request_prepare(&bench->fixture, 0, false, &bench->request);
}

static struct bench bench = {.seconds = 1.5, .rounds = 5};
static struct figure figures[PLAN_COUNT];

/* Also when a measurement failed and ended the program. */
static void release(void)
{
    process_release(&bench.peer);
    fixture_release(&bench.fixture);
}

int main(int argc, char *argv[])
{
    if (peer_run(argc, argv) == 0) {
        return EXIT_SUCCESS;
    }
    if (read_options(argc, argv, &bench)) {
        (void)fprintf(stderr, "usage: bench_accept [--rounds 1..%d] [--seconds S]\n",
                      MEASURE_ROUNDS);
        return 2;
    }
    if (atexit(release)) {
        return EXIT_FAILURE;
    }
    make_fixture(&bench);
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        figures[i] = (struct figure){
            .name = plans[i].name, .unit = plans[i].unit, .reference = plans[i].reference};
    }
    for (unsigned round = 0; round < bench.rounds; round++) {
        for (int stage = 0; stage < STAGE_COUNT; stage++) {
            run_stage(&bench, (enum stage)stage, figures);
        }
        (void)fprintf(stderr, "round %u of %u\n", round + 1, bench.rounds);
    }
    figures_print(figures, PLAN_COUNT);
    return EXIT_SUCCESS;
}
