// SPDX-License-Identifier: MIT
#include "tests/simulation/worker_actor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/worker_process.h"

#define MAXIMUM_WORKERS 6
#define RESTART_MS      1500

struct workers_options process_options;
static struct process processes[MAXIMUM_WORKERS];

static void serve(void *owner, int64_t number);
static void start(void *owner, int64_t life);

void process_wake(struct process *process, int64_t delay_ms)
{
    int64_t at_ms = clock_now_ms() + delay_ms;

    if (at_ms < process->wake_at_ms) {
        process->wake_at_ms = at_ms;
        agenda_add(delay_ms, serve, process, ++process->wake_number);
    }
}

static void receive(struct process *process, bool is_notice, struct text payload)
{
    struct process_message *message = &process->messages[process->message_count++];

    assert(process->message_count < PROCESS_MESSAGES);
    message->is_notice = is_notice;
    message->size_bytes = payload.size_bytes;
    message->bytes = malloc(payload.size_bytes + 1);
    assert(message->bytes);
    memcpy(message->bytes, payload.data, payload.size_bytes);
    process_wake(process, random_between(0, 1));
}

static void receive_job(void *owner, struct text topic, struct text payload)
{
    (void)topic;
    receive(owner, false, payload);
}

static void receive_notice(void *owner, struct text topic, struct text payload)
{
    struct process *process = owner;

    if (topic.size_bytes == 7 + strlen(process->name)) {
        receive(process, true, payload);
    }
}

static void forget_messages(struct process *process)
{
    for (size_t i = 0; i < process->message_count; i++) {
        free(process->messages[i].bytes);
    }
    for (size_t i = 0; i < process->ended_count; i++) {
        free(process->ended[i].report);
    }
    process->message_count = process->ended_count = process->found_count = 0;
}

static void open_links(struct process *process)
{
    char topic[32];

    snprintf(topic, sizeof topic, "worker/%s", process->name);
    process->jobs = link_open(LINK_JOBS, process, receive_job);
    process->reports = link_open(LINK_REPORTS, process, receive_job);
    process->status = link_open(LINK_STATUS, process, receive_notice);
    link_subscribe(process->status, topic);
}

static void start(void *owner, int64_t life)
{
    struct process *process = owner;
    int rc;

    if (process->is_running || process->life != life) {
        return;
    }
    process->is_running = true;
    process->life++;
    process->wake_at_ms = INT64_MAX;
    process->stalled_until_ms = 0;
    process->began_ms = clock_now_ms();
    process->settings = (struct settings){.slots = (int)process_options.slots,
                                          .heartbeat_interval_ms = 200,
                                          .repeat_interval_ms = 200,
                                          .attempt_ms = 20000,
                                          .sweep_interval_ms = 5000,
                                          .drain_ms = 7000};
    snprintf(process->settings.name, sizeof process->settings.name, "%s", process->name);
    random_bytes(process->settings.instance.bytes, UUID_BYTES);
    open_links(process);
    rc = worker_open(&process->worker, process, &process->settings, process);
    assert(rc == 0);
    trace_line(process->name, "starts");
    process_wake(process, 1);
}

/* Nothing of the process is left but what it published. */
static void bury(struct process *process)
{
    process->is_running = false;
    process->life++;
    for (size_t i = 0; i < PROCESS_SLOTS; i++) {
        process->gatherings[i].number++;
    }
    link_close(process->jobs);
    link_close(process->reports);
    link_close(process->status);
    process->jobs = process->reports = process->status = NULL;
    worker_close(&process->worker);
    forget_messages(process);
}

static void begin_again(struct process *process)
{
    agenda_add(random_between(1, RESTART_MS), start, process, process->life);
}

void process_kill(struct process *process)
{
    if (process->is_running) {
        trace_line(process->name, "is killed");
        bury(process);
        begin_again(process);
    }
}

