// SPDX-License-Identifier: MIT
#include "tests/bench/crowd.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/worker_wire.h"
#include "tests/bench/zmtp.h"

#define HEARTBEAT_NS 500000000U
#define REPEAT_NS    500000000U
#define LONGEST_NS   20000000U /* of a wait, so that the end is noticed */
#define POLL_NS      1000000U
#define UNRECORDED   64
#define REMEMBERED   16
#define EVENTS       256
#define NAME_BUFFER  32

enum channel { CHANNEL_JOBS, CHANNEL_REPORTS, CHANNEL_STATUS, CHANNEL_COUNT };

struct result {
    struct worker_job job;
    uint64_t repeat_ns;
};

struct worker;

struct end {
    struct worker *worker;
    enum channel channel;
    bool is_for_us; /* the topic of the notice that is being received */
    struct zmtp zmtp;
};

struct worker {
    struct crowd *crowd;
    char text[NAME_BUFFER];
    char instance[WORKER_ID_BUFFER];
    struct worker_name name;
    bool is_busy;
    struct worker_job job;
    uint64_t deadline_ns;
    uint64_t free_since_ns; /* 0 before the first end */
    struct result results[UNRECORDED];
    size_t result_count;
    int64_t ended[REMEMBERED]; /* fences */
    size_t ended_count;
    bool is_changed; /* a heartbeat is due whatever the time */
    uint64_t heartbeat_ns;
    struct end ends[CHANNEL_COUNT];
};

struct crowd {
    struct crowd_options options;
    pthread_t thread;
    int epoll;
    atomic_bool is_ending;
    atomic_ullong recorded;
    struct crowd_counts counts;
    struct samples gaps;
    uint64_t now_ns; /* of this turn */
    struct raw_message message;
    struct worker workers[];
};

static void say(struct worker *worker)
{
    const struct raw_message *message = &worker->crowd->message;
    zmtp_put(&worker->ends[CHANNEL_REPORTS].zmtp, message->bytes, message->size, false);
}

static void start(struct worker *worker, const struct worker_job *job)
{
    struct crowd *crowd = worker->crowd;
    uint64_t now = measure_now_ns();
    worker->is_busy = true;
    worker->job = *job;
    worker->deadline_ns = now + crowd->options.length_ns(crowd->options.context, job->user);
    worker->is_changed = true;
    worker_write_started(&crowd->message, &worker->name, job);
    say(worker);
    crowd->counts.started++;
    if (worker->free_since_ns) {
        samples_add(&crowd->gaps, now - worker->free_since_ns);
    }
    if (crowd->options.started) {
        crowd->options.started(crowd->options.context, job->operation, job->user, now);
    }
}

/* A fence that runs, waits to be recorded or has just ended is not run again. */
static bool is_known(const struct worker *worker, int64_t fence)
{
    bool is = worker->is_busy && worker->job.fence == fence;
    for (size_t i = 0; i < worker->result_count; i++) {
        is = is || worker->results[i].job.fence == fence;
    }
    for (size_t i = 0; i < REMEMBERED; i++) {
        is = is || worker->ended[i] == fence;
    }
    return is;
}

static void on_offer(struct worker *worker, const uint8_t *frame, size_t size)
{
    struct crowd *crowd = worker->crowd;
    struct worker_job job;
    if (!worker_read_job(frame, size, &job)) {
        measure_fail("job");
    }
    if (is_known(worker, job.fence)) {
        crowd->counts.repeated++;
        return;
    }
    if (worker->is_busy || worker->result_count == UNRECORDED) {
        worker_write_declined(&crowd->message, &worker->name, &job);
        say(worker);
        crowd->counts.declined++;
        return;
    }
    start(worker, &job);
}

static bool forget(struct worker *worker, int64_t fence)
{
    for (size_t i = 0; i < worker->result_count; i++) {
        if (worker->results[i].job.fence == fence) {
            worker->results[i] = worker->results[--worker->result_count];
            return true;
        }
    }
    return false;
}

