// SPDX-License-Identifier: MIT
#include "tests/bench/bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/journey.h"
#include "tests/bench/load.h"
#include "tests/bench/usage.h"
#include "tests/support/temporary.h"

#define WARM_UP_SHARE 0.3
#define TRIES         100
#define TRY_MS        100
#define A_ROUND       1000000000U /* keys */
#define A_BURST       131072 /* operations that may wait for the view (store.overlay_operations) */
/* Computing so little in that time is resting; the daemon begins to catch up after 100 ms. */
#define REST_US      250000
#define REST_SECONDS 0.01

static const char empty_source[] =
    "  - name: nothing\n"
    "    kind: sqlite\n"
    "    database: '%s/mailbox.db'\n"
    "    statement: >-\n"
    "      SELECT id FROM messages WHERE tenant_id = :tenant_id AND owner = :user_id\n";

static struct bed *made;

static void release(void)
{
    process_release(&made->peer);
    fixture_release(&made->fixture);
}

void bed_make(struct bed *bed)
{
    const struct fixture_options options = {
        .people = {.tenant_count = 1, .profile_count = BED_PEOPLE},
        .worker_count = 1,
        .slots = BED_SLOTS,
        .is_tcp = true,
    };
    char *sources = NULL;
    made = bed;
    if (atexit(release) || fixture_make(&options, NULL, &bed->fixture) ||
        asprintf(&sources, empty_source, bed->fixture.directory) < 0) {
        measure_fail("fixture");
    }
    bed->fixture.options.sources = sources;
    if (fixture_configure(&bed->fixture)) {
        measure_fail("fixture");
    }
    bed->fixture.options.sources = NULL;
    free(sources);
    request_prepare(&bed->fixture, 0, false, &bed->request);
}

void bed_start_echo(struct bed *bed)
{
    const char *const arguments[] = {"/proc/self/exe", "--echo", bed->fixture.requests, NULL};
    struct raw_socket *socket = NULL;
    struct raw_message *message = calloc(1, sizeof(*message));
    if (!message || process_start(&(struct process_options){.arguments = arguments}, &bed->peer) ||
        raw_open(RAW_REQUEST, bed->fixture.requests, &socket)) {
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

void bed_start_daemon(struct bed *bed)
{
    char store[FIXTURE_PATH_BUFFER + 16];
    snprintf(store, sizeof(store), "%s/store", bed->fixture.directory);
    if ((access(store, F_OK) == 0 && temporary_remove(store)) ||
        fixture_start_daemon(&bed->fixture)) {
        measure_fail("exportd");
    }
}

void bed_start_worker(struct bed *bed)
{
    if (fixture_start_worker(&bed->fixture, 0)) {
        measure_fail("export-worker");
    }
}

void bed_stop(struct bed *bed)
{
    process_release(&bed->peer);
    if (fixture_stop_worker(&bed->fixture, 0, SIGTERM) ||
        fixture_stop_daemon(&bed->fixture, SIGTERM)) {
        measure_fail("stop");
    }
}

static size_t write_request(void *context, uint64_t number, uint8_t *buffer)
{
    const struct bed *bed = context;
    return request_write(&bed->request, number, buffer);
}

static bool is_accepted(void *context, const uint8_t *reply, size_t size, uint64_t sent_ns)
{
    (void)context;
    (void)sent_ns;
    return request_is_accepted(reply, size);
}

static struct load load_of(struct bed *bed, unsigned clients)
{
    return (struct load){.endpoint = bed->fixture.requests,
                         .connections = clients,
                         .warm_up_seconds = bed->seconds * WARM_UP_SHARE,
                         .seconds = bed->seconds,
                         .request = write_request,
                         .context = bed};
}

struct measurement bed_echo(struct bed *bed, unsigned clients)
{
    struct load load = load_of(bed, clients);
    return load_thin(&load);
}

struct measurement bed_echo_req(struct bed *bed, unsigned clients)
{
    struct load load = load_of(bed, clients);
    return load_req(&load);
}

/* Waits until the daemon, which nobody asks anything, has nothing left to do. */
static void rest(const struct bed *bed)
{
    double before;
    double after = usage_computed_seconds(bed->fixture.daemon.pid);
    do {
        before = after;
        (void)usleep(REST_US);
        after = usage_computed_seconds(bed->fixture.daemon.pid);
    } while (after - before > REST_SECONDS);
}

static struct measurement accept(struct bed *bed, unsigned clients)
{
    struct load load = load_of(bed, clients);
    load.reply = is_accepted;
    return load_thin(&load);
}

struct measurement bed_accept(struct bed *bed, unsigned clients)
{
    rest(bed);
    return accept(bed, clients);
}

struct measurement bed_accept_beyond(struct bed *bed, unsigned clients)
{
    double accepted = 0;
    while (accepted < A_BURST) {
        accepted += accept(bed, clients).value * bed->seconds;
    }
    return accept(bed, clients);
}

struct measurement bed_accept_req(struct bed *bed, unsigned clients)
{
    struct load load = load_of(bed, clients);
    load.reply = is_accepted;
    rest(bed);
    return load_req(&load);
}

struct measurement bed_accept_key(struct bed *bed, unsigned clients)
{
    request_prepare(&bed->fixture, 0, true, &bed->request);
    bed->request.first_key = bed->next_key;
    bed->next_key += A_ROUND;
    struct measurement result = bed_accept(bed, clients);
    request_prepare(&bed->fixture, 0, false, &bed->request);
    return result;
}

struct measurement bed_complete(struct bed *bed, unsigned clients)
{
    const struct journey journey = {.requests = bed->fixture.requests,
                                    .jobs = bed->fixture.jobs,
                                    .reports = bed->fixture.reports,
                                    .status = bed->fixture.status,
                                    .producers = clients,
                                    .window = clients == 1 ? 1 : 4 * clients,
                                    .slots = BED_SLOTS,
                                    .warm_up_seconds = bed->seconds * WARM_UP_SHARE,
                                    .seconds = bed->seconds,
                                    .request = write_request,
                                    .context = bed};
    return journey_measure(&journey);
}