/* The order of control.c: ends, what was found, notices, offers, then what is due. */
static void take_turn(struct process *process)
{
    struct worker *worker = &process->worker;
    struct bundle_identity bundle;
    struct mono now = {clock_now_ms()};
    struct wall wall = {clock_wall_ms()};

    for (size_t i = 0; i < process->ended_count; i++) {
        worker_on_end(worker, &process->ended[i].end, process->ended[i].report,
                      process->ended[i].report_bytes, now);
    }
    while (sweeper_found(&worker->sweeper, &bundle)) {
        verdicts_ask(worker, &bundle);
    }
    for (size_t i = 0; i < process->message_count; i++) {
        if (process->messages[i].is_notice) {
            verdicts_receive(worker, process->messages[i].bytes, process->messages[i].size_bytes);
        }
    }
    for (size_t i = 0; i < process->message_count; i++) {
        if (!process->messages[i].is_notice) {
            worker_on_offer(worker, process->messages[i].bytes, process->messages[i].size_bytes,
                            now, wall);
        }
    }
    forget_messages(process);
    worker_on_time(worker, now);
}

static void tell_progress(struct process *process)
{
    for (int i = 0; i < process->settings.slots; i++) {
        struct gathering *gathering = &process->gatherings[i];
        int64_t length_ms = gathering->ends_ms - gathering->began_ms;
        if (process->worker.slots[i].is_busy && length_ms > 0) {
            int64_t share = (clock_now_ms() - gathering->began_ms) * 9900 / length_ms;
            atomic_store(&process->worker.slots[i].progress.hundredths,
                         share > 9900 ? 9900 : (int)share);
        }
    }
}

static void serve(void *owner, int64_t number)
{
    struct process *process = owner;
    struct mono now = {clock_now_ms()};
    int wait_ms;

    if (!process->is_running || process->wake_number != number) {
        return;
    }
    process->wake_at_ms = INT64_MAX;
    if (process->stalled_until_ms > now.ms) {
        process_wake(process, process->stalled_until_ms - now.ms);
        return;
    }
    tell_progress(process);
    take_turn(process);
    if (worker_is_finished(&process->worker, now)) {
        trace_line(process->name, "has stopped");
        bury(process);
        begin_again(process);
        return;
    }
    wait_ms = worker_wait_ms(&process->worker, now);
    process_wake(process, wait_ms > 0 ? wait_ms : 1);
}

void workers_reset(const struct workers_options *options)
{
    process_options = *options;
    assert(options->count <= MAXIMUM_WORKERS && options->slots <= PROCESS_SLOTS);
    for (unsigned i = 0; i < MAXIMUM_WORKERS; i++) {
        struct process *process = &processes[i];
        process->number = i;
        process->life++;
        snprintf(process->name, sizeof process->name, "worker-%u", i);
    }
}

void workers_release(void)
{
    for (unsigned i = 0; i < MAXIMUM_WORKERS; i++) {
        if (processes[i].is_running) {
            bury(&processes[i]);
        }
    }
}

void workers_start(void)
{
    for (unsigned i = 0; i < process_options.count; i++) {
        agenda_add(random_between(0, 20), start, &processes[i], processes[i].life);
    }
}

static struct process *any(void)
{
    struct process *process = &processes[random_below(process_options.count)];

    return process->is_running ? process : NULL;
}

void workers_kill_any(void)
{
    struct process *process = any();

    if (process) {
        process_kill(process);
    }
}

void workers_stall_any(int64_t for_ms)
{
    struct process *process = any();

    if (process) {
        trace_line(process->name, "stalls for %lld ms", (long long)for_ms);
        process->stalled_until_ms = clock_now_ms() + for_ms;
    }
}

void workers_terminate_any(void)
{
    struct process *process = any();

    if (process && process->stalled_until_ms <= clock_now_ms()) {
        trace_line(process->name, "is told to stop");
        worker_on_signal(&process->worker, (struct mono){clock_now_ms()});
        process_wake(process, 0);
    }
}

size_t workers_unrecorded(void)
{
    size_t unrecorded = 0;

    for (unsigned i = 0; i < process_options.count; i++) {
        unrecorded += processes[i].is_running ? processes[i].worker.results.count : 0;
    }
    return unrecorded;
}

bool workers_are_gathering(void)
{
    for (unsigned i = 0; i < process_options.count; i++) {
        for (unsigned slot = 0; slot < process_options.slots && processes[i].is_running; slot++) {
            if (processes[i].worker.slots[slot].is_busy) {
                return true;
            }
        }
    }
    return false;
}