static void on_recorded(void *context, int64_t fence)
{
    struct worker *worker = context;
    if (forget(worker, fence)) {
        worker->crowd->counts.recorded++;
        atomic_fetch_add(&worker->crowd->recorded, 1);
    }
}

static void on_superseded(void *context, int64_t fence)
{
    struct worker *worker = context;
    bool is_running = worker->is_busy && worker->job.fence == fence;
    if (forget(worker, fence) || is_running) {
        worker->crowd->counts.superseded++;
    }
    if (is_running) {
        worker->is_busy = false;
        worker->is_changed = true;
        worker->free_since_ns = 0;
    }
}

static void on_notice(struct worker *worker, const uint8_t *frame, size_t size)
{
    struct raw_message *message = &worker->crowd->message;
    raw_clear(message);
    raw_bytes(message, frame, size);
    worker_read_fences(message, "recorded", on_recorded, worker);
    worker_read_fences(message, "superseded", on_superseded, worker);
    worker_read_fences(message, "cancelled", on_superseded, worker);
}

/* Topic and notice, or an offer. A subscription is a prefix, so the topic is looked at. */
static void on_frame(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct end *end = context;
    struct worker *worker = end->worker;
    if (end->channel == CHANNEL_JOBS) {
        on_offer(worker, frame, size);
    } else if (has_more) {
        end->is_for_us = size == strlen("worker/") + strlen(worker->text) &&
                         memcmp(frame + strlen("worker/"), worker->text, strlen(worker->text)) == 0;
    } else if (end->is_for_us) {
        on_notice(worker, frame, size);
    }
}

/* What is told of it is told by on_time, in this turn. */
static void end_if_due(struct worker *worker)
{
    struct crowd *crowd = worker->crowd;
    if (!worker->is_busy || crowd->now_ns < worker->deadline_ns) {
        return;
    }
    worker->results[worker->result_count++] = (struct result){.job = worker->job};
    worker->ended[worker->ended_count++ % REMEMBERED] = worker->job.fence;
    worker->is_busy = false;
    worker->is_changed = true;
    worker->free_since_ns = crowd->now_ns;
    crowd->counts.ended++;
    crowd->counts.last_end_ns = crowd->now_ns;
}

/* Results before the heartbeat: a lease must not end before its result is told. */
static void on_time(struct worker *worker)
{
    struct crowd *crowd = worker->crowd;
    for (size_t i = 0; i < worker->result_count; i++) {
        struct result *result = &worker->results[i];
        if (crowd->now_ns >= result->repeat_ns) {
            worker_write_done(&crowd->message, &worker->name, &result->job);
            say(worker);
            result->repeat_ns = crowd->now_ns + REPEAT_NS;
        }
    }
    if (worker->is_changed || crowd->now_ns >= worker->heartbeat_ns) {
        worker_write_heartbeat(&crowd->message, &worker->name, 1, &worker->job.fence,
                               worker->is_busy ? 1 : 0);
        say(worker);
        worker->is_changed = false;
        worker->heartbeat_ns = crowd->now_ns + HEARTBEAT_NS;
    }
    zmtp_flush(&worker->ends[CHANNEL_REPORTS].zmtp);
}

static uint64_t wait_ns(const struct crowd *crowd)
{
    uint64_t now = measure_now_ns();
    uint64_t next = now + LONGEST_NS;
    for (unsigned i = 0; i < crowd->options.workers; i++) {
        const struct worker *worker = &crowd->workers[i];
        if (worker->is_busy && worker->deadline_ns < next) {
            next = worker->deadline_ns;
        }
        if (worker->heartbeat_ns < next) {
            next = worker->heartbeat_ns;
        }
    }
    return next > now ? next - now : 0;
}

