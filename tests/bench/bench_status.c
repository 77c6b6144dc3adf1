// SPDX-License-Identifier: MIT
/* bench_status [--quick] [--rounds N] [--seconds S]: status events that reach 100 subscribers which
 * want all of them, beside a bare libzmq XPUB that sends messages of the same bytes to 100 as fast
 * as they take them. A played worker reports the progress of 64 gatherings as fast as exportd reads
 * it, so every event is decoded, decided, encoded and sent; what a full subscriber misses does not
 * count. Prints a table of tab-separated fields. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/bed.h"
#include "tests/bench/options.h"
#include "tests/bench/peer.h"
#include "tests/bench/submit.h"
#include "tests/bench/subscribers.h"
#include "tests/bench/worker_wire.h"
#include "tests/bench/zmtp.h"

#define SUBSCRIBERS   100
#define GATHERINGS    64
#define HEARTBEAT_NS  500000000U
#define WARM_UP_SHARE 0.5
#define TRIES         1000
#define TRY_US        10000

static const struct worker_name name = {"bench", "be4c4000-0000-4000-8000-000000000001"};

struct teller {
    struct zmtp jobs;
    struct zmtp reports;
    struct worker_job gatherings[GATHERINGS];
    size_t count;
    uint64_t told;
    uint64_t heartbeat_ns;
    struct raw_message message;
};

enum row { ROW_BARE, ROW_OURS, ROW_LEAST, ROW_BYTES, ROW_COUNT };

static struct bed bed;
static struct figure figures[ROW_COUNT] = {
    [ROW_BARE] = {.name = "bare XPUB, 100 subscribers", .unit = "deliveries/s"},
    [ROW_OURS] = {.name = "status, 100 subscribers",
                  .unit = "deliveries/s",
                  .reference = "bare XPUB, 100 subscribers",
                  .goal = 0.5,
                  .goal_kind = GOAL_RATIO_AT_LEAST},
    [ROW_LEAST] = {.name = "status, the subscriber that got fewest", .unit = "events/s"},
    [ROW_BYTES] = {.name = "status, bytes of topic and event", .unit = "bytes"},
};

static void say(struct teller *teller)
{
    zmtp_put(&teller->reports, teller->message.bytes, teller->message.size, false);
}

static void on_job(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct teller *teller = context;
    struct worker_job job;
    if (has_more || teller->count == GATHERINGS || !worker_read_job(frame, size, &job)) {
        measure_fail("job");
    }
    teller->gatherings[teller->count++] = job;
    worker_write_started(&teller->message, &name, &job);
    say(teller);
}

static void ignore(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    (void)context;
    (void)frame;
    (void)size;
    (void)has_more;
}

static void heartbeat(struct teller *teller)
{
    int64_t fences[GATHERINGS];
    uint64_t now = measure_now_ns();
    if (now < teller->heartbeat_ns) {
        return;
    }
    for (size_t i = 0; i < teller->count; i++) {
        fences[i] = teller->gatherings[i].fence;
    }
    worker_write_heartbeat(&teller->message, &name, GATHERINGS, fences, (uint32_t)teller->count);
    say(teller);
    zmtp_flush(&teller->reports);
    zmtp_receive(&teller->reports, ignore, NULL); /* the daemon asks whether we live */
    zmtp_receive(&teller->jobs, on_job, teller);
    teller->heartbeat_ns = now + HEARTBEAT_NS;
}

static uint64_t number_of(const void *context, uint64_t i)
{
    (void)context;
    return i;
}

/* Takes on so many gatherings, none of which ends. */
static void begin(struct teller *teller)
{
    if (!zmtp_connect(&teller->reports, bed.fixture.reports, "PUSH") ||
        !zmtp_connect(&teller->jobs, bed.fixture.jobs, "PULL")) {
        measure_fail("worker");
    }
    heartbeat(teller);
    submit(bed.fixture.requests, &bed.request, GATHERINGS, number_of, NULL);
    for (unsigned i = 0; teller->count < GATHERINGS; i++) {
        struct pollfd item = {.fd = teller->jobs.socket, .events = POLLIN};
        if (i == TRIES) {
            measure_fail("not every operation was offered");
        }
        (void)poll(&item, 1, TRY_US / 1000);
        zmtp_receive(&teller->jobs, on_job, teller);
        zmtp_flush(&teller->reports);
        heartbeat(teller);
    }
}

