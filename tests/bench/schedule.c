// SPDX-License-Identifier: MIT
#include "tests/bench/schedule.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <zmq.h>

#include "tests/bench/measure.h"

#define HIGH_WATER_MARK 1000
#define SOCKETS_MOST    2048
#define STACK_BYTES     262144

void schedule_make(struct schedule *schedule, size_t count, uint64_t short_ns, uint64_t seed)
{
    *schedule = (struct schedule){.count = count, .short_ns = short_ns};
    schedule->is_long = calloc(count, sizeof(*schedule->is_long));
    if (!schedule->is_long) {
        measure_fail("schedule");
    }
    for (size_t i = 0; i < count * SCHEDULE_LONG_PERCENT / 100; i++) {
        schedule->is_long[i] = true;
    }
    for (size_t i = count; i > 1; i--) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t other = (size_t)((seed >> 33) % i);
        bool is_long = schedule->is_long[i - 1];
        schedule->is_long[i - 1] = schedule->is_long[other];
        schedule->is_long[other] = is_long;
    }
}

void schedule_release(struct schedule *schedule)
{
    free(schedule->is_long);
    *schedule = (struct schedule){0};
}

uint64_t schedule_length_ns(const struct schedule *schedule, size_t job)
{
    return schedule->short_ns * (schedule->is_long[job] ? SCHEDULE_LONG_TIMES : 1);
}

uint64_t schedule_ideal_ns(const struct schedule *schedule, unsigned workers)
{
    uint64_t *free_ns = calloc(workers, sizeof(*free_ns));
    uint64_t end_ns = 0;
    if (!free_ns) {
        measure_fail("schedule");
    }
    for (size_t job = 0; job < schedule->count; job++) {
        unsigned first = 0;
        for (unsigned i = 1; i < workers; i++) {
            first = free_ns[i] < free_ns[first] ? i : first;
        }
        free_ns[first] += schedule_length_ns(schedule, job);
        end_ns = free_ns[first] > end_ns ? free_ns[first] : end_ns;
    }
    free(free_ns);
    return end_ns;
}

struct puller {
    pthread_t thread;
    void *socket;
    uint64_t end_ns; /* of its last job */
};

/* Until an empty message. */
static void *pull(void *argument)
{
    struct puller *puller = argument;
    uint64_t length_ns = 0;
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    while (zmq_recv(puller->socket, &length_ns, sizeof(length_ns), 0) == sizeof(length_ns)) {
        uint64_t end = measure_now_ns() + length_ns;
        struct timespec until = {.tv_sec = (time_t)(end / 1000000000U),
                                 .tv_nsec = (long)(end % 1000000000U)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
        }
        puller->end_ns = measure_now_ns();
    }
    return NULL;
}

static void *open_socket(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    int mark = HIGH_WATER_MARK;
    if (!socket || zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof(mark)) ||
        zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof(mark))) {
        measure_fail("plain PUSH");
    }
    return socket;
}

/* PUSH connects, so that it knows all of them before it deals the first job. */
static void open_puller(void *context, void *push, struct puller *puller)
{
    char endpoint[64];
    size_t size = sizeof(endpoint);
    pthread_attr_t attributes;
    puller->socket = open_socket(context, ZMQ_PULL);
    if (zmq_bind(puller->socket, "tcp://127.0.0.1:*") ||
        zmq_getsockopt(puller->socket, ZMQ_LAST_ENDPOINT, endpoint, &size) ||
        zmq_connect(push, endpoint) || pthread_attr_init(&attributes) ||
        pthread_attr_setstacksize(&attributes, STACK_BYTES) ||
        pthread_create(&puller->thread, &attributes, pull, puller)) {
        measure_fail("plain PUSH");
    }
    pthread_attr_destroy(&attributes);
}

uint64_t schedule_plain_push_ns(const struct schedule *schedule, unsigned workers)
{
    void *context = zmq_ctx_new();
    struct puller *pullers = calloc(workers, sizeof(*pullers));
    uint64_t last_ns = 0;
    if (!context || !pullers || zmq_ctx_set(context, ZMQ_MAX_SOCKETS, SOCKETS_MOST)) {
        measure_fail("plain PUSH");
    }
    void *push = open_socket(context, ZMQ_PUSH);
    for (unsigned i = 0; i < workers; i++) {
        open_puller(context, push, &pullers[i]);
    }
    uint64_t begun_ns = measure_now_ns();
    for (size_t job = 0; job < schedule->count + workers; job++) {
        uint64_t length = job < schedule->count ? schedule_length_ns(schedule, job) : 0;
        if (zmq_send(push, &length, job < schedule->count ? sizeof(length) : 0, 0) < 0) {
            measure_fail("plain PUSH");
        }
    }
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(pullers[i].thread, NULL);
        zmq_close(pullers[i].socket);
        last_ns = pullers[i].end_ns > last_ns ? pullers[i].end_ns : last_ns;
    }
    zmq_close(push);
    zmq_ctx_term(context);
    free(pullers);
    return last_ns - begun_ns;
}