/* Ends before offers: an offer is taken when the slot has just become free. */
static void turn(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    uint64_t wait = wait_ns(crowd);
    struct timespec timeout = {.tv_nsec = (long)wait};
    int count = epoll_pwait2(crowd->epoll, events, EVENTS, &timeout, NULL);
    if (count < 0 && errno != EINTR) {
        measure_fail("epoll");
    }
    crowd->now_ns = measure_now_ns();
    for (unsigned i = 0; i < crowd->options.workers; i++) {
        end_if_due(&crowd->workers[i]);
    }
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        zmtp_receive(&end->zmtp, on_frame, end);
    }
    for (unsigned i = 0; i < crowd->options.workers; i++) {
        on_time(&crowd->workers[i]);
    }
}

static void *run(void *argument)
{
    struct crowd *crowd = argument;
    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* or every end comes 50 us late */
    while (!atomic_load(&crowd->is_ending)) {
        turn(crowd);
    }
    return NULL;
}

static void open_end(struct worker *worker, enum channel channel, const char *endpoint,
                     const char *type)
{
    struct end *end = &worker->ends[channel];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    end->worker = worker;
    end->channel = channel;
    if (!zmtp_connect(&end->zmtp, endpoint, type) ||
        epoll_ctl(worker->crowd->epoll, EPOLL_CTL_ADD, end->zmtp.socket, &event)) {
        measure_fail(endpoint);
    }
}

static void open_worker(struct crowd *crowd, unsigned number)
{
    struct worker *worker = &crowd->workers[number];
    char topic[NAME_BUFFER + 16];
    worker->crowd = crowd;
    snprintf(worker->text, sizeof(worker->text), "crowd-%04u", number % CROWD_MOST);
    snprintf(worker->instance, sizeof(worker->instance), "c40d0000-0000-4000-8000-%012u", number);
    worker->name = (struct worker_name){worker->text, worker->instance};
    open_end(worker, CHANNEL_REPORTS, crowd->options.reports, "PUSH");
    open_end(worker, CHANNEL_STATUS, crowd->options.status, "SUB");
    open_end(worker, CHANNEL_JOBS, crowd->options.jobs, "PULL");
    int length = snprintf(topic, sizeof(topic), "\x01worker/%s", worker->text);
    zmtp_put(&worker->ends[CHANNEL_STATUS].zmtp, topic, (size_t)length, false);
    zmtp_flush(&worker->ends[CHANNEL_STATUS].zmtp);
}

struct crowd *crowd_open(const struct crowd_options *options)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd) + options->workers * sizeof(struct worker));
    if (!crowd || options->workers > CROWD_MOST) {
        measure_fail("crowd");
    }
    crowd->options = *options;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->epoll < 0) {
        measure_fail("epoll");
    }
    for (unsigned i = 0; i < options->workers; i++) {
        open_worker(crowd, i);
    }
    return crowd;
}

void crowd_begin(struct crowd *crowd)
{
    crowd->counts.begun_ns = crowd->now_ns = measure_now_ns();
    if (pthread_create(&crowd->thread, NULL, run, crowd)) {
        measure_fail("thread");
    }
}

bool crowd_wait(struct crowd *crowd, uint64_t recorded, double seconds)
{
    uint64_t deadline = measure_now_ns() + (uint64_t)(seconds * 1e9);
    while (atomic_load(&crowd->recorded) < recorded) {
        if (measure_now_ns() >= deadline) {
            return false;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    return true;
}

struct crowd_counts crowd_close(struct crowd **closed, struct samples *gaps)
{
    struct crowd *crowd = *closed;
    *closed = NULL;
    atomic_store(&crowd->is_ending, true);
    pthread_join(crowd->thread, NULL);
    for (unsigned i = 0; i < crowd->options.workers; i++) {
        for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
            zmtp_close(&crowd->workers[i].ends[channel].zmtp);
        }
    }
    close(crowd->epoll);
    struct crowd_counts counts = crowd->counts;
    if (gaps) {
        *gaps = crowd->gaps;
    } else {
        samples_release(&crowd->gaps);
    }
    free(crowd);
    return counts;
}