static void tell_until(struct teller *teller, uint64_t end_ns)
{
    while (measure_now_ns() < end_ns) {
        for (size_t i = 0; i < teller->count; i++, teller->told++) {
            worker_write_progress(&teller->message, &name, &teller->gatherings[i], teller->told);
            say(teller);
        }
        heartbeat(teller);
    }
}

/* While nothing is told, until each of them has what was sent to it. */
static void wait_subscribed(struct subscribers *subscribers, struct teller *teller)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (teller) {
            tell_until(teller, measure_now_ns());
            worker_write_progress(&teller->message, &name, &teller->gatherings[0], teller->told++);
            say(teller);
            zmtp_flush(&teller->reports);
        }
        usleep(TRY_US);
        if (subscribers_take(subscribers).least > 0) {
            return;
        }
    }
    measure_fail("not every subscriber hears something");
}

static void measure_ours(double seconds)
{
    struct teller *teller = calloc(1, sizeof(*teller));
    if (!teller) {
        measure_fail("worker");
    }
    bed_start_daemon(&bed);
    begin(teller);
    struct subscribers *subscribers = subscribers_open(bed.fixture.status, SUBSCRIBERS);
    wait_subscribed(subscribers, teller);
    tell_until(teller, measure_now_ns() + (uint64_t)(seconds * WARM_UP_SHARE * 1e9));
    (void)subscribers_take(subscribers);
    uint64_t begun = measure_now_ns();
    tell_until(teller, begun + (uint64_t)(seconds * 1e9));
    struct subscribers_counts counts = subscribers_take(subscribers);
    double passed = (double)(measure_now_ns() - begun) / 1e9;
    double messages = (double)counts.messages;
    figure_add(&figures[ROW_OURS], (struct measurement){.value = messages / passed});
    figure_add(&figures[ROW_LEAST], (struct measurement){.value = (double)counts.least / passed});
    figure_add(&figures[ROW_BYTES],
               (struct measurement){.value = (double)(counts.topic_bytes + counts.event_bytes) /
                                             messages});
    subscribers_close(&subscribers);
    zmtp_close(&teller->jobs);
    zmtp_close(&teller->reports);
    bed_stop(&bed);
    free(teller);
}

/* The topic is an id; the rest is the event. */
static void measure_bare(double seconds)
{
    char topic[16];
    char event[16];
    const unsigned id_bytes = WORKER_ID_BUFFER - 1;
    snprintf(topic, sizeof(topic), "%u", id_bytes);
    snprintf(event, sizeof(event), "%.0f", figure_median(&figures[ROW_BYTES]) - id_bytes);
    const char *const arguments[] = {
        "/proc/self/exe", "--publish", bed.fixture.status, topic, event, NULL};
    if (process_start(&(struct process_options){.arguments = arguments}, &bed.peer)) {
        measure_fail("publisher");
    }
    struct zmtp *probe = calloc(1, sizeof(*probe));
    unsigned tries = 0;
    while (!probe || !zmtp_connect(probe, bed.fixture.status, "SUB")) {
        if (!probe || ++tries == TRIES) {
            measure_fail("publisher");
        }
        usleep(TRY_US);
    }
    zmtp_close(probe);
    free(probe);
    struct subscribers *subscribers = subscribers_open(bed.fixture.status, SUBSCRIBERS);
    wait_subscribed(subscribers, NULL);
    usleep((useconds_t)(seconds * WARM_UP_SHARE * 1e6));
    (void)subscribers_take(subscribers);
    uint64_t begun = measure_now_ns();
    usleep((useconds_t)(seconds * 1e6));
    double messages = (double)subscribers_take(subscribers).messages;
    double passed = (double)(measure_now_ns() - begun) / 1e9;
    figure_add(&figures[ROW_BARE], (struct measurement){.value = messages / passed});
    subscribers_close(&subscribers);
    process_release(&bed.peer);
}

int main(int argc, char *argv[])
{
    struct options options = {.rounds = 5, .seconds = 1.5, .quick_seconds = 0.5};
    if (peer_run(argc, argv) == 0) {
        return EXIT_SUCCESS;
    }
    options_read(&options, argc, argv, NULL);
    bed_make(&bed);
    for (unsigned round = 0; round < options.rounds; round++) {
        measure_ours(options.seconds);
        measure_bare(options.seconds);
        (void)fprintf(stderr, "round %u of %u\n", round + 1, options.rounds);
    }
    figures_print(figures, ROW_COUNT);
    return EXIT_SUCCESS;
}
